import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { digestOf, type Digest } from '@santokit/bridge/manifest'
import { dirname, extname, join, relative, resolve } from 'pathe'
import type { Plugin as RollupPlugin, RollupError } from 'rollup'
import { freeze, type ArtifactFile } from '../artifact/index.ts'
import { positionAt, StkError, throwAll } from '../diagnostics/index.ts'
import { bundlePackages, leaveOut, type PackagesApart } from './packages-apart.ts'

/** A TypeScript or JavaScript logic to bundle. */
export interface ModuleSource {
  /** The logic path: `orders/refund`. */
  readonly path: string
  /** Absolute. */
  readonly file: string
}

export interface BundledModules {
  /** ES modules below `bundle/`: one for each logic, and chunks that they share. Sorted by path. */
  readonly files: readonly ArtifactFile[]
  /** Every file that was read, with its hash: the output holds as long as these do. Absolute paths. */
  readonly inputs: ReadonlyMap<string, Digest>
}

/** What development asks for beside the output. */
export interface DevelopmentModules {
  /** Where packages are kept that are bundled apart. */
  readonly folder: string
  /** Is told of each file that is read. Absolute. */
  readonly onInput: (file: string) => void
  /** Is told of each file that an import may mean and that is not there. Absolute. */
  readonly onMissing: (file: string) => void
}

/** What an import may leave out. */
const EXTENSIONS = ['.ts', '.mts', '.mjs', '.js', '.json']

/** Where a logic's module stands below `bundle/`. */
export function modulePath(path: string): string {
  return `logic/${path}.mjs`
}

/**
 * Bundles logic and everything it imports into self-contained ES modules. Only Node's built-in modules stay imports.
 *
 * @param root the repository root, which no path in the output may depend on.
 * @param development installed packages are bundled once, by themselves. The output then imports them from where they are, and a save
 *   costs no more than what was saved.
 * @throws StkError STK2006 with a frame if a file does not parse or an import cannot be found.
 */
export async function bundleModules(sources: readonly ModuleSource[], root: string, development?: DevelopmentModules): Promise<BundledModules> {
  if (sources.length === 0) return { files: [], inputs: new Map() }
  const [{ rollup }, { default: commonjs }, { default: json }, { nodeResolve }] = await Promise.all([
    import('rollup'), import('@rollup/plugin-commonjs'), import('@rollup/plugin-json'), import('@rollup/plugin-node-resolve'),
  ])
  const inputs = new Map<string, Digest>()
  const packages = new Set<string>()
  let apart: PackagesApart | undefined
  const resolving = (): RollupPlugin[] => [
    nodeResolve({ extensions: EXTENSIONS, exportConditions: ['node'], preferBuiltins: true }),
    commonjs({ include: /node_modules/, extensions: ['.js', '.cjs'] }),
    json({ namedExports: false, preferConst: true }),
  ]
  // Errors that pass through rollup come out with its own code written over theirs, so they are kept beside it.
  const syntaxErrors: StkError[] = []
  try {
    const build = await rollup({
      // Without its extension a key is the output's path; `[name]` keeps the slashes.
      input: Object.fromEntries(sources.map((source) => [source.path, source.file])),
      plugins: [
        recordInputs(inputs, development?.onInput),
        nodeBuiltins(),
        ...(development === undefined ? [] : [leaveOut(packages)]),
        transpile(root, syntaxErrors),
        ...resolving(),
      ],
      onwarn: (warning) => {
        // An import that is not there would only fail when the logic is called.
        if (warning.code === 'UNRESOLVED_IMPORT') throw Object.assign(new Error(warning.message), warning)
      },
      treeshake: { moduleSideEffects: true },
    })
    if (development !== undefined && packages.size > 0) {
      apart = await bundlePackages([...packages], development.folder, (input) => bundleApart(rollup, input, [nodeBuiltins(), ...resolving()]))
      for (const [file, digest] of apart.files) inputs.set(file, digest)
    }
    const { output } = await build.generate({
      ...(apart === undefined ? {} : { paths: Object.fromEntries(apart.urls) }),
      format: 'es',
      entryFileNames: 'logic/[name].mjs',
      chunkFileNames: 'chunks/[name]-[hash].mjs',
      hoistTransitiveImports: false,
      generatedCode: 'es2015',
    })
    await build.close()
    const files = output
      .filter((item) => item.type === 'chunk')
      .map((chunk) => outputFile(chunk.fileName, chunk.code))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
    return freeze({ files, inputs })
  } catch (error) {
    forgetFiles(nodeResolve())
    for (const file of importedInVain(error)) development?.onMissing(file)
    throwAll(syntaxErrors)
    throw await compileError(error, root)
  }
}

/** Bundles packages with every name they export. */
async function bundleApart(
  rollup: typeof import('rollup').rollup, input: Readonly<Record<string, string>>, plugins: readonly RollupPlugin[],
): Promise<{ readonly files: readonly { readonly path: string; readonly code: string }[]; readonly inputs: ReadonlyMap<string, Digest> }> {
  const inputs = new Map<string, Digest>()
  const build = await rollup({ input: { ...input }, plugins: [recordInputs(inputs), ...plugins], onwarn() {}, preserveEntrySignatures: 'strict', treeshake: false })
  const { output } = await build.generate({ format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'shared/[name]-[hash].mjs', hoistTransitiveImports: false, generatedCode: 'es2015' })
  await build.close()
  return { files: output.flatMap((item) => (item.type === 'chunk' ? [{ path: item.fileName, code: item.code }] : [])), inputs }
}

function outputFile(path: string, code: string): ArtifactFile {
  const bytes = new TextEncoder().encode(code)
  return { path, bytes, digest: digestOf(bytes) }
}

function recordInputs(inputs: Map<string, Digest>, onInput: DevelopmentModules['onInput'] = () => {}): RollupPlugin {
  return {
    name: 'santokit:inputs',
    async load(id) {
      const file = id.split('?')[0] ?? id
      if (file.startsWith('\0')) return null
      onInput(file)
      const code = await readFile(file, 'utf8')
      inputs.set(file, digestOf(code))
      return null
    },
  }
}

/** Keeps `node:fs` an import, and turns `fs` into it, so that a bundle names built-in modules one way. */
function nodeBuiltins(): RollupPlugin {
  const builtins = new Set(builtinModules.filter((name) => !name.startsWith('_')))
  return {
    name: 'santokit:node-builtins',
    resolveId: {
      order: 'pre',
      handler(id) {
        if (id.startsWith('node:')) return { id, external: true }
        return builtins.has(id) ? { id: `node:${id}`, external: true, moduleSideEffects: false } : null
      },
    },
  }
}

/** Strips types with oxc: fast, and a syntax error knows its place. Types are not checked here; `tsc` does that. */
function transpile(root: string, syntaxErrors: StkError[]): RollupPlugin {
  return {
    name: 'santokit:typescript',
    async transform(code, id) {
      if (!/^\.m?ts$/.test(extname(id))) return null
      const { transform } = await import('oxc-transform')
      const result = await transform(relative(root, id), code, { lang: 'ts', sourcemap: true, target: 'es2022' })
      const errors = result.errors.filter((error) => String(error.severity) === 'Error')
      syntaxErrors.push(...errors.map((error) => {
        const label = error.labels[0]
        return new StkError('STK2006', {
          why: error.message,
          where: {
            file: relative(root, id), text: code,
            ...(label === undefined ? {} : { ...positionAt(code, unitsBefore(code, label.start)), length: label.end - label.start }),
          },
        })
      }))
      if (errors.length > 0) throw new Error('syntax error')
      return { code: result.code, map: result.map ? JSON.stringify(result.map) : null }
    },
  }
}

/** oxc counts bytes of UTF-8; positions are in UTF-16 units. */
function unitsBefore(code: string, bytes: number): number {
  return Buffer.from(code).subarray(0, bytes).toString().length
}

async function compileError(error: unknown, root: string): Promise<unknown> {
  if (!(error instanceof Error)) return error
  const failure = error as RollupError & { exporter?: string }
  const id = failure.loc?.file ?? failure.id
  if (failure.code === 'UNRESOLVED_IMPORT') {
    return new StkError('STK2006', {
      why: `"${failure.exporter ?? '?'}" is imported by ${id === undefined ? 'a logic' : relative(root, id)} and cannot be found.`,
      fix: failure.exporter?.startsWith('.')
        ? 'Check the path of the import.'
        : `Install it: npm install ${failure.exporter ?? ''}`,
      ...(id === undefined ? {} : { where: await importPlace(id, failure.exporter, root) }),
    })
  }
  if (id === undefined) return new StkError('STK2006', { why: error.message, cause: error })
  const file = id.split('?')[0] ?? id
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return new StkError('STK2006', {
    why: error.message,
    where: {
      file: relative(root, file),
      ...(failure.loc === undefined ? {} : { line: failure.loc.line, column: failure.loc.column + 1 }),
      ...(text === undefined ? {} : { text }),
    },
    cause: error,
  })
}

/**
 * Has node-resolve forget what is on disk. It remembers that for all builds of the process and forgets it whenever one gives its output, so
 * that after one that failed it would miss a file that has come since.
 */
function forgetFiles({ generateBundle }: RollupPlugin): void {
  const forget = typeof generateBundle === 'function' ? generateBundle : generateBundle?.handler
  if (forget !== undefined) Reflect.apply(forget, undefined, [])
}

/** Files that an import may mean that leads nowhere. Packages are not among them. */
function importedInVain(error: unknown): readonly string[] {
  const { code, id, exporter } = error as RollupError & { readonly exporter?: string }
  if (code !== 'UNRESOLVED_IMPORT' || id === undefined || exporter === undefined || !/^[./]/.test(exporter)) return []
  const file = resolve(dirname(id), exporter)
  const meant = [file, file.replace(/js$/, 'ts'), ...[file, join(file, 'index')].flatMap((base) => EXTENSIONS.map((extension) => `${base}${extension}`))]
  return meant.filter((each) => !existsSync(each))
}

async function importPlace(id: string, imported: string | undefined, root: string) {
  const text = await readFile(id, 'utf8').catch(() => '')
  const at = imported === undefined ? -1 : text.indexOf(imported)
  return {
    file: relative(root, id), text,
    ...(at === -1 ? {} : { ...positionAt(text, at), length: imported?.length ?? 1 }),
  }
}
