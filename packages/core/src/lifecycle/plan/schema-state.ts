import type { ResolvedProject } from '../../config/resolved.ts'
import { isStkError } from '../../diagnostics/index.ts'
import { findEngine, findSchemas, openSchema } from '../../schema/open-schemas.ts'
import type { SchemaSubject } from '../../schema/contract.ts'
import type { LifecycleContext } from '../context.ts'

/** How a database stands with its schema files. */
export type SchemaState = { readonly alias: string } & (
  | { readonly kind: 'compared'; readonly summary: string; readonly statements: number; readonly losing: number; readonly unplanned: number }
  | { readonly kind: 'not compared'; readonly why: string }
)

/** Compares each database that has schema files with them, as `stk schema plan` does. What cannot be compared says why, and stops nothing. */
export async function readSchemaStates(project: ResolvedProject, ctx: LifecycleContext): Promise<readonly SchemaState[]> {
  const subjects = await findSchemas(ctx, [project]).catch((error: unknown) => {
    // Nothing to compare is no failure here.
    if (isStkError(error) && error.code === 'STK6014') return []
    throw error
  })
  const states: SchemaState[] = []
  for (const subject of subjects) states.push(await readSchemaState(subject, ctx))
  return states
}

async function readSchemaState(subject: SchemaSubject, ctx: LifecycleContext): Promise<SchemaState> {
  const { alias } = subject
  if (findEngine(subject, ctx.host) === undefined) return { alias, kind: 'not compared', why: 'no plugin offers a schema engine for it' }
  try {
    const [{ planSchema }, { summaryOf }] = await Promise.all([import('../../schema/plan/plan-schema.ts'), import('../../schema/plan/show.ts')])
    const plan = await planSchema(await openSchema(subject, ctx))
    return {
      alias, kind: 'compared', summary: summaryOf(plan), statements: plan.statements.length,
      losing: plan.statements.filter(({ risk }) => risk === 'data-losing').length, unplanned: plan.unplanned.length,
    }
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (isStkError(error)) return { alias, kind: 'not compared', why: error.details.why }
    throw error
  }
}
