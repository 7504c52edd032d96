import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { StkError } from '@santokit/core'

/** How long a run waits for another one to let go, in milliseconds. */
const PATIENCE = 30_000
const POLL = 20
/** The lock is held for a compare and a rename. One this old has lost its owner, whatever computer that ran on. */
const ABANDONED = 20_000
/** The same for the guard, which is held for one unlink, and for a lock whose owner is not written yet. */
const BARELY_BEGUN = 5_000

/**
 * Runs `work` while holding a lock file that only one process can create. A lock whose owner is gone is taken over.
 *
 * @param work is given a question to ask right before it acts: is the lock still ours? A process that was stopped for
 * long may find that it is not.
 * @throws StkError STK4001 if another process holds the lock for over 30 s.
 */
export async function withFileLock<T>(file: string, signal: AbortSignal, work: (isHeld: () => Promise<boolean>) => Promise<T>): Promise<T> {
  const owner = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() })
  const isHeld = async (): Promise<boolean> => (await readOwner(file)) === owner
  const deadline = Date.now() + PATIENCE
  while (!(await acquire(file, owner))) {
    if (Date.now() > deadline) {
      throw new StkError('STK4001', {
        why: `Another process has been holding ${file} for over ${PATIENCE / 1000} s.`,
        fix: `Wait for it; if nothing is releasing, remove ${file}`,
      })
    }
    await delay(POLL, undefined, { signal })
  }
  try {
    return await work(isHeld)
  } finally {
    if (await isHeld()) await rm(file, { force: true })
  }
}

async function acquire(file: string, owner: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    try {
      await handle.writeFile(owner)
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (await isStale(file)) await takeOver(file)
  return false
}

/**
 * Removes a stale lock. One process at a time may, and it looks again first: otherwise the second of two would remove
 * the lock that the first has just taken.
 */
async function takeOver(file: string): Promise<void> {
  const guard = `${file}.takeover`
  try {
    await mkdir(guard)
  } catch {
    if ((await ageOf(guard)) > BARELY_BEGUN) await rm(guard, { recursive: true, force: true })
    return
  }
  try {
    if (await isStale(file)) await rm(file, { force: true })
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
}

async function isStale(file: string): Promise<boolean> {
  const age = await ageOf(file)
  const owner = parseOwner(await readOwner(file))
  if (owner === undefined) return age > BARELY_BEGUN
  return age > ABANDONED || (owner.host === hostname() && !isRunning(owner.pid))
}

async function ageOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found === undefined ? 0 : Date.now() - found.mtimeMs
}

async function readOwner(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

function parseOwner(text: string): { readonly pid: number; readonly host: string } | undefined {
  try {
    const { pid, host } = JSON.parse(text) as { readonly pid?: unknown; readonly host?: unknown }
    return typeof pid === 'number' && pid > 0 && typeof host === 'string' ? { pid, host } : undefined
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
