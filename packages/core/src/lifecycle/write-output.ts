import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { digestOf } from '@santokit/bridge/manifest'
import { dirname, join, relative } from 'pathe'
import type { Artifact, ArtifactFile, Bundle } from '../artifact/index.ts'
import { StkError } from '../diagnostics/index.ts'
import { withLock } from './lock.ts'

/** What a build leaves on disk for one project. */
export interface BuildOutput {
  readonly bundle: Bundle
  /** Packages by target name. */
  readonly packages: ReadonlyMap<string, Artifact>
}

/** Everything a build writes has one of these names at the top of its folder; nothing else there is touched. */
const OWNED = ['bundle', 'targets', 'santokit-bundle.tgz', 'manifest.json'] as const

/**
 * Writes a build to `folder`: the bundle unpacked, its archive, and the package of each target under `targets/`.
 *
 * Everything is written beside its place first and renamed at the end, `manifest.json` last: a folder whose manifest
 * does not fit its files is refused by a Bridge and mended by the next build. Nothing is written if nothing changed.
 *
 * @returns whether anything had to be written.
 * @throws StkError STK2020 if the folder cannot be written, STK2021 if another build holds it.
 */
export async function writeOutput(folder: string, root: string, output: BuildOutput, signal: AbortSignal): Promise<boolean> {
  const files = await outputFiles(output)
  try {
    return await withLock(join(folder, '.stk-lock'), signal, async () => {
      if (await isWritten(folder, files)) return false
      await removeLeftovers(folder)
      const staging = await mkdtemp(join(folder, '.stk-'))
      try {
        await writeAll(staging, files)
        for (const name of OWNED) await rm(join(folder, name), { recursive: true, force: true })
        for (const name of OWNED) await rename(join(staging, name), join(folder, name)).catch(ignoreMissing)
      } finally {
        await rm(staging, { recursive: true, force: true })
      }
      return true
    })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined || !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EISDIR'].includes(code)) throw error
    throw new StkError('STK2020', {
      why: `${relative(root, folder) || folder}: ${(error as Error).message}`,
      fix: 'Make the folder writable, or choose another with outDir in the config.',
      cause: error,
    })
  }
}

async function outputFiles({ bundle, packages }: BuildOutput): Promise<readonly ArtifactFile[]> {
  const packaged = [...packages].flatMap(([target, artifact]) =>
    artifact.files.map((file) => ({ ...file, path: `targets/${target}/${file.path}` })))
  return [...bundle.files, await bundle.archive(), ...packaged]
}

async function isWritten(folder: string, files: readonly ArtifactFile[]): Promise<boolean> {
  const wanted = new Map(files.map((file) => [file.path, file.digest]))
  const present = await listOwned(folder)
  if (present.length !== wanted.size || present.some((path) => !wanted.has(path))) return false
  return present.every((path) => digestOf(readFileSync(join(folder, path))) === wanted.get(path))
}

async function listOwned(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((item) => item.isFile())
    .map((item) => `${item.parentPath}/${item.name}`.slice(folder.length + 1).replaceAll('\\', '/'))
    .filter((path) => OWNED.some((name) => path === name || path.startsWith(`${name}/`)))
}

/** A build that was killed leaves its staging folder behind. The lock is held, so nobody is using it. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder)
  const stale = names.filter((name) => /^\.stk-[A-Za-z0-9]{6}$/.test(name))
  await Promise.all(stale.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

async function writeAll(folder: string, files: readonly ArtifactFile[]): Promise<void> {
  const folders = new Set(files.map((file) => dirname(join(folder, file.path))))
  await Promise.all([...folders].map((path) => mkdir(path, { recursive: true })))
  await Promise.all(files.map((file) => writeFile(join(folder, file.path), file.bytes)))
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
