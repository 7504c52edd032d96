import { isStkError, StkError, suggestion } from '../diagnostics/index.ts'
import { VERSION } from '../version.ts'
import { overview, verbHelp, type TargetHelp } from './help.ts'
import { createTerminal, type Terminal } from './terminal/terminal.ts'
import { parseVerb, type Verb } from './verb.ts'
import { VERBS } from './verbs.ts'

/** The exit code of a process that ended at Ctrl-C, as shells have it: 128 + SIGINT. */
const INTERRUPTED = 130

/** Runs `stk` with these arguments and returns the exit code. The only place where an error becomes text. */
export async function main(args: readonly string[], processLike: NodeJS.Process): Promise<number> {
  const [name, ...rest] = args
  // What stands behind `--` is another command's.
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  const terminal = createTerminal(processLike, { json: own.includes('--json'), verbose: own.includes('--verbose') })
  const interrupt = onInterrupt(processLike)
  showCrashes(processLike, terminal)
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      terminal.print(overview(VERSION))
      return name === undefined ? 2 : 0
    }
    if (name === '--version' || name === '-v') {
      terminal.print(`${VERSION}\n`)
      return 0
    }
    const listing = VERBS.find((verb) => verb.name === name)
    if (listing === undefined) return await runPluginCommand(name, rest, terminal, interrupt.signal, processLike)
    const verb = await listing.load()
    if (wantsHelp(rest)) {
      terminal.print(verbHelp(verb, await targetHelp(verb, rest, processLike)))
      return 0
    }
    const { options, positionals } = parseVerb(verb, rest)
    const code = await verb.run({ verb, options, positionals, args: rest, terminal, signal: interrupt.signal,
      handOverSignals: interrupt.dispose, env: processLike.env, cwd: processLike.cwd() })
    return interrupt.signal.aborted ? INTERRUPTED : code ?? 0
  } catch (thrown) {
    if (interrupt.signal.aborted) {
      terminal.close()
      terminal.error(new StkError('STK9002', { why: 'Interrupted. Run the same command again: it finishes the work or changes nothing.' }))
      return INTERRUPTED
    }
    const error = isStkError(thrown) ? thrown : unexpected(thrown)
    terminal.error(error)
    if (error.code === 'STK9002') return INTERRUPTED
    // There, 2 says that something is to be done.
    return rest.includes('--detailed-exitcode') ? 1 : error.exitCode
  } finally {
    terminal.close()
    interrupt.dispose()
  }
}

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h')
}

/** `stk deploy image --help`: the flags of that target. Without a target the help loads no config, so that it is there at once. */
async function targetHelp(verb: Verb, args: readonly string[], { env, cwd }: NodeJS.Process): Promise<TargetHelp | undefined> {
  if (verb.takesTargetFlags !== true) return undefined
  const { options, positionals } = parseVerb(verb, args)
  const named = (options as { readonly target?: readonly string[] }).target?.[0] ?? positionals[0]
  if (named === undefined) return undefined
  const [{ loadConfig }, { flagsOf }] = await Promise.all([import('../config/index.ts'), import('./target-flags.ts')])
  const { config: file, env: environment } = options
  const { config, host } = await loadConfig({ cwd: cwd(), command: verb.name, env, isOnly: true, ...(file === undefined ? {} : { file }), ...(environment === undefined ? {} : { environment }) })
  const types = config.projects.flatMap(({ targets }) => targets.filter(({ name }) => name === named).map(({ type }) => type))
  return { target: named, flags: flagsOf(types, host) }
}

/** A verb that is not ours may be a plugin's. */
async function runPluginCommand(
  name: string,
  args: readonly string[],
  terminal: ReturnType<typeof createTerminal>,
  signal: AbortSignal,
  { env, cwd }: NodeJS.Process,
): Promise<number> {
  const names = VERBS.map((verb) => verb.name)
  const unknown = (more: readonly string[] = []): StkError =>
    new StkError('STK1020', { why: `There is no verb "${name}". ${suggestion(name, [...names, ...more])}`, fix: 'stk --help' })
  if (name.startsWith('-')) throw new StkError('STK1020', { why: `A verb comes first, not ${name}.`, fix: 'stk --help' })
  const { loadConfig } = await import('../config/index.ts')
  const loaded = await loadConfig({ cwd: cwd(), command: name, env, isOnly: true }).catch((error: unknown) => {
    // Without a config there are no plugins, and the verb is simply unknown.
    if (isStkError(error) && error.code === 'STK1001') throw unknown()
    throw error
  })
  const { tellKnownValues } = await import('../lifecycle/known-values.ts')
  await tellKnownValues(loaded.config, env, terminal.hide)
  const found = loaded.host.command(name)
  if (found === undefined) throw unknown([...loaded.host.commands().keys()])
  await loaded.host.attribute(found.plugin, `command ${name}`, () =>
    found.command.run(args, { config: loaded.config, report: terminal.report, signal }))
  return 0
}

/** The first Ctrl-C asks the work to stop; the second ends the process at once. */
function onInterrupt(processLike: NodeJS.Process): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) processLike.exit(INTERRUPTED)
    controller.abort(new DOMException('Interrupted', 'AbortError'))
  }
  processLike.on('SIGINT', stop)
  processLike.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    dispose() {
      processLike.off('SIGINT', stop)
      processLike.off('SIGTERM', stop)
    },
  }
}

/**
 * What nobody caught is shown like any other error, and what Node warns of goes the same way: Node itself would print both
 * as they are, with whatever value is in them. Never taken back: what is left behind may still fail after the verb has ended.
 */
function showCrashes(processLike: NodeJS.Process, terminal: Terminal): void {
  const crash = (thrown: unknown): void => {
    terminal.close()
    terminal.error(isStkError(thrown) ? thrown : unexpected(thrown))
    processLike.exit(1)
  }
  processLike.removeAllListeners('warning')
  processLike.on('warning', (warning) => terminal.warn(`(stk) ${warning.name}: ${warning.message}`))
  processLike.on('uncaughtException', crash)
  processLike.on('unhandledRejection', crash)
}

function unexpected(thrown: unknown): StkError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return new StkError('STK9001', { why: error.message, cause: error, fix: 'Run it again with --verbose and report it with the stack.' })
}

