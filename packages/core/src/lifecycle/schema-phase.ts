import { environmentFlag, placeFlags } from '../config/place.ts'
import type { ResolvedProject } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import { findSchemas, openSchema } from '../schema/open-schemas.ts'
import { runPhase, type LifecycleContext } from './context.ts'

/** What was asked in this run: several targets of a project have one answer. */
const asked = new WeakMap<LifecycleContext, Map<string, Promise<void>>>()

/**
 * Proves that the project's databases are what its schema files say, if its config requires that. Changes nothing, ever.
 *
 * @throws StkError STK6013 with the command that applies what is missing.
 */
export async function requireSchema(project: ResolvedProject, ctx: LifecycleContext): Promise<void> {
  if (project.schema?.release !== 'require') return
  const known = asked.get(ctx) ?? new Map<string, Promise<void>>()
  asked.set(ctx, known)
  const answer = known.get(project.name) ?? compare(project, ctx)
  known.set(project.name, answer)
  await answer
}

async function compare(project: ResolvedProject, ctx: LifecycleContext): Promise<void> {
  await runPhase(ctx, { phase: 'schema', project: project.name }, async () => {
    const [{ planSchema }, { summaryOf }] = await Promise.all([import('../schema/plan/plan-schema.ts'), import('../schema/plan/show.ts')])
    const subjects = await findSchemas(ctx, [project])
    const behind: string[] = []
    for (const subject of subjects) {
      const plan = await planSchema(await openSchema(subject, ctx))
      if (plan.statements.length > 0 || plan.unplanned.length > 0) behind.push(`${subject.alias} (${[summaryOf(plan), ...plan.unplanned].join('; ')})`)
    }
    if (behind.length > 0) {
      const { environment } = ctx.config
      throw new StkError('STK6013', {
        why: `${behind.join(', ')} ${behind.length === 1 ? 'is' : 'are'} not what the schema files say. Nothing was changed.`,
        fix: [`stk schema plan ${placeFlags({ project, environment })} --out plan.json`, `stk schema apply plan.json${environmentFlag(environment)}`],
      })
    }
    return { value: undefined, summary: `${subjects.map(({ alias }) => alias).join(', ')} up to date` }
  })
}
