import { placeFlags } from '../config/place.ts'
import { isStkError, StkError } from '../diagnostics/index.ts'
import type { OpenedLifecycle } from '../lifecycle/open.ts'
import type { PreparedRelease } from '../lifecycle/release.ts'
import type { ProjectTarget } from '../lifecycle/select.ts'
import { exitCodeOf, outcomeOf, showFailures, type Outcome } from './outcome.ts'
import type { SavedPlan } from './plan/saved-plan.ts'
import { printProfile } from './profile.ts'
import { withLifecycle, type Call } from './session.ts'
import { chooseTargets, readTargetFlags, type TargetArguments } from './target-flags.ts'
import { formatMs } from './terminal/reporters.ts'
import type { Verb } from './verb.ts'

interface ReleaseCall extends Call {
  readonly verb: Verb
  readonly args: readonly string[]
  readonly options: Call['options'] & { readonly yes: boolean; readonly 'push-secrets': boolean; readonly 'dry-run': boolean; readonly profile: boolean; readonly project: readonly string[]; readonly target?: readonly string[] }
}

/** The conversation of `stk release` and `stk deploy`: build, prepare everything, show it, ask once, then act. */
export async function runRelease(
  command: 'release' | 'deploy',
  call: ReleaseCall,
  select: (given: TargetArguments) => { readonly projects: readonly string[]; readonly targets: readonly string[] },
): Promise<number> {
  const began = performance.now()
  const { options, terminal } = call
  return withLifecycle(call, command, async (opened) => {
    const given = readTargetFlags(call.verb, call.args, opened, options.project)
    const file = command === 'release' ? onlyFile(given) : undefined
    const saved = file === undefined ? undefined : await (await import('./plan/saved-plan.ts')).openSavedPlan(file, options, given.flags, opened)
    const pairs = saved?.pairs ?? chooseTargets(opened, { ...select(given), flags: given.flags })
    const lifecycle = { ...opened, flags: saved?.flags ?? given.flags, isDecided: saved === undefined && options.yes && !options['dry-run'] }
    const prepared = saved === undefined ? await prepareAll(lifecycle, pairs, options['push-secrets']) : await asPlanned(saved, await prepareAll(lifecycle, pairs, false), lifecycle)
    const ready = prepared.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
    const changing = ready.filter(({ plan, secretsToSet }) => secretsToSet.size > 0 || plan.steps.some((step) => step.action !== 'skip'))
    printPlans(call, ready, options['dry-run'])
    const released: Outcome<unknown>[] = prepared.filter((outcome) => !outcome.ok)
    if (!options['dry-run'] && ready.length > 0) {
      // A plan that was written down has been approved.
      if (changing.length > 0 && saved === undefined) await askOnce(call, changing)
      const { releaseTarget } = await import('../lifecycle/index.ts')
      released.push(...(await Promise.all(ready.map((each) => outcomeOf(() => releaseTarget(each, lifecycle))))))
    }
    showFailures(released, terminal)
    if (options.profile) printProfile(terminal, lifecycle.host)
    const stopped = released.filter((outcome) => !outcome.ok).length
    const done = released.length - stopped
    const counts = options['dry-run'] ? `${ready.length} planned, nothing was changed` : `${done} released`
    const undo = done > 0 && changing.length > 0 && !options['dry-run'] ? ` · undo: ${undoLine(changing, lifecycle.config.environment)}` : ''
    terminal.print(`\n  ${counts}${stopped === 0 ? '' : `, ${stopped} stopped`} · ${formatMs(performance.now() - began)}${undo}\n`)
    terminal.event({ type: 'result', ok: stopped === 0, dryRun: options['dry-run'], released: done, stopped, ms: Math.round(performance.now() - began) })
    return exitCodeOf(released)
  })
}

async function prepareAll(
  lifecycle: OpenedLifecycle,
  pairs: readonly ProjectTarget[],
  pushSecrets: boolean,
): Promise<readonly Outcome<PreparedRelease>[]> {
  const { buildProject, prepareRelease } = await import('../lifecycle/index.ts')
  const outcomes: Outcome<PreparedRelease>[] = []
  for (const project of new Set(pairs.map((pair) => pair.project))) {
    const targets = pairs.filter((pair) => pair.project === project).map((pair) => pair.target)
    const built = await outcomeOf(() => buildProject(project, lifecycle, targets))
    if (!built.ok) {
      outcomes.push(built)
      continue
    }
    for (const { target, pkg } of built.value.packages) {
      outcomes.push(await outcomeOf(() => prepareRelease(project, target, { bundle: built.value.bundle, pkg }, lifecycle, { pushSecrets })))
    }
  }
  return outcomes
}

/** All of what was planned, or nothing: one that is not as it was planned keeps the others from being released. */
async function asPlanned(saved: SavedPlan, prepared: readonly Outcome<PreparedRelease>[], lifecycle: OpenedLifecycle): Promise<readonly Outcome<PreparedRelease>[]> {
  const failed = prepared.filter((outcome) => !outcome.ok)
  const judged = await saved.judge(prepared.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])), lifecycle)
  const refused = judged.flatMap((verdict) => (isStkError(verdict) ? [{ ok: false as const, error: verdict }] : []))
  return failed.length + refused.length === 0 ? prepared : [...failed, ...refused]
}

function onlyFile({ positionals: [file, ...rest] }: TargetArguments): string | undefined {
  if (rest.length > 0) throw new StkError('STK1020', { why: `stk release takes one plan, and "${rest[0] ?? ''}" is one argument too many.`, fix: 'stk release --help' })
  return file
}

function printPlans({ terminal, options }: ReleaseCall, prepared: readonly PreparedRelease[], always: boolean): void {
  if (!always && (options.yes || !terminal.interactive)) return
  for (const { project, target, plan } of prepared) {
    const steps = plan.steps.filter((step) => step.action !== 'skip')
    const from = plan.from === null ? 'first release' : `live now: ${plan.from.id}`
    terminal.print(`\n  ${terminal.paint.bold(`${project.name} → ${target.name}`)}  ${from}\n`)
    if (steps.length === 0) terminal.print('    no change\n')
    for (const step of steps) terminal.print(`    ${step.action.padEnd(6)}  ${step.subject}\n`)
  }
}

async function askOnce({ options, terminal, signal }: ReleaseCall, prepared: readonly PreparedRelease[]): Promise<void> {
  if (options.yes) return
  const places = prepared.map(({ project, target }) => `${project.name} → ${target.name}`).join(', ')
  if (!terminal.interactive) {
    throw new StkError('STK1021', { why: `Releasing ${places} needs a yes, and there is no terminal to ask on. Nothing was changed.`, fix: 'Add --yes.' })
  }
  if (!(await terminal.confirm(`Release ${places}?`, signal))) {
    signal.throwIfAborted()
    throw new StkError('STK1021', { why: 'You said no. Nothing was changed.' })
  }
}

function undoLine(prepared: readonly PreparedRelease[], environment: string): string {
  const [only, ...more] = prepared
  if (only === undefined) return ''
  const some = { name: 'NAME' }
  return `stk rollback ${placeFlags({ project: more.length === 0 ? only.project : some, target: more.every(({ target }) => target.name === only.target.name) ? only.target : some, environment })}`
}
