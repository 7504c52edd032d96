import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Jiti, ModuleCache, NodeModule } from 'jiti'
import { runCompiled } from './compiled.ts'
import { cacheFolder } from './find.ts'

/** A module that was run. */
export interface Evaluated {
  /** Its default export, or `module.exports`. */
  readonly value: unknown
  /** The file and every file of the person's own that it imports, directly or not. Absolute, sorted. */
  readonly sources: readonly string[]
}

/**
 * Runs a config file, TypeScript or JavaScript, and whatever it imports, as it stands on the disk now.
 *
 * `@santokit/core` is the running copy, wherever it is installed: what a config makes and what reads it are then of one
 * version.
 *
 * @param file absolute.
 * @param root the repository root; the cache of compiled files is kept below it, if it can be written.
 * @param isOnly whether this process will not ask again: then packages that are under way themselves, such as linked ones, need
 *   not be read anew each time, and a config that imports nothing but packages is run without jiti.
 */
export async function evaluateConfig(file: string, root: string, isOnly = false): Promise<Evaluated> {
  const core = await import('../index.ts')
  const compiled = isOnly
    ? await runCompiled({ file, source: readFileSync(file, 'utf8'), cache: cacheFolder(root), core, compiler: () => createEvaluator(file, root, core) })
    : undefined
  if (compiled !== undefined) return { value: defaultOf(compiled.exports), sources: [file] }
  const jiti = createEvaluator(file, root, core)
  forgetRequired()
  const required = new Set(Object.keys(requireCache))
  const modules: ModuleCache = {}
  const exports = await runFreshly(jiti, file, modules).finally(() => {
    for (const path of Object.keys(requireCache)) if (!required.has(path) && isOwn(path)) remembered.add(path)
  })
  return { value: defaultOf(exports), sources: [...new Set([...Object.keys(modules).filter(isOwn), ...remembered, file])].toSorted() }
}

function defaultOf(exports: unknown): unknown {
  if (typeof exports !== 'object' || exports === null) return exports
  if ('default' in exports) return exports.default
  // A module without a default export; what CommonJS exports is one.
  return '__esModule' in exports || Object.keys(exports).length === 0 ? undefined : exports
}

/** Where a module name leads, seen from `file`, or `undefined`. Absolute. */
export async function resolveModule(name: string, file: string, root: string): Promise<string | undefined> {
  const jiti = createEvaluator(file, root, {})
  const found = jiti.esmResolve(name, { try: true })
  return found?.toString().startsWith('file:') ? fileURLToPath(found) : undefined
}

function createEvaluator(file: string, root: string, core: object): Jiti {
  // Required, not imported: before it imports a CommonJS file, Node searches it for names, which takes jiti 50 ms.
  const { createJiti } = requireOwn('jiti') as typeof import('jiti')
  return createJiti(pathToFileURL(file).href, {
    // Jiti goes without if the folder cannot be made or written.
    fsCache: cacheFolder(root),
    moduleCache: false,
    interopDefault: true,
    virtualModules: { '@santokit/core': core },
  })
}

/**
 * Runs a file and what it imports, none of it through Node's own `import`: Node keeps what it imported for the life of
 * the process, and a changed file would not be seen again.
 *
 * Jiti asks its module cache for each file before it runs it. That is where the person's own JavaScript is taken over
 * from it; packages stay Node's.
 *
 * @param modules is filled with what was run, by path.
 */
async function runFreshly(jiti: Jiti, file: string, modules: ModuleCache): Promise<unknown> {
  const evaluate = (path: string, source: string): unknown =>
    jiti.evalModule(source, { id: path, filename: path, ext: extname(path), async: true, forceTranspile: true, cache })
  /** Jiti asks twice, whether there is an entry and for its exports; the second time the module is known, but not ready. */
  let asked: { readonly path: string; readonly module: NodeModule } | undefined
  const cache: ModuleCache = new Proxy(modules, {
    get(known, path) {
      if (asked?.path === path) {
        const { module } = asked
        asked = undefined
        return module
      }
      const takenOver = typeof path === 'string' && !(path in known) && isOwn(path) && /\.[cm]?js$/.test(path)
      if (!takenOver) return Reflect.get(known, path) as unknown
      const source = readFileSync(path, 'utf8')
      const exports: unknown = isEsModule(path, source) ? evaluate(path, source) : requireOwn(path)
      asked = { path, module: { exports } as NodeModule }
      return asked.module
    },
  })
  return evaluate(file, readFileSync(file, 'utf8'))
}

function isEsModule(path: string, source: string): boolean {
  return path.endsWith('.mjs') || (path.endsWith('.js') && /^\s*(?:import|export)\b/m.test(source))
}

/** True for files that a person edits, not those of installed packages. */
function isOwn(path: string): boolean {
  return !path.split(/[\\/]/).includes('node_modules')
}

const requireOwn = createRequire(import.meta.url)
const requireCache = requireOwn.cache

/** What the latest config brought in through `require`: JSON and CommonJS files. */
const remembered = new Set<string>()

function forgetRequired(): void {
  for (const path of remembered) Reflect.deleteProperty(requireCache, path)
  remembered.clear()
}

