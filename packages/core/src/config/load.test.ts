import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorOf, errorsOf, load, loadFiles, writeFiles, writeFolder } from './fixture.ts'
import { inspectConfig } from './inspect.ts'

const SHOP = `import { defineConfig, secret } from '@santokit/core'
export default defineConfig({
  projects: {
    shop: {
      databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } },
    },
  },
})
`

test('a small config becomes a whole one', async () => {
  const folder = writeFolder({ 'santokit.config.ts': SHOP, 'projects/shop/logic/': '' })
  const { config } = await load(folder)
  expect(config).toMatchObject({
    root: folder,
    file: join(folder, 'santokit.config.ts'),
    outDir: join(folder, 'dist'),
    environment: 'production',
    command: 'build',
    sources: [join(folder, 'santokit.config.ts')],
  })
  expect(config.projects).toEqual([{
    name: 'shop',
    root: join(folder, 'projects/shop'),
    databases: {
      main: { driver: 'pg', url: { secret: 'DATABASE_URL' }, pool: { max: 10, queue: 100 }, statementTimeout: 10_000, rls: false, prepare: true },
    },
    auth: { mode: 'issuers', issuers: [] },
    permissions: {},
    limits: { bodyBytes: 1_000_000, responseBytes: 10_000_000, params: 100, jsonDepth: 32, timeout: 30_000, concurrency: 1000, callDepth: 16 },
    secrets: {},
    targets: [],
  }])
})

test('what is resolved is frozen', async () => {
  const { config } = await loadFiles({ 'santokit.config.ts': SHOP })
  expect(() => { (config.projects[0]?.databases.main as { driver: string }).driver = 'x' }).toThrow(TypeError)
  expect(() => { (config.projects as unknown[]).push(1) }).toThrow(TypeError)
})

test.each([
  ['santokit.config.ts', 'export default { outDir: "out" as string }'],
  ['santokit.config.mts', 'export default { outDir: "out" satisfies string }'],
  ['santokit.config.js', 'export default { outDir: "out" }'],
  ['santokit.config.mjs', 'export default { outDir: "out" }'],
  ['santokit.config.cjs', 'module.exports = { outDir: "out" }'],
  ['santokit.config.json', '{ "outDir": "out" }'],
  ['santokit.config.ts', 'export default async ({ command, environment }) => ({ outDir: `${command}-${environment}` })'],
  ['santokit.config.ts', 'const out: string = await Promise.resolve("out")\nexport default { outDir: out }'],
])('%s: %s', async (file, text) => {
  const folder = writeFolder({ [file]: text })
  const { config } = await load(folder)
  expect(config.outDir).toBe(join(folder, text.includes('command') ? 'build-production' : 'out'))
})

test('the nearest folder above that has a config is the root', async () => {
  const folder = writeFolder({ 'santokit.config.ts': 'export default {}', 'a/santokit.config.mjs': 'export default {}', 'a/b/c/': '' })
  expect((await load(join(folder, 'a/b/c'))).config.root).toBe(join(folder, 'a'))
})

test('--config names a file, or a folder', async () => {
  const folder = writeFolder({ 'other/my.config.ts': 'export default { outDir: "x" }', 'other/santokit.config.ts': 'export default { outDir: "y" }' })
  expect((await load(folder, { file: 'other/my.config.ts' })).config).toMatchObject({ outDir: join(folder, 'other/x'), root: join(folder, 'other') })
  expect((await load(folder, { file: 'other' })).config.outDir).toBe(join(folder, 'other/y'))
  const missing = await errorOf(load(folder, { file: 'nope.ts' }))
  expect(missing).toMatchObject({ code: 'STK1001', message: `STK1001 There is no file ${join(folder, 'nope.ts')}.` })
})

test('without a config, the error names what was looked for', async () => {
  const folder = writeFolder({})
  const error = await errorOf(load(folder))
  expect(error).toMatchObject({ code: 'STK1001', exitCode: 2 })
  expect(error.details.why).toBe(`There is no santokit.config.{ts,mts,js,mjs,cjs,json} in ${folder} or in a folder above it.`)
  expect(error.details.fix).toContain('stk init')
})

test('imports are followed, and read anew each time', async () => {
  const files = (value: string): Record<string, string> => ({
    'a.ts': `export const a: string = '${value}'`,
    'b.mjs': `import { c } from './deep/c.mjs'\nexport default '${value}' + c`,
    'deep/c.mjs': `export const c = '${value}'`,
    'd.cjs': `module.exports = '${value}' + require('./e.json').e`,
    'e.json': `{ "e": "${value}" }`,
    'f.js': `export const f = '${value}'`,
  })
  const folder = writeFolder({
    'santokit.config.ts': `
      import { a } from './a'
      import b from './b.mjs'
      import d from './d.cjs'
      import json from './e.json'
      import { f } from './f.js'
      // import './never.ts'
      export default { outDir: [a, b, d, json.e, f].join('') }`,
    'never.ts': 'throw new Error("never")',
    ...files('1'),
  })
  const first = await load(folder)
  expect(first.config.outDir).toBe(join(folder, '1111111'))
  expect(first.config.sources).toEqual(['a.ts', 'b.mjs', 'd.cjs', 'deep/c.mjs', 'e.json', 'f.js', 'santokit.config.ts'].map((name) => join(folder, name)).toSorted())
  writeFiles(folder, files('2'))
  const second = await load(folder)
  expect(second.config.outDir).toBe(join(folder, '2222222'))
  expect(second.config.sources).toEqual(first.config.sources)
  // From compiled files that are kept on the disk.
  expect((await load(folder)).config.outDir).toBe(join(folder, '2222222'))
})

test('a cache folder that cannot be written costs time only', async () => {
  const folder = writeFolder({ 'santokit.config.ts': SHOP, 'projects/shop/': '', 'node_modules/.cache': 'a file stands in the way' })
  expect((await load(folder)).config.projects).toHaveLength(1)
})

test('compiled files are kept below node_modules, or below .santokit without one', async () => {
  const folder = writeFolder({ 'santokit.config.ts': 'export default {}' })
  await load(folder)
  rmSync(join(folder, 'node_modules/.cache/santokit/jiti'), { recursive: true })
  rmSync(join(folder, 'node_modules'), { recursive: true })
  await load(folder)
  rmSync(join(folder, '.santokit/cache/jiti'), { recursive: true })
})

test('a syntax error is shown in its file', async () => {
  const folder = writeFolder({ 'santokit.config.ts': "import './part.ts'\nexport default {}", 'part.ts': 'export const a = 1\nexport const b = [1, 2\n' })
  const error = await errorOf(load(folder))
  expect(error).toMatchObject({ code: 'STK1002', details: { where: { file: 'part.ts', line: 3, column: 1 } } })
  expect(error.details.where?.text).toContain('export const b')
  expect(error.details.why).toMatch(/^part\.ts cannot be read: Unexpected token, expected ","\.$/)
  writeFileSync(join(folder, 'part.ts'), 'const x: = 1')
  expect((await errorOf(load(folder))).details.where).toMatchObject({ file: 'part.ts', line: 1, column: 10 })
})

test('JSON that cannot be read is shown at its place', async () => {
  const error = await errorOf(loadFiles({ 'santokit.config.json': '{\n  "outDir": "x",\n}' }))
  expect(error).toMatchObject({ code: 'STK1002', details: { where: { file: 'santokit.config.json', line: 3, column: 1 } } })
  const other = await errorOf(loadFiles({ 'santokit.config.json': '{ "outDir": oops }' }))
  expect(other.message).toBe("STK1002 santokit.config.json is not valid JSON: Unexpected token 'o'.")
})

test.each([
  ['throws', "const env = {}\nfunction need(name: string): string {\n  throw new TypeError(`no ${name}`)\n}\nneed('X')\nexport default {}", 3, 'santokit.config.ts failed while it was run: no X.'],
  ['rejects', "export default async () => {\n  await null\n  throw new Error('later.')\n}", 3, 'santokit.config.ts failed while it was run: later.'],
  ['lacks a file', "\nimport './nope.ts'\nexport default {}", 2, 'santokit.config.ts imports "./nope.ts", and there is no such file.'],
  ['lacks a package', "\nimport image from '@santokit/plugin-nope/x'\nexport default { plugins: [image()] }", 2, 'santokit.config.ts imports "@santokit/plugin-nope/x", which is not installed.'],
])('a config that %s says where', async (_, text, line, why) => {
  const error = await errorOf(loadFiles({ 'santokit.config.ts': text }))
  expect(error).toMatchObject({ code: 'STK1002', details: { why, where: { file: 'santokit.config.ts', line, text } } })
  if (why.includes('not installed')) expect(error.details.fix).toBe('npm install --save-dev @santokit/plugin-nope')
})

test.each([
  ['export const config = {}', 'exports nothing, not a config'],
  ['', 'exports nothing, not a config'],
  ['export default 5', 'exports a number, not a config'],
  ['export default []', 'exports a list, not a config'],
  ['export default () => undefined', 'exports a function that returns nothing, not a config'],
])('%j is refused', async (text, why) => {
  const error = await errorOf(loadFiles({ 'santokit.config.ts': text }))
  expect(error).toMatchObject({ code: 'STK1002', details: { why: `santokit.config.ts ${why}.` } })
})

test('environments are merged over everything, and lists replace', async () => {
  const folder = writeFolder({
    'projects/shop/': '',
    'santokit.config.ts': `export default {
      outDir: 'dist',
      projects: { shop: { cors: { origins: ['https://a.example', 'https://b.example'], maxAge: '1h' }, databases: { main: { driver: 'pg', url: { secret: 'A', optional: true } } } } },
      environments: { staging: { outDir: 'dist-staging', projects: { shop: { cors: { origins: ['https://c.example'] }, databases: { main: { url: { secret: 'B' } } } } } } },
    }`,
  })
  const staging = (await load(folder, { environment: 'staging' })).config
  expect(staging.environment).toBe('staging')
  expect(staging.outDir).toBe(join(folder, 'dist-staging'))
  expect(staging.projects[0]).toMatchObject({ cors: { origins: ['https://c.example'], maxAge: 3600 }, databases: { main: { driver: 'pg', url: { secret: 'B' } } } })
  expect(staging.projects[0]?.databases.main?.url).toEqual({ secret: 'B' })
  expect((await load(folder, { env: { STK_ENV: 'staging' } })).config.environment).toBe('staging')
  expect((await load(folder, { env: { STK_ENV: 'staging' }, environment: 'production' })).config.outDir).toBe(join(folder, 'dist'))
  expect((await load(folder, { environment: 'development' })).config.environment).toBe('development')
  const unknown = await errorOf(load(folder, { environment: 'stagin' }))
  expect(unknown).toMatchObject({ code: 'STK1005', exitCode: 2, details: { why: 'There is no environment "stagin". Did you mean "staging"?', where: { file: 'santokit.config.ts', line: 4 } } })
})

test('an environment brings no plugins', async () => {
  const error = await errorOf(loadFiles({ 'santokit.config.ts': 'export default { environments: { staging: { plugins: [] } } }' }))
  expect(error).toMatchObject({ code: 'STK1003', details: { configPath: 'environments.staging.plugins' } })
  expect(error.details.why).toContain('cannot depend on the environment')
})

test('layers are merged below what extends them, nearest first', async () => {
  const folder = writeFolder({
    'projects/shop/': '',
    'santokit.config.ts': "export default { extends: ['./near', './far/'], projects: { shop: { limits: { jsonDepth: 1 } } } }",
    'near.mjs': 'export default { projects: { shop: { limits: { jsonDepth: 2, callDepth: 2 } } } }',
    'far/santokit.config.ts': "export default ({ environment }) => ({ extends: 'company', projects: { shop: { limits: { callDepth: 3, concurrency: environment.length } } } })",
    'node_modules/company/package.json': '{ "name": "company", "version": "1.0.0", "type": "module", "exports": "./main.mjs" }',
    'node_modules/company/main.mjs': "export default { outDir: 'company-dist', projects: { shop: { limits: { concurrency: 4 } } } }",
  })
  const { config } = await load(folder)
  expect(config.projects[0]?.limits).toMatchObject({ jsonDepth: 1, callDepth: 2, concurrency: 'production'.length })
  expect(config.outDir).toBe(join(folder, 'company-dist'))
  const origins = Object.fromEntries(inspectConfig(config).map(({ path, origin }) => [path, origin]))
  expect(origins).toMatchObject({
    outDir: 'extends company',
    'projects.shop.limits.jsonDepth': 'santokit.config.ts',
    'projects.shop.limits.callDepth': 'extends ./near',
    'projects.shop.limits.concurrency': 'extends ./far/',
    'projects.shop.limits.body': 'default',
  })
  expect(config.sources).toEqual(['far/santokit.config.ts', 'near.mjs', 'node_modules/company/main.mjs', 'santokit.config.ts'].map((name) => join(folder, name)))
})

test('layers that extend each other, or are not there, are refused', async () => {
  const round = await errorOf(loadFiles({
    'santokit.config.ts': "export default { extends: './a.ts' }", 'a.ts': "export default {\n  extends: './b.ts' }", 'b.ts': "export default { extends: ['./a.ts'] }",
  }))
  expect(round).toMatchObject({ code: 'STK1011', details: { why: 'The config extends itself: a.ts → b.ts → a.ts.' } })
  const missing = await errorsOf(loadFiles({ 'santokit.config.ts': "export default {\n  extends: './nope'\n}" }))
  expect(missing[0]).toMatchObject({ code: 'STK1011', details: { where: { file: 'santokit.config.ts', line: 2 } } })
  const near = await errorOf(loadFiles({ 'santokit.config.ts': "export default { extends: 'base' }", 'base.ts': 'export default {}' }))
  expect(near).toMatchObject({ code: 'STK1011', details: { fix: 'Write "./base" for the file beside it.' } })
})

test('what merging would lose is refused', async () => {
  const nothing = await errorOf(loadFiles({ 'santokit.config.ts': 'export default {\n  projects: { shop: { cors: null } } }' }))
  expect(nothing).toMatchObject({ code: 'STK1003', details: { configPath: 'projects.shop.cors', where: { line: 2 } } })
  const hostile = await errorOf(loadFiles({ 'santokit.config.json': '{ "projects": { "__proto__": { "polluted": true } } }' }))
  expect(hostile.message).toBe('STK1003 projects.__proto__ in santokit.config.json is not a name that can be used.')
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test('a project without a folder is refused, by its config path', async () => {
  const errors = await errorsOf(loadFiles({ 'santokit.config.ts': "export default { projects: {\n  shop: {},\n  links: {},\n  pay: { root: 'services/pay' },\n} }" }))
  expect(errors.map(({ code, details }) => [code, details.why, details.configPath, details.where?.line, details.project])).toEqual([
    ['STK1013', 'The project "links" has no folder projects/links.', 'projects.links', 3, 'links'],
    ['STK1013', 'The project "pay" has no folder services/pay.', 'projects.pay.root', 4, 'pay'],
  ])
})
