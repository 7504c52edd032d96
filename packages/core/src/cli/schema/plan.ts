import { StkError, suggestion } from '../../diagnostics/index.ts'
import type { LifecycleContext } from '../../lifecycle/context.ts'
import type { SchemaPlan } from '../../schema/plan/format.ts'
import type { OpenSchema } from '../../schema/open-schemas.ts'
import { checkOutFile, writeOutFile } from '../out-file.ts'
import { withLifecycle, type Call } from '../session.ts'
import { printPlan } from './print-plan.ts'

export interface SchemaPlanCall extends Call {
  readonly options: Call['options'] & {
    readonly project: readonly string[]
    readonly alias: readonly string[]
    readonly out: string | undefined
    readonly format: string | undefined
    readonly 'detailed-exitcode': boolean
  }
}

const FORMATS = ['sql', 'json', 'markdown'] as const

/** `stk schema plan`: reads, and says what it found. */
export async function runSchemaPlan(call: SchemaPlanCall): Promise<number> {
  const { options, terminal } = call
  const format = formatNamed(options.format)
  if (format !== undefined && terminal.json) throw new StkError('STK1020', { why: '--json and --format print different things to one place.', fix: 'Take one of them away.' })
  // What is printed for a program must not be mixed with what goes on.
  const quiet = format === undefined ? call : { ...call, terminal: { ...terminal, report() {} } }
  return withLifecycle(quiet, 'schema', async (lifecycle) => {
    await checkOutFile(lifecycle.config.root, options.out)
    const planned = await planAll(lifecycle, options)
    const plans = planned.map(({ plan }) => plan)
    const [{ writePlanFile }, { plansAsMarkdown, plansAsSql }] = await Promise.all([import('../../schema/plan/format.ts'), import('../../schema/plan/show.ts')])
    const { environment, root } = lifecycle.config
    const file = writePlanFile(environment, plans)
    if (options.out !== undefined) await writeOutFile(root, options.out, file)
    if (format === 'sql') terminal.print(plansAsSql(plans))
    else if (format === 'markdown') terminal.print(plansAsMarkdown(plans, environment))
    else if (format === 'json') terminal.print(file)
    else for (const plan of plans) printPlan(plan, terminal)
    const changes = plans.some(({ statements }) => statements.length > 0)
    if (format === undefined) terminal.print(nextStep(options.out, changes))
    terminal.event({ type: 'result', ok: true, changes, ...(options.out === undefined ? {} : { file: options.out }), plans: plans.map(withoutFingerprints) })
    return options['detailed-exitcode'] && changes ? 2 : 0
  })
}

function nextStep(out: string | undefined, changes: boolean): string {
  if (!changes) return '\n'
  return out === undefined ? '\n  to do it   stk schema apply\n' : `\n  ${out} is written · to do exactly this   stk schema apply ${out}\n`
}

/** A plan as an event: what there is to read, without what only a program that applies it needs. */
export function withoutFingerprints({ live: _, desired: __, ...plan }: SchemaPlan): Readonly<Record<string, unknown>> {
  return plan
}

/** Plans every selected database, one after the other. */
export async function planAll(
  lifecycle: LifecycleContext, selection: { readonly project: readonly string[]; readonly alias: readonly string[] },
): Promise<readonly { readonly open: OpenSchema; readonly plan: SchemaPlan }[]> {
  const [{ selectProjects, runPhase }, { findSchemas, openSchema }, { planSchema }, { summaryOf }] = await Promise.all([
    import('../../lifecycle/index.ts').then(async (lifecycleIndex) => ({ ...lifecycleIndex, ...(await import('../../lifecycle/context.ts')) })),
    import('../../schema/open-schemas.ts'), import('../../schema/plan/plan-schema.ts'), import('../../schema/plan/show.ts'),
  ])
  const subjects = await findSchemas(lifecycle, selectProjects(lifecycle.config, selection.project), selection.alias)
  const planned: { readonly open: OpenSchema; readonly plan: SchemaPlan }[] = []
  for (const subject of subjects) {
    planned.push(await runPhase(lifecycle, { phase: 'schema', project: subject.project, target: subject.alias }, async () => {
      const open = await openSchema(subject, lifecycle)
      const plan = await planSchema(open)
      return { value: { open, plan }, summary: summaryOf(plan) }
    }))
  }
  return planned
}

function formatNamed(name: string | undefined): (typeof FORMATS)[number] | undefined {
  if (name === undefined) return undefined
  const format = FORMATS.find((candidate) => candidate === name)
  if (format === undefined) throw new StkError('STK1020', { why: `There is no format "${name}".`, fix: suggestion(name, FORMATS) })
  return format
}
