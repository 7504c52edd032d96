import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeManifest, module, sql } from '../../test/bundle.ts'
import { type Json, type JsonSchema, type LogicEntry, PARAM_TYPES, type ParamSpec } from '../manifest/index.ts'
import { openApiDocument } from './document.ts'

const validator = new Validator({ strict: false })

async function problemsOf(document: JsonSchema): Promise<unknown> {
  const { valid, errors } = await validator.validate(document)
  return valid ? undefined : errors
}

const input: fc.Arbitrary<Partial<ParamSpec>> = fc.record({
  type: fc.constantFrom(...PARAM_TYPES), array: fc.boolean(), required: fc.boolean(),
  description: fc.string(), enum: fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }), min: fc.nat(), max: fc.nat(), pattern: fc.constant('^[a-z/]+$'),
  default: fc.jsonValue() as fc.Arbitrary<Json>,
}, { requiredKeys: ['type', 'array', 'required'] })

/** Schemas as a validation library writes them, with references to themselves. */
const tree: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'https://example.com/tree', type: 'object',
  properties: { root: { $ref: '#/$defs/tree' }, next: { $ref: '#' } },
  $defs: { tree: { type: 'object', properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
}
const moduleSchema = fc.constantFrom<JsonSchema>(
  tree, {}, { type: 'object', properties: { id: { type: 'integer' }, tags: { type: 'array', prefixItems: [{ const: null }], items: false } }, required: ['id'] },
  { anyOf: [{ type: 'object', properties: { kind: { const: 'a' } } }, { type: 'object', patternProperties: { '^x-': { enum: [1, 'two', null] } } }] },
)

const shared = {
  access: fc.constantFrom('public' as const, 'authenticated' as const, ['admin', 'staff']),
  private: fc.boolean(), description: fc.string(), cache: fc.record({ ttl: fc.nat() }),
}
const sqlEntry: fc.Arbitrary<LogicEntry> = fc.tuple(fc.record(shared, { requiredKeys: ['access', 'private'] }), fc.dictionary(fc.stringMatching(/^[A-Za-z_][\w$]*$/), input, { maxKeys: 4 }))
  .map(([entry, params]) => sql('select 1', { ...entry, params }))
const moduleEntry: fc.Arbitrary<LogicEntry> = fc.tuple(fc.record(shared, { requiredKeys: ['access', 'private'] }), moduleSchema, fc.option(moduleSchema, { nil: undefined }))
  .map(([entry, params, returns]) => module('a.mjs', { ...entry, params, ...(returns === undefined ? {} : { returns }) }))
const path = fc.stringMatching(/^[a-z\u00e0-\u00fc][\w-]*(\/[a-z_\u4e00-\u4eff][\w-]*){1,3}$/)

test('what is written of any project is OpenAPI 3.1', async () => {
  await fc.assert(fc.asyncProperty(
    fc.dictionary(path, fc.oneof(sqlEntry, moduleEntry), { maxKeys: 6 }), fc.option(fc.constant('https://shop.example.com/base'), { nil: undefined }),
    async (logic, baseUrl) => {
      const document = openApiDocument(makeManifest({ logic, manifest: baseUrl === undefined ? {} : { baseUrl } }))
      expect(await problemsOf(JSON.parse(JSON.stringify(document)) as JsonSchema), JSON.stringify(document)).toBeUndefined()
      const operations = [...JSON.stringify(document).matchAll(/"operationId":"((?:[^"\\]|\\.)*)"/g)].map(([, id]) => id)
      expect(new Set(operations).size).toBe(operations.length)
    },
  ), { numRuns: 60 })
})

test('the validator finds what is wrong', async () => {
  const document = openApiDocument(makeManifest({ logic: { 'a/b': sql('select 1') } }))
  expect(await problemsOf({ ...document, paths: { 'no-slash': {} } })).toBeDefined()
  expect(await problemsOf({ ...document, info: { title: 'x' } })).toBeDefined()
})
