import { mkdir, open, readFile, rm } from 'node:fs/promises'
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
  if (pid !== undefined && !isRunning(pid)) await rm(file, { force: true })
  return false
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
