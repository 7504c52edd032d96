import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { writeStarter } from './starter.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-starter-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What `npm run types` says in a project, as installed from these sources. */
async function typeErrors(root: string): Promise<readonly string[]> {
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules')).catch(() => {})
  const read = (path: string): unknown => ts.readConfigFile(path, (file) => ts.sys.readFile(file)).config
  const { compilerOptions } = read(join(ROOT, 'tsconfig.json')) as { compilerOptions: { paths: Record<string, readonly string[]> } }
  const { options, fileNames } = ts.parseJsonConfigFileContent(read(join(root, 'tsconfig.json')), ts.sys, root)
  const paths = Object.fromEntries(Object.entries(compilerOptions.paths).map(([name, [path = '']]) => [name, [join(ROOT, path)]]))
  const program = ts.createProgram(fileNames, { ...options, paths, types: ['node'] })
  return ts.getPreEmitDiagnostics(program)
    .filter(({ file }) => file?.fileName.startsWith(root) === true)
    .map(({ file, messageText }) => `${file?.fileName.slice(root.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

test('what is written compiles, and a misspelt option does not', { timeout: 120_000 }, async () => {
  const root = await newFolder()
  expect(await writeStarter(root, 'my-shop')).toEqual(expect.arrayContaining(['santokit.config.ts', 'tsconfig.json', 'package.json', '.gitignore']))
  const config = await readFile(join(root, 'santokit.config.ts'), 'utf8')
  await writeFile(join(root, 'misspelt.config.ts'), config.replace(`to: 'file:releases'`, `too: 'file:releases'`))
  const errors = await typeErrors(root)
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatch(/^misspelt.config.ts: .*too/)
})

test('settings of a person are left as they are', async () => {
  const root = await newFolder()
  await writeFile(join(root, 'tsconfig.json'), '{}')
  await writeFile(join(root, 'package.json'), '{}')
  await writeFile(join(root, '.gitignore'), 'dist')
  expect(await writeStarter(root, 'shop')).not.toContain('tsconfig.json')
  expect(await readFile(join(root, 'tsconfig.json'), 'utf8')).toBe('{}')
  expect(await readFile(join(root, 'package.json'), 'utf8')).toBe('{}')
  expect(await readFile(join(root, '.gitignore'), 'utf8')).toBe('dist\nnode_modules/\n.santokit/\n.env\n')
})

test.each(['../shop', 'My Shop', '', '.hidden'])('refuses the name "%s" and writes nothing', async (name) => {
  const root = await newFolder()
  await expect(writeStarter(root, name)).rejects.toMatchObject({ code: 'STK1020' })
})
