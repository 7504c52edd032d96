import { StkError } from '../../diagnostics/index.ts'
import type { OpenedLifecycle } from '../../lifecycle/open.ts'
import type { SecretsPush } from '../../lifecycle/platform-secrets.ts'
import type { ProjectTarget } from '../../lifecycle/select.ts'
import { exitCodeOf, outcomeOf, showFailures, type Outcome } from '../outcome.ts'
import type { Call } from '../session.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { placeLine } from './diff.ts'

export interface PushOptions {
  readonly only: readonly string[]
  readonly prune: boolean
  readonly yes: boolean
  readonly dryRun: boolean
}

/**
 * Shows the names that would be set or removed, asks, and sets them.
 *
 * All or nothing up to the question: if one value cannot be read, or one platform not be asked, nothing is changed anywhere.
 */
export async function runPush(
  pairs: readonly ProjectTarget[], options: PushOptions, lifecycle: OpenedLifecycle, { terminal, signal }: Pick<Call, 'terminal' | 'signal'>,
): Promise<number> {
  const { checkOnly, preparePush, pushSecrets } = await import('../../lifecycle/index.ts')
  const wanted = relevant(pairs, options, checkOnly)
  const prepared: Outcome<SecretsPush>[] = []
  for (const { project, target } of wanted) prepared.push(await outcomeOf(() => preparePush(project, target, options, lifecycle)))
  const pushes = prepared.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
  for (const push of pushes) printPush(push, lifecycle.config.environment, options, terminal)
  if (pushes.length < prepared.length) {
    showFailures(prepared, terminal)
    terminal.print('\n  Nothing was changed.\n')
    terminal.event({ type: 'result', ok: false, changed: false, targets: [] })
    return exitCodeOf(prepared)
  }
  const changing = pushes.filter(({ values, removed }) => values.size > 0 || removed.length > 0)
  if (options.dryRun || changing.length === 0) {
    terminal.print(`\n  ${options.dryRun ? 'Nothing was changed.' : 'There is nothing to set.'}\n`)
    terminal.event({ type: 'result', ok: true, changed: false, dryRun: options.dryRun, targets: pushes.map(pushData) })
    return 0
  }
  const agreed = await agree(changing, options, terminal, signal)
  const done: Outcome<SecretsPush>[] = []
  for (const push of agreed) done.push(await outcomeOf(async () => { await pushSecrets(push, lifecycle); return push }))
  for (const outcome of done) if (outcome.ok) printDone(outcome.value, lifecycle.config.environment, terminal)
  showFailures(done, terminal)
  terminal.event({ type: 'result', ok: done.every(({ ok }) => ok), changed: true, targets: done.flatMap((outcome) => (outcome.ok ? [pushData(outcome.value)] : [])) })
  return exitCodeOf(done)
}

/** With `--only`, the projects that declare one of the names. */
function relevant(pairs: readonly ProjectTarget[], { only }: PushOptions, check: typeof import('../../lifecycle/index.ts').checkOnly): readonly ProjectTarget[] {
  const projects = [...new Set(pairs.map(({ project }) => project))]
  check(only, projects)
  if (only.length === 0) return pairs
  return pairs.filter(({ project }) => only.some((name) => {
    try {
      check([name], [project])
      return true
    } catch {
      return false
    }
  }))
}

function printPush(push: SecretsPush, environment: string, { only, prune }: PushOptions, { print, paint }: Terminal): void {
  const { diff, added, overwritten, removed } = push
  print(`\n  ${placeLine(diff, environment, paint.bold)}\n`)
  const row = (what: string, names: readonly string[], note = ''): void => {
    for (const name of names) print(`    ${what.padEnd(9)}  ${name}${note === '' ? '' : `  ${paint.dim(note)}`}\n`)
  }
  row('add', added)
  row('overwrite', overwritten)
  row('remove', removed)
  if (!prune) row('unmanaged', diff.unmanaged, 'there, but not declared; --prune removes it')
  if (only.length === 0) row('leave', [...diff.optional, ...diff.present].filter((name) => !push.values.has(name)), 'optional, and not set here')
}

/**
 * Asks for what is to be set, then for what is to be removed, before anything is done.
 *
 * @returns what was agreed to.
 * @throws StkError STK1021 at a no, or where nobody can be asked; STK9002 at Ctrl-C.
 */
async function agree(pushes: readonly SecretsPush[], options: PushOptions, terminal: Terminal, signal: AbortSignal): Promise<readonly SecretsPush[]> {
  const setting = pushes.filter(({ values }) => values.size > 0)
  const removing = pushes.filter(({ removed }) => removed.length > 0)
  if (options.yes) return pushes
  if (!terminal.interactive) {
    throw new StkError('STK1021', {
      why: `Changing secrets of ${places(pushes)} needs a yes, and there is no terminal to ask on. Nothing was changed.`, fix: 'Add --yes.',
    })
  }
  const ask = async (question: string): Promise<boolean> => {
    const answer = await terminal.confirm(question, signal)
    signal.throwIfAborted()
    return answer
  }
  if (setting.length > 0 && !(await ask(`Set ${count(setting.reduce((sum, { values }) => sum + values.size, 0))} on ${places(setting)}?`))) {
    throw new StkError('STK1021', { why: 'You said no. Nothing was changed.' })
  }
  if (removing.length === 0) return pushes
  const names = removing.flatMap(({ removed }) => removed)
  if (await ask(`Remove ${names.join(', ')} from ${places(removing)}? This cannot be taken back.`)) return pushes
  if (setting.length === 0) throw new StkError('STK1021', { why: 'You said no. Nothing was changed.' })
  return setting.map((push) => ({ ...push, removed: [] }))
}

function printDone({ diff, values, removed }: SecretsPush, environment: string, { print, paint }: Terminal): void {
  const parts = [...(values.size === 0 ? [] : [`${count(values.size)} set`]), ...(removed.length === 0 ? [] : [`${removed.length} removed`])]
  print(`\n  ${paint.green('✔')} ${placeLine(diff, environment, paint.bold)}  ${parts.join(', ')}\n`)
}

function count(secrets: number): string {
  return `${secrets} secret${secrets === 1 ? '' : 's'}`
}

function places(pushes: readonly SecretsPush[]): string {
  return pushes.map(({ diff }) => `${diff.project.name} → ${diff.target.name}`).join(', ')
}

/** A push as plain data: names only. */
function pushData({ diff, added, overwritten, removed }: SecretsPush): Readonly<Record<string, unknown>> {
  return { project: diff.project.name, target: diff.target.name, added, overwritten, removed, unmanaged: diff.unmanaged }
}
