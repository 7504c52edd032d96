import { freeze, type Artifact, type Bundle } from '../../artifact/index.ts'
import type { ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import type { Release, ReleasePlan } from '../../plugin/contract.ts'
import { returnedPlan } from '../../plugin/returned.ts'
import { findTarget } from '../build.ts'
import { runPhase, targetContext, type LifecycleContext } from '../context.ts'
import { formatBytes } from '../format.ts'
import { compareDeployed, type Comparison } from './deployed.ts'
import { readSecretsState, type SecretsState } from './secrets-state.ts'

/** What a release of a project to one target would do and would meet. */
export interface Survey {
  readonly project: ResolvedProject
  readonly target: ResolvedTarget
  readonly bundle: Bundle
  readonly pkg: Artifact
  readonly plan: ReleasePlan
  /** What is live now. */
  readonly live: Release | null
  readonly comparison: Comparison
  readonly secrets: SecretsState
}

/**
 * Looks at a target and says what a release would do there. Reads only; a secret that is missing is part of the answer.
 *
 * No listener of releases is called: nothing is about to be released.
 */
export async function surveyTarget(
  project: ResolvedProject, target: ResolvedTarget, built: { readonly bundle: Bundle; readonly pkg: Artifact }, ctx: LifecycleContext,
): Promise<Survey> {
  return runPhase(ctx, { phase: 'plan', project: project.name, target: target.name }, async () => {
    const { implementation, plugin } = findTarget(target, ctx)
    const plan = freeze(await ctx.host.attribute(plugin, `target ${target.type}: plan`, async () =>
      returnedPlan(await implementation.plan(built.pkg, targetContext(ctx, project, target, 'plan')))))
    const [comparison, secrets] = await Promise.all([
      compareDeployed(plan.from, built.bundle, project, target, ctx), readSecretsState(project, target, ctx),
    ])
    const value: Survey = { project, target, ...built, plan, live: plan.from, comparison, secrets }
    return { value, summary: changesRelease(value) ? `${formatBytes(plan.bytes)} to send` : 'no change', data: { plan } }
  })
}

/** Whether a release would do anything at all. */
export function changesRelease({ plan }: Pick<Survey, 'plan'>): boolean {
  return plan.steps.some(({ action }) => action !== 'skip')
}
