import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { pluginNames } from './names.ts'
import { writePlugin } from './write-plugin.ts'

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-init-plugin-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const textsBelow = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const items = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((item) => item.isFile())
  return new Map(await Promise.all(items.map(async (item) => {
    const path = join(item.parentPath, item.name)
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const
  })))
}

test.each(['target', 'secrets', 'schema'])('writes a %s under names of its own, and parses', async (kind) => {
  const cwd = await newFolder()
  const { folder, files, name } = await writePlugin({ cwd, name: '@acme/santokit-plugin-import-me', kind })
  expect(folder).toBe(join(cwd, 'santokit-plugin-import-me'))
  const texts = await textsBelow(folder)
  expect([...texts.keys()].sort()).toEqual(files)
  expect(files).toEqual(expect.arrayContaining(['.gitignore', '.github/workflows/ci.yml', 'README.md', 'package.json', 'src/index.ts', 'tsconfig.json']))
  const manifest = JSON.parse(texts.get('package.json') ?? '') as Record<string, any>
  expect(manifest).toMatchObject({ name, keywords: expect.arrayContaining(['santokit-plugin']), peerDependencies: { '@santokit/core': '^0.1.0' } })
  expect(manifest.dependencies?.['@santokit/core']).toBeUndefined()
  for (const [path, text] of texts) {
    expect(text.replaceAll('@example', '').replaceAll('example.com', ''), path).not.toMatch(/example/i)
    if (!path.endsWith('.ts')) continue
    const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, fileName: path })
    expect(diagnostics.map(({ messageText }) => messageText), path).toEqual([])
  }
  expect(texts.get('src/index.ts')).toMatch(/export default importMe\n/)
  expect(texts.get('src/index.ts')).toContain(`name: 'import-me'`)
  expect(await readdir(cwd)).toEqual(['santokit-plugin-import-me'])
})

test('takes its name from the folder, which may be a fresh git repository', async () => {
  const cwd = join(await newFolder(), 'santokit-plugin-ftp')
  await mkdir(join(cwd, '.git'), { recursive: true })
  expect(await writePlugin({ cwd })).toMatchObject({ name: 'santokit-plugin-ftp', kind: 'target', folder: cwd })
  expect((await readdir(cwd)).sort()).toEqual(['.git', '.github', '.gitignore', 'README.md', 'package.json', 'src', 'test', 'tsconfig.build.json', 'tsconfig.json', 'vitest.config.ts'])
})

test('a folder with anything in it, or a file, is refused and left as it is', async () => {
  const cwd = await newFolder()
  await mkdir(join(cwd, 'santokit-plugin-a'))
  await writeFile(join(cwd, 'santokit-plugin-a', 'notes.txt'), 'mine')
  await writeFile(join(cwd, 'santokit-plugin-b'), 'mine')
  await expect(writePlugin({ cwd, folder: 'santokit-plugin-a' })).rejects.toMatchObject({ code: 'STK1020', message: expect.stringContaining('notes.txt') })
  await expect(writePlugin({ cwd, folder: 'santokit-plugin-b' })).rejects.toMatchObject({ code: 'STK1020', message: expect.stringContaining('is a file') })
  expect(await textsBelow(cwd)).toEqual(new Map([['santokit-plugin-a/notes.txt', 'mine'], ['santokit-plugin-b', 'mine']]))
})

test.each([
  'ftp', 'santokit-plugin-', 'santokit-plugin-Ftp', 'santokit-plugin-ftp_store', 'santokit-plugin--a', 'santokit-plugin-a-', 'santokit-plugin-1password',
  '../santokit-plugin-a', '@acme/ftp', '@/santokit-plugin-a', 'santokit-plugin-a/b', '', `santokit-plugin-${'a'.repeat(200)}`,
])('refuses the name "%s" and suggests one that would do', async (name) => {
  const cwd = await newFolder()
  const error = await writePlugin({ cwd, name, folder: 'place' }).catch((thrown: unknown) => thrown) as { code: string; details: { fix: string } }
  expect(error.code).toBe('STK1020')
  const suggested = error.details.fix.split(' ').at(-1) ?? ''
  expect(pluginNames(suggested, 'target').package).toBe(suggested)
  await expect(access(join(cwd, 'place'))).rejects.toThrow()
})

test('refuses a scheme that is built in, and a kind that is not', async () => {
  const cwd = await newFolder()
  await expect(writePlugin({ cwd, name: 'santokit-plugin-env', kind: 'secrets' })).rejects.toMatchObject({ code: 'STK1020' })
  await expect(writePlugin({ cwd, name: 'santokit-plugin-env', kind: 'targets' })).rejects.toMatchObject({ code: 'STK1020', message: expect.stringContaining('"targets"') })
  expect(await readdir(cwd)).toEqual([])
})

test('words that code reserves are no names in code', () => {
  expect(pluginNames('santokit-plugin-import', 'target')).toMatchObject({ camel: 'importPlugin', pascal: 'Import', plugin: 'import' })
  expect(pluginNames('santokit-plugin-test', 'target').camel).toBe('testPlugin')
  expect(pluginNames('santokit-plugin-my-s3', 'target')).toMatchObject({ camel: 'myS3', pascal: 'MyS3', upper: 'MY_S3' })
})
