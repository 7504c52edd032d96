import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'
import { dirname, join } from 'pathe'
import { beforeEach, expect, test } from 'vitest'
import { bundleModules } from './bundle-modules.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'santokit-apart-'))
  return () => rm(root, { recursive: true, force: true })
})

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

let generation = 0
/** Bundles `logic/*.ts` as development does, and runs what came out. */
async function answers(...paths: string[]): Promise<{ readonly given: unknown[]; readonly code: string }> {
  const { files } = await bundleModules(paths.map((path) => ({ path, file: join(root, `logic/${path}.ts`) })), root, { folder: join(root, '.santokit/cache/packages'), onInput() {}, onMissing() {} })
  const place = join(root, `out${++generation}`)
  for (const { path, bytes } of files) await write({ [join(place, path).slice(root.length + 1)]: new TextDecoder().decode(bytes) })
  const given: unknown[] = []
  for (const path of paths) given.push(((await import(/* @vite-ignore */ pathToFileURL(join(place, `logic/${path}.mjs`)).href)) as { default: () => unknown }).default())
  return { given, code: files.map(({ bytes }) => new TextDecoder().decode(bytes)).join('\n') }
}

test('ES modules of packages stay outside and are one instance for all; CommonJS is bundled; a new version is seen', async () => {
  const counter = (name: string): string => `let count = 0\nexport const next = () => '${name} ' + ++count\nexport const text = 'long text of the package'`
  await write({
    'node_modules/counter/package.json': '{ "name": "counter", "type": "module", "exports": "./index.js" }',
    'node_modules/counter/index.js': counter('first'),
    'node_modules/around/package.json': '{ "name": "around", "type": "module", "exports": "./index.js" }',
    'node_modules/around/index.js': `export { next as again } from 'counter'`,
    'node_modules/old/package.json': '{ "name": "old" }',
    'node_modules/old/index.js': 'module.exports = { word: "common" }',
    'logic/a/one.ts': `import { next } from 'counter'\nimport { word } from 'old'\nexport default (): string => next() + ' ' + word`,
    'logic/a/two.ts': `import { again } from 'around'\nexport default (): string => again()`,
  })
  const { given, code } = await answers('a/one', 'a/two')
  expect(given).toEqual(['first 1 common', 'first 2'])
  expect(code).not.toContain('long text')
  expect(code).toContain('common')

  // A save of one's own: packages are not bundled again, nor run again.
  const before = await readdir(join(root, '.santokit/cache/packages'))
  await write({ 'logic/a/one.ts': `import { next } from 'counter'\nexport default (): string => 'saved ' + next()` })
  expect((await answers('a/one', 'a/two')).given).toEqual(['saved first 3', 'first 4'])
  expect(await readdir(join(root, '.santokit/cache/packages'))).toEqual(before)

  await write({ 'node_modules/counter/index.js': counter('second') })
  expect((await answers('a/one', 'a/two')).given).toEqual(['saved second 1', 'second 2'])
})
