import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorOf, load, writeFiles, writeFolder } from './fixture.ts'

const CONFIG = `import { basename } from 'node:path'
import { defineConfig } from '@santokit/core'
import name, { suffix as end } from 'naming'
import * as naming from 'naming'

const out: string = basename(name) + end + naming.suffix
export default defineConfig(() => ({ outDir: out }))
`
const NAMING = (name: string): Record<string, string> => ({
  'node_modules/naming/package.json': '{ "name": "naming", "version": "1.0.0", "type": "module", "exports": { "import": "./main.js" } }',
  'node_modules/naming/main.js': `export default '/x/${name}'\nexport const suffix = '-1'\n`,
})

function kept(folder: string): readonly string[] {
  const place = join(folder, 'node_modules/.cache/santokit/jiti')
  return existsSync(place) ? readdirSync(place).filter((name) => name.startsWith('config-')) : []
}

test('a config that imports packages is compiled once, and runs without what compiled it', async () => {
  const folder = writeFolder({ 'santokit.config.ts': CONFIG, ...NAMING('a') })
  const first = await load(folder, { isOnly: true })
  expect(first.config).toMatchObject({ outDir: join(folder, 'a-1-1'), sources: [join(folder, 'santokit.config.ts')] })
  const [name = ''] = kept(folder)
  const file = join(folder, 'node_modules/.cache/santokit/jiti', name)
  // What runs is what is kept.
  writeFileSync(file, readFileSync(file, 'utf8').replace('outDir: out', "outDir: out + '-kept'"))
  expect((await load(folder, { isOnly: true })).config.outDir).toBe(join(folder, 'a-1-1-kept'))
  writeFiles(folder, { 'santokit.config.ts': CONFIG.replace('outDir: out', "outDir: 'changed'") })
  expect((await load(folder, { isOnly: true })).config.outDir).toBe(join(folder, 'changed'))
  expect(kept(folder)).toHaveLength(1)
})

test('a package that was installed again is looked for again', async () => {
  const folder = writeFolder({ 'santokit.config.ts': CONFIG, ...NAMING('a') })
  const digests = (): unknown => kept(folder).map((name) => /"digest":"([^"]+)"/.exec(readFileSync(join(folder, 'node_modules/.cache/santokit/jiti', name), 'utf8'))?.[1])
  await load(folder, { isOnly: true })
  const before = digests()
  // Where its entry is, is asked of a process once; that it is asked again is seen in what is kept.
  const description = join(folder, 'node_modules/naming/package.json')
  writeFileSync(description, readFileSync(description, 'utf8').replace('1.0.0', '2.0.0'))
  expect((await load(folder, { isOnly: true })).config.outDir).toBe(join(folder, 'a-1-1'))
  expect(digests()).not.toEqual(before)
  rmSync(join(folder, 'node_modules/naming'), { recursive: true })
  expect(await errorOf(load(folder, { isOnly: true }))).toMatchObject({ code: 'STK1002' })
})

test.each([
  ['a file of its own', "import { out } from './out.ts'\nexport default { outDir: out }", { 'out.ts': "export const out: string = 'x'" }],
  ['a name made up as it runs', "const { out } = await import(['.', 'out.mjs'].join('/'))\nexport default { outDir: out }", { 'out.mjs': "export const out = 'x'" }],
  ['a CommonJS package', "import { out } from 'old'\nexport default { outDir: out }", { 'node_modules/old/package.json': '{ "name": "old" }', 'node_modules/old/index.js': "exports.out = 'x'" }],
  ['require', "const { out } = require('./out.cjs')\nexport default { outDir: out }", { 'out.cjs': "exports.out = 'x'" }],
  ['its own address', "export default { outDir: import.meta.url.endsWith('config.ts') ? 'x' : 'y' }", {}],
])('one that imports %s is run as ever', async (_, text, files) => {
  const folder = writeFolder({ 'santokit.config.ts': text, ...files as Record<string, string> })
  expect((await load(folder, { isOnly: true })).config.outDir).toBe(join(folder, 'x'))
  expect((await load(folder, { isOnly: true })).config.outDir).toBe(join(folder, 'x'))
})

test.each([
  ['throws', "import 'node:fs'\nconst need = (name: string): string => {\n  throw new TypeError(`no ${name}`)\n}\nneed('X')\nexport default {}", 3, 'santokit.config.ts failed while it was run: no X.'],
  ['does not parse', "import 'node:fs'\nexport default {", 2, 'santokit.config.ts cannot be read: Unexpected token.'],
])('one that %s says where, compiled before or not', async (_, text, line, why) => {
  const folder = writeFolder({ 'santokit.config.ts': text })
  for (const attempt of [1, 2]) {
    expect(await errorOf(load(folder, { isOnly: true })), String(attempt)).toMatchObject({ code: 'STK1002', details: { why, where: { file: 'santokit.config.ts', line, text } } })
  }
})

test('what is kept is not believed if it is broken', async () => {
  const folder = writeFolder({ 'santokit.config.ts': 'export default { outDir: "x" }' })
  await load(folder, { isOnly: true })
  const [name = ''] = kept(folder)
  writeFileSync(join(folder, 'node_modules/.cache/santokit/jiti', name), '{ "key": ')
  expect((await load(folder, { isOnly: true })).config.outDir).toBe(join(folder, 'x'))
})
