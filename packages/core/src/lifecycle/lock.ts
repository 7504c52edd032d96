import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { dirname } from 'pathe'
import { StkError } from '../diagnostics/index.ts'

/** How long a build waits for another one of the same project, in milliseconds. */
const PATIENCE = 30_000
const POLL = 50

/**
 * Runs `work` while holding a lock file, so that two processes never write the same folder at once. A lock whose process
 * is gone is taken over.
 *
 * @throws StkError STK2021 if another process still holds it after 30 s.
 */
export async function withLock<T>(file: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  const deadline = Date.now() + PATIENCE
  while (!(await acquire(file))) {
    if (Date.now() > deadline) {
      throw new StkError('STK2021', {
        why: `Process ${(await holder(file)) ?? '?'} has been writing here for over ${PATIENCE / 1000} s.`,
        fix: `Wait for it, or, if it is not a build, remove ${file}`,
      })
    }
    await delay(POLL, undefined, { signal })
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(String(process.pid))
    await handle.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const pid = await holder(file)
  // No number yet: its owner is between creating and writing the file.
  if (pid !== undefined && !isRunning(pid)) await takeOver(file)
  return false
}

/**
 * Removes a lock whose process is gone. One process at a time may, and it looks again first: otherwise the second of two
 * would remove the lock that the first has just taken.
 */
async function takeOver(file: string): Promise<void> {
  const guard = `${file}.takeover`
  try {
    await mkdir(guard)
  } catch {
    // Another one is at it, or died at it: a guard is held for a moment only.
    const age = Date.now() - (await stat(guard).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs
    if (age > 5_000) await rm(guard, { recursive: true, force: true })
    return
  }
  try {
    const pid = await holder(file)
    if (pid !== undefined && !isRunning(pid)) await rm(file, { force: true })
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
}

async function holder(file: string): Promise<number | undefined> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''))
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
