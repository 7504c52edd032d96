import { StkError, throwAll, isStkError } from '../../diagnostics/index.ts'
import type { OpenedLifecycle } from '../../lifecycle/open.ts'
import type { Allowed } from '../../schema/apply/gates.ts'
import type { OpenSchema } from '../../schema/open-schemas.ts'
import type { SchemaPlan } from '../../schema/plan/format.ts'
import { withLifecycle, type Call } from '../session.ts'
import { planAll } from './plan.ts'
import { printPlan, printStatement } from './print-plan.ts'

export interface SchemaApplyCall extends Call {
  readonly options: Call['options'] & {
    readonly project: readonly string[]
    readonly alias: readonly string[]
    readonly 'allow-drop': readonly string[]
    readonly 'allow-statement': readonly string[]
    readonly 'no-wait': boolean
    readonly 'dry-run': boolean
    readonly yes: boolean
  }
}

interface ToApply {
  readonly open: OpenSchema
  readonly approved: SchemaPlan
}

/** `stk schema apply [FILE]`: what a file says, or, without one, what is planned now and a person says yes to. */
export async function runSchemaApply(call: SchemaApplyCall, file: string | undefined): Promise<number> {
  const { options, terminal } = call
  return withLifecycle(call, 'schema', async (lifecycle) => {
    const all = file === undefined
      ? (await planAll(lifecycle, options)).map(({ open, plan }) => ({ open, approved: plan }))
      : await readApproved(lifecycle, call, file)
    const wanted = file === undefined ? all.filter(({ approved }) => approved.statements.length > 0) : all
    const allowed = await settle(call, wanted, file === undefined)
    const { applySchema } = await import('../../schema/apply/apply-schema.ts')
    const { runPhase } = await import('../../lifecycle/context.ts')
    const done: { readonly project: string; readonly alias: string; readonly statements: number }[] = []
    for (const { open, approved } of wanted) {
      const { project, alias } = approved
      const applied = await runPhase(lifecycle, { phase: 'schema', project, target: alias }, async () => {
        const value = await applySchema({ ...open, approved, allowed, noWait: options['no-wait'], dryRun: options['dry-run'] })
        return { value, summary: summary(value, options['dry-run']), data: { approval: value.approval, statements: value.statements.length } }
      }).catch((error: unknown) => { throw withNotBegun(error, wanted, done.length) })
      if (options['dry-run']) for (const [at, statement] of applied.statements.entries()) printStatement(statement, at + 1, terminal.paint, (text) => terminal.print(text))
      done.push({ project, alias, statements: applied.statements.length })
    }
    if (wanted.length === 0) terminal.print('\n  nothing to do\n')
    terminal.event({ type: 'result', ok: true, dryRun: options['dry-run'], applied: done })
    return 0
  })
}

function summary({ approval, statements }: { readonly approval: string; readonly statements: readonly unknown[] }, dryRun: boolean): string {
  const count = `${statements.length} statement${statements.length === 1 ? '' : 's'}`
  if (statements.length === 0) return approval === 'done before' ? 'was done before; nothing to do' : 'nothing to do'
  if (dryRun) return `${count} would run; nothing was changed`
  return approval === 'to be finished' ? `${count} that an interrupted run had left, applied and verified` : `${count} applied and verified`
}

/** Says which databases a failure kept from being looked at. */
function withNotBegun(error: unknown, wanted: readonly ToApply[], at: number): unknown {
  const left = wanted.slice(at + 1).map(({ approved }) => `${approved.project}.${approved.alias}`)
  if (left.length === 0 || !isStkError(error)) return error
  return new StkError(error.code, { ...error.details, why: `${error.details.why}\nNot begun: ${left.join(', ')}.` })
}

async function readApproved(lifecycle: OpenedLifecycle, { options }: SchemaApplyCall, file: string): Promise<readonly ToApply[]> {
  if (options.project.length > 0 || options.alias.length > 0) {
    throw new StkError('STK1020', { why: 'A plan file says itself which databases it is for.', fix: `stk schema apply ${file}` })
  }
  const [{ readFile }, { resolve }, { readPlanFile }, { findSchemas, openSchema }] = await Promise.all([
    import('node:fs/promises'), import('pathe'), import('../../schema/plan/format.ts'), import('../../schema/open-schemas.ts'),
  ])
  const content = await readFile(resolve(lifecycle.config.root, file), 'utf8').catch((cause: unknown) => {
    throw new StkError('STK6005', { why: `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, fix: 'stk schema plan --out FILE' })
  })
  const { environment, plans } = readPlanFile(content, file)
  if (environment !== lifecycle.config.environment) {
    throw new StkError('STK6006', {
      why: `It was planned for the environment "${environment}", and this is "${lifecycle.config.environment}". Nothing was changed.`, fix: `Add --env ${environment}.`,
    })
  }
  const subjects = await findSchemas(lifecycle, lifecycle.config.projects)
  const toApply: ToApply[] = []
  for (const approved of plans) {
    const subject = subjects.find(({ project, alias }) => project === approved.project && alias === approved.alias)
    if (subject === undefined) {
      throw new StkError('STK6006', {
        why: `${approved.project}.${approved.alias} has no schema files any more. Nothing was changed.`, fix: 'Plan again: stk schema plan --out FILE', project: approved.project,
      })
    }
    toApply.push({ open: await openSchema(subject, lifecycle), approved })
  }
  return toApply
}

/** Checks every gate before the first database is touched, and asks where there is somebody to ask. */
async function settle(call: SchemaApplyCall, wanted: readonly ToApply[], ask: boolean): Promise<Allowed> {
  const { options, terminal, signal } = call
  const { closedGates, passGates } = await import('../../schema/apply/gates.ts')
  let allowed: Allowed = { drops: options['allow-drop'], statements: options['allow-statement'] }
  const plans = wanted.map(({ approved }) => approved)
  if (ask) for (const plan of plans) printPlan(plan, terminal)
  if (ask && terminal.interactive && !options.yes && !options['dry-run']) allowed = { ...allowed, statements: [...allowed.statements, ...(await askUnknown(call, plans, allowed))] }
  const closed = plans.flatMap((plan): StkError[] => {
    try {
      passGates(plan, allowed)
      return []
    } catch (error) {
      if (!isStkError(error)) throw error
      return [error]
    }
  })
  throwAll(closed)
  const needless = options['allow-drop'].filter((name) => !plans.some((plan) => closedGates(plan, { drops: [], statements: [] }).drops.some((drop) => name === drop || name.replace(':public.', ':') === drop)))
  for (const name of needless) terminal.report({ type: 'note', level: 'warn', message: `--allow-drop ${name}: the plan drops nothing of that name` })
  if (ask && !options['dry-run'] && !options.yes && plans.length > 0) {
    const places = plans.map(({ project, alias }) => `${project}.${alias}`).join(', ')
    if (!terminal.interactive) {
      throw new StkError('STK1021', { why: `Changing the schema of ${places} needs a yes, and there is no terminal to ask on. Nothing was changed.`, fix: 'Add --yes, or apply a plan that was approved: stk schema apply FILE' })
    }
    if (!(await terminal.confirm(`Apply to ${places}?`, signal))) throw new StkError('STK1021', { why: 'You said no. Nothing was changed.' })
  }
  return allowed
}

async function askUnknown({ terminal, signal }: SchemaApplyCall, plans: readonly SchemaPlan[], allowed: Allowed): Promise<readonly string[]> {
  const { closedGates, statementName } = await import('../../schema/apply/gates.ts')
  const confirmed: string[] = []
  for (const statement of plans.flatMap((plan) => closedGates(plan, allowed).statements)) {
    if (await terminal.confirm(`${statement.why}.\n${statement.sql}\nRun it?`, signal)) confirmed.push(statementName(statement))
  }
  return confirmed
}
