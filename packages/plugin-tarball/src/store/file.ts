import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { StkError } from '@santokit/core'
import type { FolderDestination } from '../options.ts'
import { digestOf } from '../release/digest.ts'
import { withFileLock } from './file-lock.ts'
import type { Objects } from './objects.ts'

/** What a killed run left half-written is removed by a later one after this time, in milliseconds. */
const LEFTOVER_AGE = 3_600_000

/** The folder that a destination names. Absolute. */
export function folderOf({ path }: FolderDestination, root: string): string {
  return path.startsWith('file://') ? fileURLToPath(path) : resolve(root, path)
}

/** Objects as files below a folder. Every file appears whole: it is written beside its place, synced, and renamed. */
export function folderObjects(folder: string, signal: AbortSignal): Objects {
  const pathOf = (key: string): string => join(folder, ...key.split('/'))
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      throw explain(error, folder)
    }
  }
  return {
    place: folder,
    address: (key) => ({ BUNDLE_URL: pathToFileURL(pathOf(key)).href }),
    read: (key) => guarded(async () => {
      const bytes = await readIfThere(pathOf(key))
      return bytes === undefined ? undefined : { bytes, version: digestOf(bytes) }
    }),
    holds: (key, file) => guarded(async () => {
      const bytes = await readIfThere(pathOf(key))
      return bytes !== undefined && bytes.length === file.bytes && digestOf(bytes) === file.digest
    }),
    write: (key, file) => guarded(() => replace(pathOf(key), file.bytes)),
    create: (key, bytes) => guarded(() => createWhole(pathOf(key), bytes)),
    swap: (key, bytes, version) => guarded(async () => {
      const path = pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      return withFileLock(`${path}.lock`, signal, async (isHeld) => {
        const found = await readIfThere(path)
        if ((found === undefined ? '' : digestOf(found)) !== version) return false
        await replace(path, bytes, async () => {
          if (!(await isHeld())) throw lostLock(path)
        })
        return true
      })
    }),
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function replace(path: string, bytes: Uint8Array, beforeRename?: () => Promise<void>): Promise<void> {
  const staged = await stage(path, bytes)
  try {
    await beforeRename?.()
    await rename(staged, path)
  } catch (error) {
    await rm(staged, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** A hard link is the one call that gives a whole file its name and fails if the name is taken. */
async function createWhole(path: string, bytes: Uint8Array): Promise<boolean> {
  const staged = await stage(path, bytes)
  try {
    await link(staged, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error
    // A file system without hard links. A record that is cut short here is passed over by the next run.
    return await createExclusively(path, bytes)
  } finally {
    await rm(staged, { force: true })
  }
  await syncFolder(dirname(path))
  return true
}

async function createExclusively(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, bytes, { flag: 'wx', flush: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function stage(path: string, bytes: Uint8Array): Promise<string> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  await removeLeftovers(folder)
  const staged = join(folder, `.${basename(path)}.${randomUUID()}.tmp`)
  await writeFile(staged, bytes, { flag: 'wx', flush: true })
  return staged
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^\..+\.[0-9a-f-]{36}\.tmp$/.test(name)) continue
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > LEFTOVER_AGE) await rm(join(folder, name), { force: true })
  }
}

/** So that a name survives a power cut. Not every platform lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  try {
    await handle?.sync()
  } catch {
    // The file itself is synced; that its name is not yet is no failure.
  } finally {
    await handle?.close()
  }
}

function lostLock(path: string): StkError {
  return new StkError('STK4003', {
    why: `This run was stopped for so long that another one took over the lock of ${path}. Nothing was changed.`,
    fix: 'stk releases shows what is live; then release again.',
  })
}

function explain(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof StkError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  return new StkError('STK4001', {
    why: `The folder ${folder} cannot be used: ${message}`,
    fix: 'Make it a folder that can be written, or change `to`.',
    cause: error,
  })
}
