import { SEVERITIES, type Impact, type Severity } from '../../compat/index.ts'
import { StkError, suggestion, type Report } from '../../diagnostics/index.ts'
import type { OpenedLifecycle } from '../../lifecycle/open.ts'
import type { ProjectPlan } from '../../lifecycle/plan/project-plan.ts'
import type { Survey } from '../../lifecycle/plan/survey.ts'
import { exitCodeOf, outcomeOf, showFailures, type Outcome } from '../outcome.ts'
import { checkOutFile, writeOutFile } from '../out-file.ts'
import { withLifecycle, type Call } from '../session.ts'
import { chooseTargets, readTargetFlags } from '../target-flags.ts'
import type { Verb } from '../verb.ts'
import { printPlans } from './print-plan.ts'

export interface PlanCall extends Call {
  readonly verb: Verb
  readonly args: readonly string[]
  readonly options: Call['options'] & {
    readonly project: readonly string[]
    readonly target: readonly string[]
    readonly out: string | undefined
    readonly format: string | undefined
    readonly 'detailed-exitcode': boolean
    readonly 'fail-on': string | undefined
  }
}

const FORMATS = ['json', 'markdown'] as const
const LIMITS = ['breaking', 'risky'] as const

/** `stk plan`: builds, looks, and says what a release would do and what that means. */
export async function runPlan(call: PlanCall): Promise<number> {
  const { options, terminal } = call
  const format = oneOf('format', options.format, FORMATS)
  const limit = oneOf('--fail-on', options['fail-on'], LIMITS)
  if (format !== undefined && terminal.json) throw new StkError('STK1020', { why: '--json and --format print different things to one place.', fix: 'Take one of them away.' })
  return withLifecycle({ ...call, terminal: { ...terminal, report: quiet(terminal.report, terminal.json, format !== undefined) } }, 'plan', async (opened) => {
    const given = readTargetFlags(call.verb, call.args, opened, options.project)
    const pairs = chooseTargets(opened, { projects: options.project, targets: options.target, flags: given.flags })
    const lifecycle = { ...opened, flags: given.flags }
    await checkOutFile(lifecycle.config.root, options.out)
    const { plans, failed } = await planAll(lifecycle, pairs)
    const [{ changesAnything, planFileOf, surveyData }, { plansAsMarkdown }] = await Promise.all([import('../../lifecycle/plan/project-plan.ts'), import('../../lifecycle/plan/markdown.ts')])
    const isWhole = failed.length === 0
    const { environment, root } = lifecycle.config
    const file = isWhole ? planFileOf(plans, lifecycle) : undefined
    // Half a plan would be approved for a whole one.
    if (options.out !== undefined && file !== undefined) await writeOutFile(root, options.out, file)
    if (format === 'json') terminal.print(file ?? '')
    else if (format === 'markdown') terminal.print(plansAsMarkdown(plans, environment))
    else printPlans(plans, { environment, isWhole, file: isWhole ? options.out : undefined, terminal })
    const gate = limit === undefined ? [] : refusals(plans, limit)
    const outcomes: readonly Outcome<unknown>[] = [...failed, ...gate.map((error) => ({ ok: false as const, error }))]
    showFailures(outcomes, terminal)
    const changes = plans.some(changesAnything)
    terminal.event({
      type: 'result', ok: outcomes.length === 0, changes, ...(options.out === undefined || file === undefined ? {} : { file: options.out }),
      plans: plans.map(({ project, schema, targets }) => ({ project: project.name, schema, targets: targets.map(surveyData) })),
    })
    if (outcomes.length > 0) return options['detailed-exitcode'] ? 1 : exitCodeOf(outcomes)
    return options['detailed-exitcode'] && changes ? 2 : 0
  })
}

async function planAll(lifecycle: OpenedLifecycle, pairs: ReturnType<typeof chooseTargets>): Promise<{ readonly plans: readonly ProjectPlan[]; readonly failed: readonly Outcome<unknown>[] }> {
  const { planProject } = await import('../../lifecycle/plan/project-plan.ts')
  const plans: ProjectPlan[] = []
  const failed: Outcome<unknown>[] = []
  const attempt = async (work: () => Promise<Survey>): Promise<Survey | undefined> => {
    const outcome = await outcomeOf(work)
    if (outcome.ok) return outcome.value
    failed.push(outcome)
    return undefined
  }
  for (const project of new Set(pairs.map((pair) => pair.project))) {
    const targets = pairs.filter((pair) => pair.project === project).map(({ target }) => target)
    const outcome = await outcomeOf(() => planProject(project, targets, lifecycle, attempt))
    if (outcome.ok) plans.push(outcome.value)
    else failed.push(outcome)
  }
  return { plans, failed }
}

/** What happens on the way is not what a plan is read for: only failures and notes are shown. A program is told everything. */
function quiet(report: Report, json: boolean, silent: boolean): Report {
  if (json) return report
  return (event) => {
    if (event.type === 'phase:failed' || (event.type === 'note' && !silent)) report(event)
  }
}

/** What `--fail-on` finds: one error a target. Where nobody can tell, nobody may say that it is fine. */
function refusals(plans: readonly ProjectPlan[], limit: Severity): readonly StkError[] {
  const counted = SEVERITIES.slice(0, SEVERITIES.indexOf(limit) + 1)
  return plans.flatMap(({ targets }) => targets).flatMap(({ project, target, comparison }) => {
    const place = { project: project.name, target: target.name }
    if (comparison.kind === 'unknown') {
      return [new StkError('STK4012', { why: `What changes for clients cannot be told: ${comparison.why}.`, fix: 'Plan without --fail-on, and look yourself.', ...place })]
    }
    const found = comparison.kind === 'compared' ? comparison.changes.impacts.filter(({ severity }) => counted.includes(severity)) : []
    if (found.length === 0) return []
    return [new StkError('STK4012', { why: `${found.length} ${found.length === 1 ? 'change is' : 'changes are'} ${counted.join(' or ')}:\n${listed(found)}`, fix: 'Keep the old way working beside the new one: docs/plan.md', ...place })]
  })
}

function listed(impacts: readonly Impact[]): string {
  const shown = impacts.slice(0, 12).map(({ rule, subject, what }) => `${rule}  ${subject}: ${what}`)
  return [...shown, ...(impacts.length > shown.length ? [`and ${impacts.length - shown.length} more`] : [])].join('\n')
}

function oneOf<Name extends string>(what: string, given: string | undefined, known: readonly Name[]): Name | undefined {
  if (given === undefined) return undefined
  const found = known.find((name) => name === given)
  if (found === undefined) throw new StkError('STK1020', { why: `There is no ${what} "${given}".`, fix: suggestion(given, known) || `Take ${known.join(' or ')}.` })
  return found
}
