import { join } from 'node:path'
import ts from 'typescript'
import { placeOf, ROOT, type Block } from './blocks.ts'

/**
 * Names that a block may use without importing them, so that a fragment need not repeat what its page has said. What a
 * block imports or declares itself goes before.
 */
const PRELUDE = `
declare const defineConfig: typeof import('@santokit/core').defineConfig
declare const definePlugin: typeof import('@santokit/core').definePlugin
declare const defineTarget: typeof import('@santokit/core').defineTarget
declare const secret: typeof import('@santokit/core').secret
declare const StkError: typeof import('@santokit/core').StkError
declare const SecretValue: typeof import('@santokit/core').SecretValue
declare const defineLogic: typeof import('@santokit/bridge').defineLogic
declare const LogicError: typeof import('@santokit/bridge').LogicError
declare const z: typeof import('zod').z
declare const tarball: typeof import('@santokit/plugin-tarball').default
declare const image: typeof import('@santokit/plugin-image').default
declare const cfworker: typeof import('@santokit/plugin-cfworker').default
declare const atlas: typeof import('@santokit/plugin-schema-atlas').default
declare const onepassword: typeof import('@santokit/plugin-secrets-1password').default
`

const CONFIG_KEYS = ['extends', 'plugins', 'projects', 'environments', 'outDir']
const PROJECT_KEYS = ['root', 'databases', 'auth', 'baseUrl', 'storage', 'permissions', 'cors', 'limits', 'schema', 'secrets', 'targets']
const TARGET_TYPES = ['image', 'tarball', 'cfworker']
const PROJECTS = ['shop', 'links']
const ELSEWHERE: Readonly<Record<string, string>> = { hooks: 'plugin', flags: 'target', handler: 'logic' }

/** What stands around a fragment that says where it belongs: ```ts in="target". */
const PLACES: Readonly<Record<string, (fragment: string) => string>> = {
  config: (fragment) => `defineConfig({ ${fragment} })`,
  project: (fragment) => `defineConfig({ projects: { shop: { ${fragment} } } })`,
  image: (fragment) => `defineConfig({ projects: { shop: { targets: { image: { repository: 'ghcr.io/acme/shop', ${fragment} } } } } })`,
  cfworker: (fragment) => `defineConfig({ projects: { shop: { targets: { cfworker: { ${fragment} } } } } })`,
  plugin: (fragment) => `definePlugin(() => ({ name: 'mine', ${fragment} }))`,
  target: (fragment) => `defineTarget({ type: 'mine', options: z.strictObject({}), package: null as never, plan: null as never, release: null as never, ${fragment} })`,
  logic: (fragment) => `defineLogic({ params: z.object({ id: z.uuid() }), ${/\bhandler\b/.test(fragment) ? '' : 'handler: () => null,'} ${fragment} })`,
  client: (fragment) => `async () => {\n${fragment}\n}`,
}

interface Source {
  readonly block: Block
  readonly file: string
  readonly text: string
}

/** Type-checks blocks against the real types, in one program. @returns what is wrong, each with its place. */
export function typeErrors(blocks: readonly Block[]): readonly string[] {
  const folder = join(ROOT, 'tests/docs/.blocks')
  const prelude = join(folder, 'prelude.d.ts')
  const sources = blocks.flatMap((block): readonly Source[] => sourcesOf(block, folder))
  const given = blocks.flatMap((block) => stubsOf(block, folder))
  const texts = new Map([[prelude, PRELUDE], ...given, ...sources.map(({ file, text }) => [file, text] as const)])
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  }
  // A folder that holds only what is made up here.
  host.directoryExists = (path) => [...texts.keys()].some((file) => file.startsWith(`${path}/`)) || ts.sys.directoryExists(path)
  const program = ts.createProgram({ rootNames: [...texts.keys(), join(ROOT, 'playground/databases.d.ts'), join(ROOT, 'santokit-env.d.ts')], options, host })
  return sources.flatMap(({ block, file }) => {
    const source = program.getSourceFile(file)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map(({ messageText }) => `${placeOf(block)} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
  })
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['none.ts'] }, ts.sys, ROOT)
  // The plugin from elsewhere is no package of this workspace.
  const paths = { ...options.paths, 'santokit-plugin-folder': ['./playground/plugins/santokit-plugin-folder/src/index.ts'] }
  // An example shows what there is, used or not.
  return { ...options, paths, noUnusedLocals: false, noUnusedParameters: false, noEmit: true, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'] }
}

/** A block as modules: one for a whole file, one for each setting of a fragment. */
function sourcesOf(block: Block, folder: string): readonly Source[] {
  const { text, attributes, page, line } = block
  const home = join(folder, page)
  const given = isStub(block) ? '' : block.given
  const fragments = fragmentsOf(text)
  const place = attributes.in
  if (place !== undefined) {
    const around = PLACES[place]
    if (around === undefined) throw new Error(`${placeOf(block)}: there is no place "${place}"; there is ${Object.keys(PLACES).join(', ')}.`)
    return (fragments ?? [text]).map((fragment, index) => ({ block, file: join(home, `${line}.${index}.ts`), text: `${given}\n;${around(`${fragment}\n`)}\nexport {}` }))
  }
  const name = /^\/\/ (\S+\.ts)\b/.exec(text)?.[1]
  if (fragments === undefined) return [{ block, file: join(home, name ?? `${line}.ts`), text: `${given}\n${text}\nexport {}` }]
  return fragments.map((fragment, index) => ({ block, file: join(home, `${line}.${index}.ts`), text: `${given}\n;${contextOf(fragment, block)}\nexport {}` }))
}

/** Files that a page's examples import and that it does not show: `// file: src/client.ts` in what is given. */
function stubsOf({ page, given }: Block, folder: string): readonly (readonly [string, string])[] {
  const file = STUB.exec(given)?.[1]
  return file === undefined ? [] : [[join(folder, page, file), given]]
}

const STUB = /^\s*\/\/ file: (\S+)/

function isStub({ given }: Block): boolean {
  return STUB.test(given)
}

/** Settings that stand one below the other, `key: value`, alternatives of one key as well. `undefined` if it is a whole file. */
function fragmentsOf(text: string): readonly string[] | undefined {
  const found: string[] = []
  let depth = 0
  for (const line of text.split('\n')) {
    const starts = depth === 0 && /^\s*(['"]?[\w-]+['"]?): /.test(line)
    if (starts) found.push('')
    else if (found.length === 0 && !/^\s*(\/\/.*)?$/.test(line)) return undefined
    if (found.length > 0) found[found.length - 1] += `${line}\n`
    for (const token of tokensOf(line)) depth += OPENING.has(token) ? 1 : CLOSING.has(token) ? -1 : 0
  }
  return found
}

const OPENING = new Set([ts.SyntaxKind.OpenBraceToken, ts.SyntaxKind.OpenBracketToken, ts.SyntaxKind.OpenParenToken])
const CLOSING = new Set([ts.SyntaxKind.CloseBraceToken, ts.SyntaxKind.CloseBracketToken, ts.SyntaxKind.CloseParenToken])

function tokensOf(line: string): readonly ts.SyntaxKind[] {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, line)
  const tokens: ts.SyntaxKind[] = []
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) tokens.push(token)
  return tokens
}

/** The config around a setting, which its key tells. */
function contextOf(fragment: string, block: Block): string {
  const key = /^\s*['"]?([\w-]+)/.exec(fragment)?.[1] ?? ''
  const wrap = (open: string, close: string): string => `${open}${fragment}\n${close}`
  if (CONFIG_KEYS.includes(key)) return wrap('defineConfig({ ', '})')
  if (PROJECT_KEYS.includes(key)) return wrap('defineConfig({ projects: { shop: { ', '} } })')
  if (PROJECTS.includes(key)) return wrap('defineConfig({ projects: { ', '} })')
  if (TARGET_TYPES.includes(key)) return wrap('defineConfig({ projects: { shop: { targets: { ', '} } } })')
  const around = PLACES[ELSEWHERE[key] ?? '']
  if (around !== undefined) return around(fragment)
  throw new Error(`${placeOf(block)}: where does "${key}" stand? Say it behind the fence: \`\`\`ts in="…", with one of ${Object.keys(PLACES).join(', ')}.`)
}
