import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'pathe'
import { afterAll, expect, test } from 'vitest'
import type { StkError } from '../diagnostics/index.ts'
import { bundleModules, evaluateModules, modulePath } from './index.ts'

const roots: string[] = []
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))))

/** Sources in a folder that finds this repository's packages. */
async function project(files: Record<string, string>, under = ''): Promise<{ root: string; sources: { path: string; file: string }[] }> {
  const base = await mkdtemp(join(process.cwd(), 'node_modules/.santokit-test-'))
  roots.push(base)
  const root = join(base, under)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const sources = Object.keys(files)
    .filter((path) => path.startsWith('logic/'))
    .map((path) => ({ path: path.replace(/^logic\//, '').replace(/\.\w+$/, ''), file: join(root, path) }))
  return { root, sources }
}

const LOGIC = `import { z } from 'zod'
import { money } from '../../lib/money.ts'
export default { access: ['admin'], params: z.object({ id: z.uuid() }), returns: z.object({ total: z.string() }), cache: undefined, handler: ({ params }: { params: { id: string } }) => ({ total: money(1) + params.id }) }
`

test('logic is bundled with what it imports, shared code once, and tells its declarations', async () => {
  const { root, sources } = await project({
    'logic/orders/refund.ts': LOGIC,
    'logic/orders/total.ts': LOGIC,
    'lib/money.ts': `import { createHash } from 'crypto'\nexport const money = (cents: number): string => createHash('sha256').update(String(cents)).digest('hex')`,
  })
  const { files, inputs } = await bundleModules(sources, root)
  expect(files.filter((file) => file.path.startsWith('logic/')).map((file) => file.path)).toEqual(['logic/orders/refund.mjs', 'logic/orders/total.mjs'])
  const code = files.map((file) => new TextDecoder().decode(file.bytes))
  expect(code.filter((text) => text.includes('createHash(')).length).toBe(1)
  // One name for a built-in module, and nothing of this machine.
  expect(code.join()).toContain(`from 'node:crypto'`)
  expect(code.join()).not.toContain(root)
  expect([...inputs.keys()]).toContain(join(root, 'lib/money.ts'))

  const found = await evaluateModules(files, sources.map((source) => modulePath(source.path)))
  expect(found.get('logic/orders/refund.mjs')).toMatchObject({
    ok: true,
    logic: { access: ['admin'], params: { type: 'object', required: ['id'], properties: { id: { format: 'uuid' } } }, returns: { properties: { total: { type: 'string' } } } },
  })
})

test('the folder a checkout stands in does not reach the bytes', async () => {
  const files = { 'logic/a/one.ts': LOGIC, 'logic/a/two.ts': LOGIC, 'lib/money.ts': 'export const money = (n: number): number => n' }
  const here = await project(files)
  const there = await project(files, 'deeply/nested/in another folder')
  const digests = async ({ root, sources }: typeof here) => (await bundleModules(sources, root)).files.map((file) => [file.path, file.digest])
  expect(await digests(here)).toEqual(await digests(there))
})

test('a syntax error is shown at its place, past characters of several bytes too', async () => {
  const { root, sources } = await project({ 'logic/a/b.ts': `const greeting = '안녕하세요 👋'\nconst broken = ;\n` })
  const error = (await bundleModules(sources, root).catch((thrown: unknown) => thrown)) as StkError
  expect(error.code).toBe('STK2006')
  expect(error.details.where).toMatchObject({ file: 'logic/a/b.ts', line: 2, column: 16 })
})

test('an import that is not there is named with its importer and place', async () => {
  const { root, sources } = await project({ 'logic/a/b.ts': `import x from 'no-such-package-here'\nexport default { handler: () => x }\n` })
  const error = (await bundleModules(sources, root).catch((thrown: unknown) => thrown)) as StkError
  expect(error.code).toBe('STK2006')
  expect(error.details.why).toContain('"no-such-package-here" is imported by logic/a/b.ts')
  expect(error.details.where).toMatchObject({ line: 1, column: 16 })
})

test('a missing export is an error, not a surprise at run time', async () => {
  const { root, sources } = await project({ 'logic/a/b.ts': `import { gone } from '../../lib/c.ts'\nexport default { handler: () => gone }\n`, 'lib/c.ts': 'export const here = 1' })
  const error = (await bundleModules(sources, root).catch((thrown: unknown) => thrown)) as StkError
  expect(error).toMatchObject({ code: 'STK2006', details: { where: { file: 'logic/a/b.ts', line: 1 } } })
  expect(error.details.why).toContain('gone')
})

test.each([
  ['throws', `throw new TypeError('no database here')`, 'throws', 'TypeError: no database here'],
  ['ends the process', `process.exit(0)\nexport default { handler() {} }`, 'throws', 'ended the process'],
  ['is no logic', `export const x = 1`, 'not-logic', 'not a logic'],
  ['has params that are no schema', `export default { params: { id: 1 }, handler() {} }`, 'schema', 'params is not a schema'],
])('a module that %s is told apart', async (_, source, reason, problem) => {
  const { root, sources } = await project({ 'logic/a/bad.ts': source })
  const { files } = await bundleModules(sources, root)
  const [evaluation] = (await evaluateModules(files, ['logic/a/bad.mjs'])).values()
  expect(evaluation).toMatchObject({ ok: false, reason, problem: expect.stringContaining(problem) as string })
})

test('logic sees nothing of the build machine while it loads', async () => {
  process.env.CANARY_FOR_EVALUATION = 'canary'
  const { root, sources } = await project({ 'logic/a/env.ts': `export default { description: JSON.stringify(process.env), handler() {} }` })
  const { files } = await bundleModules(sources, root)
  const [evaluation] = (await evaluateModules(files, ['logic/a/env.mjs'])).values()
  expect(evaluation).toEqual({ ok: true, logic: { description: '{}' } })
})

test('temporary files are gone afterwards', async () => {
  const { root, sources } = await project({ 'logic/a/where.ts': 'export default { description: import.meta.url, handler() {} }' })
  const { files } = await bundleModules(sources, root)
  const [evaluation] = (await evaluateModules(files, ['logic/a/where.mjs'])).values()
  if (evaluation?.ok !== true) throw new Error('did not load')
  const url = String(evaluation.logic.description)
  expect(url).toContain(tmpdir())
  await expect(import(/* @vite-ignore */ url)).rejects.toThrow()
})

test('a file that was not there for the last build is found by the next, and named meanwhile', async () => {
  const { root, sources } = await project({ 'logic/a.ts': `import { word } from '../lib/word'\nexport default { handler: () => word }` })
  const missing: string[] = []
  const development = { folder: join(root, 'packages'), onInput() {}, onMissing: (file: string) => void missing.push(file) }
  await expect(bundleModules(sources, root, development)).rejects.toMatchObject({ code: 'STK2006' })
  expect(missing).toEqual(expect.arrayContaining([join(root, 'lib/word.ts'), join(root, 'lib/word/index.ts')]))
  await mkdir(join(root, 'lib'))
  await writeFile(join(root, 'lib/word.ts'), `export const word = 'here'`)
  expect([...(await bundleModules(sources, root, development)).inputs.keys()]).toContain(join(root, 'lib/word.ts'))
})
