import type { Runtime } from './runtime.ts'

/** Milliseconds a database has to answer. */
const PING_TIMEOUT = 2000
/** What asks for longer was lost: on a Worker, with the request it was made for. In milliseconds. */
const LOST_AFTER = 3 * PING_TIMEOUT

/**
 * Asks every database whether it answers. Probes that come while one runs share its result, so that nobody can load the
 * databases through `/ready`.
 *
 * @returns the aliases that do not answer.
 */
export function createReadiness(runtime: Runtime): () => Promise<string[]> {
  let running: { readonly found: Promise<string[]>; readonly since: number } | undefined
  return () => {
    if (running === undefined || performance.now() - running.since > LOST_AFTER) {
      const asked = running = {
        since: performance.now(),
        found: findUnreachable(runtime).finally(() => { if (running === asked) running = undefined }),
      }
    }
    return running.found
  }
}

async function findUnreachable(runtime: Runtime): Promise<string[]> {
  const answers = await Promise.all([...runtime.databases].map(async ([alias, driver]) => {
    try {
      await pingInTime((signal) => driver.ping(signal))
      return []
    } catch (error) {
      runtime.log.warn('a database does not answer', { database: alias, reason: error instanceof Error ? error.message : 'unknown' })
      return [alias]
    }
  }))
  return answers.flat()
}

/** Rejects in time even if the driver does not heed its signal. */
async function pingInTime(ping: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const reason = new DOMException(`No answer in ${PING_TIMEOUT} ms.`, 'TimeoutError')
      controller.abort(reason)
      reject(reason)
    }, PING_TIMEOUT)
  })
  try {
    await Promise.race([ping(controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
