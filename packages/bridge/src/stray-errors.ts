import { describeError } from './log.ts'
import type { Log } from './logic.ts'

/** What logic gets that tries to end the process it shares with every other call. */
export class ProcessExitRefused extends Error {
  override readonly name = 'ProcessExitRefused'

  constructor() {
    super('Logic must not end the process: it serves other calls, too. Throw an error instead.')
  }
}

/**
 * Keeps what logic leaves behind from ending the process: a rejected promise that nobody awaits, a throw in a timer, and
 * `process.exit`, which throws from here on. Each is logged.
 *
 * @returns the way to end the process all the same.
 */
export function surviveStrayErrors(log: Log): (code: number) => never {
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection in logic', { error: describeError(reason) }))
  process.on('uncaughtException', (error) => log.error('uncaught exception in logic', { error: describeError(error) }))
  const exit = process.exit.bind(process)
  process.exit = () => {
    const refused = new ProcessExitRefused()
    log.error('logic tried to end the process', { error: describeError(refused) })
    throw refused
  }
  return exit
}
