import { readFileSync } from 'node:fs'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { StkError } from '../diagnostics/index.ts'
import { evaluateConfig, resolveModule } from './evaluate.ts'
import { jsonFailure, loadFailure } from './failure.ts'
import { CONFIG_EXTENSIONS, configIn, displayPath, isFile } from './find.ts'
import { lostInMerging, type Layer } from './layers.ts'
import { locateInSource } from './locate.ts'
import { isMergeable, type Tree } from './merge.ts'
import { invalid } from './refusal.ts'
import type { ConfigEnv } from './types.ts'

/** A config file that was run, with its functions called. */
export interface ConfigFile extends Layer {
  /** Absolute. */
  readonly file: string
}

/** Everything that the config file says, itself or through `extends`. */
export interface ConfigFiles {
  /** The strongest first. */
  readonly files: readonly ConfigFile[]
  /** Every file that was read, for reloading. Absolute, sorted. */
  readonly sources: readonly string[]
}

/**
 * Runs the config file and the layers it extends, depth first.
 *
 * @param isOnly see {@link evaluateConfig}.
 * @throws StkError STK1002 when one cannot be run, STK1011 when one is not there or extends itself, STK1003 when what it
 *   exports cannot be merged.
 */
export async function loadConfigFiles(file: string, env: ConfigEnv, isOnly = false): Promise<ConfigFiles> {
  const root = dirname(file)
  const sources = new Set<string>()
  const load = async (path: string, owner: string, above: readonly string[]): Promise<readonly ConfigFile[]> => {
    const { value, text, read } = await runConfig(path, root, env, isOnly)
    for (const source of read) sources.add(source)
    const { extends: names, ...settings } = value
    const layer: ConfigFile = { owner, file: path, value: settings, locate: (at) => locateInSource(displayPath(root, path), text, at) }
    const [lost] = lostInMerging({ ...layer, value: withoutPlugins(settings) })
    if (lost !== undefined) throw lost
    const layers: ConfigFile[] = [layer]
    for (const name of extendsOf(layer, names)) {
      const next = await findLayer(name, layer, root)
      if ([...above, path].includes(next)) throw circle([...above, path, next], root, layer)
      layers.push(...(await load(next, `extends ${name}`, [...above, path])))
    }
    return layers
  }
  const files = await load(file, displayPath(root, file), [])
  return { files, sources: [...sources].toSorted() }
}

interface Run {
  readonly value: Tree
  readonly text: string
  readonly read: readonly string[]
}

async function runConfig(file: string, root: string, env: ConfigEnv, isOnly: boolean): Promise<Run> {
  const text = readFileSync(file, 'utf8')
  const isJson = extname(file) === '.json'
  const { value: exported, sources: read } = isJson ? { value: parseJson(file, text, root), sources: [file] } : await run(file, root, isOnly)
  const value: unknown = typeof exported === 'function' ? await call(exported as ConfigFunction, file, root, env) : exported
  if (isMergeable(value)) return { value, text, read }
  const exports = typeof exported === 'function' ? 'exports a function that returns' : 'exports'
  throw new StkError('STK1002', {
    why: `${displayPath(root, file)} ${exports} ${describe(value)}, not a config.`,
    fix: 'End it with: export default defineConfig({ … })',
    where: { file: displayPath(root, file) },
  })
}

type ConfigFunction = (env: ConfigEnv) => unknown

async function run(file: string, root: string, isOnly: boolean): Promise<{ readonly value: unknown; readonly sources: readonly string[] }> {
  try {
    return await evaluateConfig(file, root, isOnly)
  } catch (error) {
    throw loadFailure(error, file, root)
  }
}

async function call(exported: ConfigFunction, file: string, root: string, env: ConfigEnv): Promise<unknown> {
  try {
    return await exported({ ...env })
  } catch (error) {
    throw loadFailure(error, file, root)
  }
}

function parseJson(file: string, text: string, root: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw jsonFailure(error, file, text, root)
  }
}

/** Plugins are opaque: what they hold is not ours to check. */
function withoutPlugins({ plugins: _, ...settings }: Tree): Tree {
  return settings
}

function extendsOf(layer: ConfigFile, names: unknown): readonly string[] {
  if (names === undefined || typeof names === 'string') return names === undefined ? [] : [names]
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  throw invalid(layer, ['extends'], 'must be a path or a package name, or a list of them')
}

async function findLayer(name: string, from: ConfigFile, root: string): Promise<string> {
  const base = resolve(dirname(from.file), name)
  const isPath = isAbsolute(name) || /^\.{1,2}([\\/]|$)/.test(name)
  const found = isPath ? fileOrFolder(base) : await packaged(name, from.file, root)
  if (found !== undefined) return found
  const missing = isPath ? 'neither that file nor a folder with a santokit.config.ts' : 'no package of that name'
  const beside = fileOrFolder(base) === undefined ? `npm install --save-dev ${name}` : `Write "./${name}" for the file beside it.`
  throw new StkError('STK1011', {
    why: `${from.owner} extends "${name}", and there is ${missing}.`,
    fix: isPath ? 'Correct the path. It begins at the file that extends.' : beside,
    configPath: 'extends',
    where: from.locate?.(['extends']),
  })
}

function fileOrFolder(path: string): string | undefined {
  return [path, ...CONFIG_EXTENSIONS.map((extension) => `${path}.${extension}`)].find(isFile) ?? configIn(path)
}

async function packaged(name: string, file: string, root: string): Promise<string | undefined> {
  return (await resolveModule(name, file, root)) ?? inNodeModules(name, dirname(file))
}

/** A package that is only a config has no entry of its own. */
function inNodeModules(name: string, folder: string): string | undefined {
  const found = fileOrFolder(join(folder, 'node_modules', name))
  return found ?? (dirname(folder) === folder ? undefined : inNodeModules(name, dirname(folder)))
}

function circle(files: readonly string[], root: string, layer: ConfigFile): StkError {
  const round = files.slice(files.indexOf(files.at(-1) ?? '')).map((file) => displayPath(root, file))
  return new StkError('STK1011', {
    why: `The config extends itself: ${round.join(' → ')}.`,
    fix: 'Take one of these `extends` away.',
    configPath: 'extends',
    where: layer.locate?.(['extends']),
  })
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an instance of a class' : `a ${typeof value}`
}
