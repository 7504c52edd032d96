import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runInThisContext } from 'node:vm'
import { digestOf } from '@santokit/bridge/manifest'
import { VERSION } from '../version.ts'

/** A config as it was compiled, and where what it imports is. Written beside jiti's own compiled files. */
interface Compiled {
  /** Of the text that it was compiled from, and of what compiled it. */
  readonly key: string
  /** `undefined`: it is one that only jiti can run. */
  readonly plain?: {
    /** A function's body, as jiti makes it. */
    readonly code: string
    readonly packages: readonly Package[]
  }
}

/** A package that a config imports. */
interface Package {
  /** As it is imported: `@santokit/plugin-image`. */
  readonly specifier: string
  /** Its `package.json`, and a digest of that: what decides which file is meant. */
  readonly description: string
  readonly digest: string
  /** The file that the specifier leads to. */
  readonly file: string
}

/** The part of jiti that compiling takes. */
export interface Compiler {
  transform(options: { readonly source: string; readonly filename: string; readonly async: boolean; readonly ts: boolean; readonly jsx: boolean }): string
  esmResolve(id: string, options: { readonly try: true }): string | URL | undefined
}

export interface CompiledOptions {
  /** The config file. Absolute. */
  readonly file: string
  readonly source: string
  /** A folder for what was compiled. One that cannot be written costs time only. */
  readonly cache: string
  /** What `@santokit/core` is. */
  readonly core: object
  /** Loads what compiles. It takes as long as all else that is done to a config, so it is loaded when the text has changed. */
  readonly compiler: () => Compiler
}

/**
 * Runs a config that imports nothing but packages, without loading what compiles it, unless it has changed.
 *
 * Packages are imported by Node, which keeps them for the life of the process. So this is for the one config of a command, and
 * not for one that is loaded again and again.
 *
 * @returns `undefined` if the config is not of that kind, or a package is not where it was. Nothing of it has run then.
 */
export async function runCompiled({ file, source, cache, core, compiler }: CompiledOptions): Promise<{ readonly exports: unknown } | undefined> {
  const place = join(cache, `config-${digestOf(file).slice('sha256:'.length, 'sha256:'.length + 16)}.json`)
  const key = digestOf(JSON.stringify([VERSION, process.versions.modules, file, source]))
  const known = readCompiled(place)
  const compiled = known?.key === key && arePlaced(known.plain?.packages ?? [], file) ? known : { key, ...compile(file, source, compiler()) }
  if (compiled !== known) writeCompiled(place, compiled)
  return compiled.plain === undefined ? undefined : { exports: await run(file, compiled.plain, core) }
}

type CompiledFunction = (exports: object, module: { exports: unknown }, filename: string, folder: string, importer: (specifier: string) => unknown) => Promise<unknown>

async function run(file: string, { code, packages }: NonNullable<Compiled['plain']>, core: object): Promise<unknown> {
  const imported = new Map<string, unknown>([['@santokit/core', asJiti(core)]])
  await Promise.all([...new Set(importsOf(code))].filter((specifier) => specifier !== '@santokit/core').map(async (specifier) => {
    const found = packages.find((each) => each.specifier === specifier)
    imported.set(specifier, asJiti(await import(found === undefined ? specifier : pathToFileURL(found.file).href) as object))
  }))
  const module = { exports: {} }
  // On one line with the code, so that its lines are those of the file.
  const body = runInThisContext(`(async function (exports, module, __filename, __dirname, jitiImport) { ${code}\n})`, { filename: file }) as CompiledFunction
  await body(module.exports, module, file, dirname(file), (specifier) => imported.get(specifier))
  return module.exports
}

/** A module the way compiled code wants it: with a mark that says that `default` is what was exported under that name. */
function asJiti(namespace: object): object {
  return Object.defineProperty({ ...namespace }, '__esModule', { value: true })
}

function compile(file: string, source: string, compiler: Compiler): Pick<Compiled, 'plain'> {
  if (!/\.(?:[cm]?ts|mjs)$/.test(file) || /\bimport\.meta\b|\brequire\b/.test(source)) return {}
  const code = compiler.transform({ source, filename: file, async: true, ts: /ts$/.test(extname(file)), jsx: false })
  // It does not parse; or an import is not of a plain name, or its name is only known when it runs.
  if (code.includes('__JITI_ERROR__')) return {}
  if (code.split('jitiImport').length - 1 !== importsOf(code).length || /\bjitiESMResolve\b|\bimport\s*\(/.test(code)) return {}
  const packages: Package[] = []
  for (const specifier of new Set(importsOf(code))) {
    if (specifier === '@santokit/core' || isBuiltin(specifier)) continue
    const found = findPackage(specifier, file, compiler)
    if (found === undefined) return {}
    packages.push(found)
  }
  return { plain: { code, packages } }
}

/** What compiled code imports, in its order. */
function importsOf(code: string): readonly string[] {
  return [...code.matchAll(/\bawait jitiImport\("([^"\\]+)"\)/g)].map(([, specifier = '']) => specifier)
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

/** A package of ES modules. What else there is has rules of its own, which jiti knows. */
function findPackage(specifier: string, file: string, compiler: Compiler): Package | undefined {
  const description = descriptionOf(specifier, file)
  const resolved = description === undefined ? undefined : compiler.esmResolve(specifier, { try: true })
  if (description === undefined || !resolved?.toString().startsWith('file:')) return undefined
  const path = fileURLToPath(resolved)
  const text = readFileSync(description, 'utf8')
  const isEsModule = path.endsWith('.mjs') || (path.endsWith('.js') && (JSON.parse(text) as { readonly type?: unknown }).type === 'module')
  return isEsModule ? { specifier, description, digest: digestOf(text), file: path } : undefined
}

/** The `package.json` of the package that a bare name leads to: the nearest above the file. Node.js, "Modules: Packages". */
function descriptionOf(specifier: string, file: string): string | undefined {
  if (!/^(?:@[\w.-]+\/)?[\w-][\w.-]*(?:\/|$)/.test(specifier)) return undefined
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name, 'package.json')
    if (existsSync(found)) return found
    if (folder === dirname(folder)) return undefined
  }
}

/** Whether every package is still found where it was, and says the same of itself. */
function arePlaced(packages: readonly Package[], file: string): boolean {
  return packages.every(({ specifier, description, digest, file: entry }) =>
    descriptionOf(specifier, file) === description && digestOf(readFileSync(description, 'utf8')) === digest && existsSync(entry))
}

function readCompiled(place: string): Compiled | undefined {
  try {
    return JSON.parse(readFileSync(place, 'utf8')) as Compiled
  } catch {
    return undefined
  }
}

function writeCompiled(place: string, compiled: Compiled): void {
  try {
    mkdirSync(dirname(place), { recursive: true })
    // Renamed into place, so that a command beside this one never reads half a file.
    writeFileSync(`${place}.${process.pid}`, JSON.stringify(compiled))
    renameSync(`${place}.${process.pid}`, place)
  } catch {
    // It is compiled again the next time.
  }
}
