import { existsSync, statSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StkError, type ArchiveEntry, type Bundle } from '@santokit/core'
import { jsonBytes } from '../oci/content.ts'
import type { Platform } from '../options.ts'
import { digestOf } from '../registry/digest.ts'

/** Where the Bridge is in an image. */
export const BRIDGE_ENTRY = '/app/bridge/node.mjs'

/** How much of libSQL an image holds. */
export type LibsqlNeed = 'none' | 'remote' | 'sqlite'

/** Files of the runtime layer, and what tells two such layers apart without packing them. */
export interface RuntimeFiles {
  /** Changes whenever the files may have. */
  readonly key: string
  read(): Promise<readonly ArchiveEntry[]>
}

/** What a project's Bridge has to open. @param sqlite what the options say; it decides if given. */
export function libsqlNeed({ manifest }: Pick<Bundle, 'manifest'>, sqlite: boolean | undefined): LibsqlNeed {
  const urls = Object.values(manifest.databases).flatMap((database) => (database.driver === 'libsql' ? [database.url] : []))
  if (urls.length === 0) return 'none'
  const isFile = urls.some((url) => typeof url === 'string' && /^(file:|:memory:)/.test(url))
  return sqlite ?? isFile ? 'sqlite' : 'remote'
}

/**
 * What runs a bundle on a platform: the Bridge, one file, and the libSQL client where the project needs it.
 *
 * @param root where an installed native library is looked for first. Absolute.
 * @throws StkError STK4122 if the native library for the platform is not installed.
 */
export async function runtimeFiles(platform: Platform, need: LibsqlNeed, root: string): Promise<RuntimeFiles> {
  const bridge = bridgeFile()
  const parts: (readonly [path: string, file: string])[] = [
    ['app/bridge/node.mjs', bridge], ['app/bridge/THIRD-PARTY.txt', join(dirname(bridge), 'THIRD-PARTY.txt')],
  ]
  const made: ArchiveEntry[] = []
  if (need !== 'none') {
    const folder = join(packageRoot(), 'dist/runtime')
    const names = (await readdir(folder)).filter((name) => /\.(mjs|txt)$/.test(name) && !(need === 'remote' && name === 'sqlite3.mjs'))
    parts.push(...names.map((name) => [`${CLIENT}/${name}`, join(folder, name)] as const))
    made.push({ path: `${CLIENT}/package.json`, bytes: jsonBytes(CLIENT_PACKAGE) })
    if (need === 'remote') made.push({ path: `${CLIENT}/sqlite3.mjs`, bytes: new TextEncoder().encode(NO_SQLITE) })
    else parts.push(...await nativeLibrary(platform, root, folder))
  }
  const marks = await Promise.all(parts.map(async ([path, file]) => [path, ...await markOf(file)]))
  return {
    key: JSON.stringify([marks, made.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])]),
    read: async () => [...made, ...await Promise.all(parts.map(async ([path, file]) => ({ path, bytes: await readFile(file) })))],
  }
}

/**
 * Bytes of a file from which on its size and time stand for what it holds. Hashing the native library, 9.7 MB, takes 30 ms each time,
 * and its version is checked; all others together take 2.
 */
const LARGE = 1_048_576

async function markOf(file: string): Promise<readonly (string | number)[]> {
  const { size, mtimeMs } = statSync(file)
  return size < LARGE ? [digestOf(await readFile(file))] : [size, mtimeMs]
}

const CLIENT = 'app/bridge/node_modules/@libsql/client'

/** What makes Node find the client by the name that the Bridge imports. */
const CLIENT_PACKAGE = {
  name: '@libsql/client',
  type: 'module',
  exports: { './http': './http.mjs', './web': './web.mjs', './sqlite3': './sqlite3.mjs' },
}

/** Says what to do where the Bridge is given a file after all. */
const NO_SQLITE = `throw new Error('This image cannot open SQLite files. Set sqlite: true in the options of its image target and release again.')\n`

/** Debian's and distroless' C library is glibc. */
const NATIVE: Readonly<Record<Platform, string>> = { 'linux/amd64': 'linux-x64-gnu', 'linux/arm64': 'linux-arm64-gnu' }

async function nativeLibrary(platform: Platform, root: string, runtime: string): Promise<readonly (readonly [path: string, file: string])[]> {
  const name = `@libsql/${NATIVE[platform]}`
  const { libsql: version } = JSON.parse(await readFile(join(runtime, 'versions.json'), 'utf8')) as { readonly libsql: string }
  const places = [join(root, 'node_modules'), ...nodeModulesAbove(bridgeFile()), ...nodeModulesAbove(packageRoot())]
  const found = await Promise.all([...new Set(places)].map(async (place) => {
    const text = await readFile(join(place, name, 'package.json'), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : { folder: join(place, name), version: (JSON.parse(text) as { readonly version?: string }).version }
  }))
  const fitting = found.find((each) => each?.version === version)
  if (fitting !== undefined) {
    return ['index.node', 'package.json'].map((file) => [`app/bridge/node_modules/${name}/${file}`, join(fitting.folder, file)] as const)
  }
  const there = found.find((each) => each !== undefined)?.version
  throw new StkError('STK4122', {
    why: `An image for ${platform} that opens SQLite files needs ${name} ${version}, and ${there === undefined ? 'it is not installed' : `${there} is installed`}.`,
    fix: [
      `npm install --no-save --force ${name}@${version}`,
      "Or say which platforms the image is for: platforms: ['linux/amd64']",
      'Or, if the databases are remote, set sqlite: false.',
    ],
  })
}

function nodeModulesAbove(path: string): readonly string[] {
  const folders: string[] = []
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) folders.push(join(folder, 'node_modules'))
  return folders
}

/** The Bridge that belongs to core: the one whose manifests it reads. */
export function bridgeFile(): string {
  const core = createRequire(import.meta.url).resolve('@santokit/core/package.json')
  return join(dirname(createRequire(core).resolve('@santokit/bridge/package.json')), 'dist/node.mjs')
}

/** Where this package is installed, from its sources as from its built files. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
