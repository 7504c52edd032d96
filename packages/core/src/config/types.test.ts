import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, expect, test } from 'vitest'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '../../../..')

/** What plugins add to the types, and configs: each line that ends with `// ✖` must not compile, every other one must. */
const SOURCE = `
import { defineConfig, definePlugin, secret, type Plugin, type UserConfig } from '@santokit/core'

interface ImageOptions { readonly repository: string; readonly tags?: readonly string[] }
interface WorkerOptions { readonly name: string; readonly routes?: readonly { readonly pattern: string }[] }
declare module '@santokit/core' {
  interface TargetTypes { image: ImageOptions; cfworker: WorkerOptions }
}
const targets = (value: NonNullable<NonNullable<UserConfig['projects']>[string]['targets']>): unknown => value

targets({ image: { repository: 'a' }, cfworker: { name: 'b' } })
targets({ image: { type: 'image', repository: 'a' } })
targets({ edge: { type: 'cfworker', name: 'b', routes: [{ pattern: 'x' }] }, other: { type: 'image', repository: 'a' } })
targets({ image: { type: 'cfworker', name: 'b' } }) // ✖
targets({ image: undefined, edge: undefined })
targets({ image: { repositry: 'a' } }) // ✖
targets({ image: { repository: 'a', tag: 'b' } }) // ✖
targets({ image: { repository: 'a', name: 'of a worker' } }) // ✖
targets({ image: { repository: 5 } }) // ✖
targets({ image: {} }) // ✖
targets({ cfworker: { name: 'b', routes: [{ patern: 'x' }] } }) // ✖
targets({ edge: { type: 'cfworker', nme: 'b' } }) // ✖
targets({ edge: { type: 'cfworker', repository: 'a' } }) // ✖
targets({ edge: { type: 'imag', repository: 'a' } }) // ✖
targets({ edge: { type: 'cfworker', name: 'b', repository: 'a' } }) // ✖
targets({ edge: { neither: 'a' } }) // ✖

defineConfig({ projects: { shop: { targets: { image: { repository: 'a' } } } } })
defineConfig({ projects: { shop: { targets: { image: { repositry: 'a' } } } } }) // ✖
defineConfig({ environments: { staging: { projects: { shop: { targets: { image: { tags: ['x'] }, edge: { name: 'x' } } } } } } })
defineConfig({ environments: { staging: { projects: { shop: { targets: { image: { tag: 'x' } } } } } } }) // ✖
defineConfig({ environments: { staging: { plugins: [] } } }) // ✖
defineConfig({ projectz: {} }) // ✖
defineConfig({ projects: { shop: { databases: { main: { driver: 'pg', url: secret('DATABASE_URL') }, cache: { driver: 'libsql', url: 'file:x', authToken: secret('T') } } } } })
defineConfig({ projects: { shop: { databases: { main: { driver: 'pg', url: 'x', authToken: secret('T') } } } } }) // ✖
defineConfig({ projects: { shop: { databases: { main: { driver: 'libsql', url: 'x', authToken: 'in the open' } } } } }) // ✖

defineConfig(({ command, environment }) => ({ outDir: \`\${command}-\${environment}\`, projects: { shop: { targets: { image: { repository: 'a' } } } } }))
defineConfig(async ({ environment }) => ({ outDir: environment }))
defineConfig(({ mode }) => ({ outDir: mode })) // ✖
defineConfig(() => ({ outDir: 5 })) // ✖
defineConfig(async () => ({ projects: { shop: { targets: { image: { repository: 5 } } } } })) // ✖
const made: UserConfig = defineConfig({})

const optional = definePlugin((options: { readonly a?: string } = {}) => ({ name: 'x', config: () => ({ outDir: options.a }) }))
const required = definePlugin((options: { readonly a: string }) => ({ name: options.a }))
const plugins: readonly Plugin[] = [optional(), optional({ a: 'x' }), required({ a: 'x' }), definePlugin(() => ({ name: 'y' }))()]
defineConfig({ plugins: [optional(), false, undefined, null, [required({ a: 'x' }), [false]]], outDir: made.outDir })
optional({ b: 'x' }) // ✖
required() // ✖
definePlugin(() => ({ nam: 'x' })) // ✖
definePlugin(() => ({ name: 'x', hooks: { 'bundle:don'() {} } })) // ✖
definePlugin(() => ({ name: 'x', hooks: { 'bundle:done'(context, bundle) { context.project.name satisfies string; bundle.digest satisfies string } } }))
definePlugin(() => ({ name: 'x', hooks: { 'bundle:done': { after: 'y', handler: (context) => { context.project.name satisfies string } } } }))
definePlugin(() => ({ name: 'x', hooks: { 'bundle:done': { order: 'first', handler() {} } } })) // ✖
void plugins
`

let failing: ReadonlyMap<number, string>

beforeAll(() => {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT)
  const file = join(HERE, 'types.fixture.ts')
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  host.fileExists = (path) => path === file || fileExists(path)
  host.readFile = (path) => (path === file ? SOURCE : readFile(path))
  host.getSourceFile = (path, language, ...rest) => (path === file ? ts.createSourceFile(path, SOURCE, language) : getSourceFile(path, language, ...rest))
  const program = ts.createProgram([file], { ...options, noUnusedLocals: false }, host)
  const source = program.getSourceFile(file)
  const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  failing = new Map(diagnostics.map(({ start, messageText }) => [
    ts.getLineAndCharacterOfPosition(source as ts.SourceFile, start ?? 0).line, ts.flattenDiagnosticMessageText(messageText, '\n'),
  ]))
})

const lines = SOURCE.split('\n').map((line, number) => [line, number] as const).filter(([line]) => line !== '')

test.each(lines.filter(([line]) => line.endsWith('// ✖')))('does not compile: %s', (_, number) => {
  expect(failing.get(number)).toBeDefined()
})

test('everything else does', () => {
  const fine = lines.filter(([line]) => !line.endsWith('// ✖'))
  expect(fine.flatMap(([line, number]) => (failing.has(number) ? [[line, failing.get(number)]] : []))).toEqual([])
})
