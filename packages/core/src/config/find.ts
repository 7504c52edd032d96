import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { StkError } from '../diagnostics/index.ts'

/** The extensions a config file may have, the first that exists wins. */
export const CONFIG_EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'] as const

const NAME = 'santokit.config'

/**
 * Finds the config file: the one that is named, or `santokit.config.*` in `cwd` or the nearest folder above.
 *
 * @returns its absolute path.
 * @throws StkError STK1001 saying what was looked for.
 */
export function findConfig(cwd: string, file?: string): string {
  if (file !== undefined) return findNamed(cwd, file)
  for (const folder of upwards(resolve(cwd))) {
    const found = configIn(folder)
    if (found !== undefined) return found
  }
  throw new StkError('STK1001', {
    why: `There is no ${NAME}.{${CONFIG_EXTENSIONS.join(',')}} in ${resolve(cwd)} or in a folder above it.`,
    fix: ['stk init', 'stk --config path/to/santokit.config.ts'],
  })
}

/** The config file in a folder, or `undefined`. */
export function configIn(folder: string): string | undefined {
  return CONFIG_EXTENSIONS.map((extension) => join(folder, `${NAME}.${extension}`)).find(isFile)
}

/** True for a file, or a link to one. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

/** True for a folder, or a link to one. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Where what was made of a config is kept: below the repository root, and out of sight. */
export function cacheFolder(root: string): string {
  const modules = join(root, 'node_modules')
  return isFolder(modules) ? join(modules, '.cache', 'santokit', 'jiti') : join(root, '.santokit', 'cache', 'jiti')
}

/** A path as it is shown: relative to the root where it lies inside, with `/`. */
export function displayPath(root: string, path: string): string {
  const below = relative(root, path)
  return (below === '' || below.startsWith('..') ? path : below).replaceAll('\\', '/')
}

function findNamed(cwd: string, file: string): string {
  const path = resolve(cwd, file)
  const found = isFolder(path) ? configIn(path) : existsSync(path) ? path : undefined
  if (found !== undefined) return found
  throw new StkError('STK1001', {
    why: isFolder(path) ? `There is no ${NAME}.{${CONFIG_EXTENSIONS.join(',')}} in ${path}.` : `There is no file ${path}.`,
    fix: 'Name the config file with --config, relative to the current folder.',
  })
}

function* upwards(folder: string): Generator<string> {
  yield folder
  const parent = dirname(folder)
  if (parent !== folder) yield* upwards(parent)
}
