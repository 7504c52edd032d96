import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { Json } from '@santokit/bridge/manifest'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import { clientTypes } from './client-types.ts'
import type { Callable } from './callables.ts'
import { typeOfSchema } from './type-of-schema.ts'

const CLIENT = fileURLToPath(new URL('../../../client/src/index.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'santokit-types-'))
afterAll(() => rmSync(folder, { recursive: true }))

const options: ts.CompilerOptions = {
  strict: true, exactOptionalPropertyTypes: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], allowImportingTsExtensions: true, skipLibCheck: true, types: [], paths: { '@santokit/client': [CLIENT] },
}

/** Parses what never changes, TypeScript's own library above all, once. */
const host = ts.createCompilerHost(options)
const parsed = new Map<string, ts.SourceFile | undefined>()
const { getSourceFile } = host
host.getSourceFile = (name, ...how) => {
  if (name.startsWith(folder)) return getSourceFile(name, ...how)
  const file = parsed.get(name) ?? getSourceFile(name, ...how)
  parsed.set(name, file)
  return file
}

/** What TypeScript says of `code` beside the generated declarations. */
function compile(declarations: string, code: string): readonly string[] {
  const [types, use] = [join(folder, 'santokit-env.d.ts'), join(folder, 'use.ts')]
  writeFileSync(types, declarations)
  writeFileSync(use, code)
  const program = ts.createProgram([types, use], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start, file }) =>
    `${file === undefined || start === undefined ? '' : `${file.getLineAndCharacterOfPosition(start).line + 1}: `}${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

const logic: readonly Callable[] = [
  { path: 'health', params: { type: 'object', properties: {}, additionalProperties: false }, returns: { type: 'string' } },
  {
    path: 'orders/list', description: 'What a caller ordered. */ newest first',
    params: { type: 'object', properties: { status: { type: 'string', enum: ['open', 'paid'] }, limit: { type: 'integer', description: 'At most.' } }, additionalProperties: false },
    returns: { type: 'array', items: { type: 'object' } },
  },
  {
    path: 'orders/place', params: { type: 'object', properties: { lines: { type: 'array', items: { type: 'object', properties: { id: { type: 'integer' }, note: { type: ['string', 'null'] } }, required: ['id'] } } }, required: ['lines'] },
    returns: { type: 'object', properties: { id: { type: 'string' }, total: { anyOf: [{ type: 'number' }, { type: 'null' }] } }, required: ['id', 'total'] },
  },
  { path: 'orders', params: { type: 'object', properties: { 'since-when': { type: 'string' } }, required: ['since-when'] }, returns: { type: 'integer' } },
  { path: 'stock-take/run', params: { type: 'object' }, returns: {} },
]

const text = clientTypes([{ name: 'shop', logic }])

test('calls are typed by name, params and result', () => {
  expect(compile(text, `
    import { createClient } from '@santokit/client'
    const stk = createClient({ baseUrl: 'http://x' })
    const rows = await stk.orders.list()
    rows[0]?.['anything']
    await stk.orders.list({ status: 'open', limit: 5 }, { signal: new AbortController().signal })
    const { id, total } = await stk.orders.place({ lines: [{ id: 1, note: null }, { id: 2 }] })
    id.toUpperCase(); total?.toFixed(2)
    const count: number = await stk.orders({ 'since-when': 'monday' })
    const state: string = await stk.health()
    await stk['stock-take'].run({ anything: 1 })
    await stk.$call('orders/list', { limit: 1 })
    export { count, state }
  `)).toEqual([])
})

test.each([
  ['an unknown logic', 'stk.orders.lsit()', /lsit/],
  ['an unknown param', 'stk.orders.list({ stat: 1 })', /stat/],
  ['a value out of an enum', "stk.orders.list({ status: 'lost' })", /"lost"/],
  ['a missing param', 'stk.orders.place({})', /lines/],
  ['no params where some are needed', 'stk.orders.place()', /Expected 1-2 arguments/],
  ['a param where there is none', 'stk.health({ a: 1 })', /number.*never|never/],
  ['a result that is used as another', 'const n: number = await stk.health()', /string.*number/],
])('%s is an error', (_, use, message) => {
  const errors = compile(text, `import { createClient } from '@santokit/client'\nconst stk = createClient({ baseUrl: 'http://x' })\n${use.startsWith('const') ? use : `await ${use}`}\nexport {}\n`)
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatch(message)
})

test('with several projects the client asks which one', () => {
  const two = clientTypes([{ name: 'shop', logic }, { name: 'my links', logic: logic.slice(0, 1) }])
  expect(compile(two, `import { createClient } from '@santokit/client'\nawait createClient<'shop'>({ baseUrl: 'http://x' }).orders.list()\nawait createClient<'my links'>({ baseUrl: 'http://x' }).health()\n`)).toEqual([])
  const [error] = compile(two, `import { createClient } from '@santokit/client'\nawait createClient({ baseUrl: 'http://x' }).orders.list()\nexport {}\n`)
  expect(error).toContain('Several projects are known')
})

test('without types everything may be called', () => {
  expect(compile('export {}\n', `import { createClient } from '@santokit/client'\nconst x: unknown = await createClient({ baseUrl: 'http://x' }).orders.list({ a: 1 })\nexport { x }\n`)).toEqual([])
})

test('the same logic gives the same text, in any order of projects', () => {
  const a = { name: 'a', logic }
  const b = { name: 'b', logic: [] }
  expect(clientTypes([a, b])).toBe(clientTypes([b, a]))
})

const place = { side: 'result', indent: '', document: { $defs: { id: { type: 'string' }, tree: { type: 'object', properties: { next: { $ref: '#/$defs/tree' } } } } } } as const

test.each([
  [{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } }, 'readonly (string | number)[]'],
  [{ type: 'array', items: { type: 'array', items: { type: 'string' } } }, 'readonly (readonly string[])[]'],
  [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }, 'readonly [string, number]'],
  [{ type: 'array', prefixItems: [{ type: 'string' }], items: { enum: [1, 2] } }, 'readonly [string, ...(1 | 2)[]]'],
  [{ allOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { anyOf: [{ type: 'string' }, { type: 'null' }] }] }, '{\n  readonly a?: string\n} & (string | null)'],
  [{ const: "it's" }, `"it's"`],
  [{ const: { a: 1 } }, 'Json'],
  [{ enum: [] }, 'never'],
  [{ $ref: '#/$defs/id' }, 'string'],
  [{ $ref: '#/$defs/none' }, 'Json'],
  [{ $ref: 'https://elsewhere/schema' }, 'Json'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, '{ readonly [name: string]: number }'],
  [{ type: ['array', 'null'], items: { type: 'string' } }, 'readonly string[] | null'],
  [true, 'Json'],
  [{ not: {} }, 'Json'],
])('%j is written as %s', (schema, type) => {
  expect(typeOfSchema(schema as Json, place)).toBe(type)
})

test('a schema that refers to itself ends in Json', () => {
  expect(typeOfSchema({ $ref: '#/$defs/tree' }, place)).toContain('Json')
})

test('whatever a schema says, the text is TypeScript', () => {
  const leaf = fc.oneof(fc.constant({}), fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'array', 'object', 'other').map((type) => ({ type })), fc.record({ const: fc.jsonValue() }), fc.record({ enum: fc.array(fc.jsonValue(), { maxLength: 3 }) }))
  const { schema } = fc.letrec((tie) => ({
    schema: fc.oneof({ maxDepth: 4 }, leaf, fc.record({ type: fc.constant('array'), items: tie('schema') }), fc.record({ type: fc.constant('array'), prefixItems: fc.array(tie('schema'), { maxLength: 3 }), items: tie('schema') }),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }), fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ type: fc.constantFrom('object', ['object', 'null']), description: fc.string(), properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 4 }), required: fc.array(fc.string(), { maxLength: 3 }) })),
  }))
  const parse = (code: string) => (ts.createSourceFile('x.ts', code, ts.ScriptTarget.ES2022) as ts.SourceFile & { parseDiagnostics: readonly ts.Diagnostic[] }).parseDiagnostics
  fc.assert(fc.property(fc.stringMatching(/^[a-z-]{1,8}(\/[a-z-]{1,8}){0,2}$/), schema, fc.string(), (path, any, description) => {
    const code = clientTypes([{ name: 'p', logic: [{ path, description, params: any as Callable['params'], returns: any as Callable['params'] }] }])
    expect(parse(code).map(({ messageText }) => messageText)).toEqual([])
  }), { numRuns: 300 })
})
