import { freeze, type Artifact, type Bundle } from '../artifact/index.ts'
import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { isStkError, StkError } from '../diagnostics/index.ts'
import type { Release, ReleasePlan } from '../plugin/contract.ts'
import { returnedPlan, returnedRelease } from '../plugin/returned.ts'
import { findTarget } from './build.ts'
import { runPhase, targetContext, type LifecycleContext } from './context.ts'
import { formatBytes } from './format.ts'
import { cannot } from './releases.ts'
import { requireSchema } from './schema-phase.ts'
import { secretsPhase, type SecretsToSet } from './secrets-phase.ts'
import { verifyRelease } from './verify.ts'

/** A release that is ready to happen: everything about it is known, and nothing has been changed. */
export interface PreparedRelease {
  readonly project: ResolvedProject
  readonly target: ResolvedTarget
  readonly bundle: Bundle
  readonly pkg: Artifact
  readonly plan: ReleasePlan
  /** Values that go with it, on a platform that takes them so. */
  readonly secretsToSet: SecretsToSet
}

/**
 * Proves that the schema is up to date where that is required, and that the platform has the secrets, and asks the target what
 * it would do. Changes nothing.
 *
 * @param options.pushSecrets whether every declared value is to be set with the release.
 */
export async function prepareRelease(
  project: ResolvedProject,
  target: ResolvedTarget,
  built: { readonly bundle: Bundle; readonly pkg: Artifact },
  ctx: LifecycleContext,
  options: { readonly pushSecrets?: boolean } = {},
): Promise<PreparedRelease> {
  await requireSchema(project, ctx)
  const secretsToSet = await secretsPhase(project, target, built.bundle, ctx, options.pushSecrets === true)
  const plan = await runPhase(ctx, { phase: 'plan', project: project.name, target: target.name }, async () => {
    const { implementation, plugin } = findTarget(target, ctx)
    const value = freeze(await ctx.host.attribute(plugin, `target ${target.type}: plan`, async () =>
      returnedPlan(await implementation.plan(built.pkg, targetContext(ctx, project, target, 'plan', secretsToSet)))))
    await ctx.host.callHook('release:planned', hookContext(project, target, ctx), value)
    return { value, summary: planSummary(value), data: { plan: value } }
  })
  return { project, target, ...built, plan, secretsToSet }
}

/** Carries out a prepared release and proves that it is live. One that is not healthy is rolled back, where the target can. */
export async function releaseTarget(prepared: PreparedRelease, ctx: LifecycleContext): Promise<Release> {
  const { project, target, pkg, plan, secretsToSet } = prepared
  const { implementation, plugin } = findTarget(target, ctx)
  const release = await runPhase(ctx, { phase: 'release', project: project.name, target: target.name }, async () => {
    await ctx.host.callHook('release:before', hookContext(project, target, ctx), pkg)
    const value = freeze(await ctx.host.attribute(plugin, `target ${target.type}: release`, async () =>
      returnedRelease(await implementation.release(plan, pkg, targetContext(ctx, project, target, 'release', secretsToSet)))))
    const unchanged = value.id === plan.from?.id
    const sent = value.sent === undefined ? '' : `  ${formatBytes(value.sent)} sent`
    return {
      value,
      summary: `${value.id} → ${value.environment}${unchanged ? '  already live' : sent}`,
      data: { release: value, unchanged },
    }
  })
  await verifyRelease(release, project, target, ctx, { live: plan.from })
  await announce(release, project, target, ctx)
  return release
}

/** Tells listeners. One that fails cannot undo the release, so its error says how things are. */
async function announce(release: Release, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<void> {
  try {
    await ctx.host.callHook('release:done', hookContext(project, target, ctx), release)
  } catch (error) {
    if (!isStkError(error)) throw error
    throw new StkError(error.code, {
      ...error.details, project: project.name, target: target.name, why: `${error.details.why} The release ${release.id} is live all the same.`,
    })
  }
}

/** Makes an earlier release live again and proves that it is. */
export async function rollbackTarget(project: ResolvedProject, target: ResolvedTarget, to: Release, ctx: LifecycleContext): Promise<Release> {
  const { implementation, plugin } = findTarget(target, ctx)
  const release = await runPhase(ctx, { phase: 'release', project: project.name, target: target.name }, async () => {
    if (implementation.rollback === undefined) throw cannot(target, 'roll back')
    const rollback = implementation.rollback.bind(implementation)
    const value = freeze(await ctx.host.attribute(plugin, `target ${target.type}: rollback`, () =>
      rollback(to, targetContext(ctx, project, target, 'release'))))
    return { value, summary: `${value.id} → ${value.environment}  restores ${to.id}`, data: { release: value } }
  })
  await verifyRelease(release, project, target, ctx)
  return release
}

function hookContext(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext) {
  return { config: ctx.config, project, target: { name: target.name, type: target.type } }
}

function planSummary(plan: ReleasePlan): string {
  const steps = plan.steps.filter((step) => step.action !== 'skip')
  if (steps.length === 0) return 'no change'
  return `${steps.length} step${steps.length === 1 ? '' : 's'}, ${formatBytes(plan.bytes)} to send`
}
