import { openLifecycle, type OpenedLifecycle } from '../lifecycle/open.ts'
import type { COMMON_OPTIONS, VerbCall } from './verb.ts'

/** The part of a verb's call that every verb with a config needs. */
export type Call = Pick<VerbCall<typeof COMMON_OPTIONS>, 'options' | 'terminal' | 'signal' | 'env' | 'cwd'>

/** Loads the config for a verb, runs `work` with it, and lets go of what was opened. */
export async function withLifecycle<T>(call: Call, command: string, work: (lifecycle: OpenedLifecycle) => Promise<T>): Promise<T> {
  const { config, env } = call.options
  const lifecycle = await openLifecycle({
    cwd: call.cwd,
    command,
    env: call.env,
    report: call.terminal.report,
    signal: call.signal,
    interactive: call.terminal.interactive,
    tell: call.terminal.hide,
    ...(config === undefined ? {} : { file: config }),
    ...(env === undefined ? {} : { environment: env }),
  })
  try {
    return await work(lifecycle)
  } finally {
    await lifecycle.dispose()
  }
}
