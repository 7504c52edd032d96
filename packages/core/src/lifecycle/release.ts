import { freeze, type Artifact, type Bundle } from '../artifact/index.ts'
import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { isStkError, StkError } from '../diagnostics/index.ts'
import type { Release, ReleasePlan } from '../plugin/contract.ts'
import { findTarget } from './build.ts'
import { runPhase, targetContext, type LifecycleContext } from './context.ts'
import { formatBytes } from './format.ts'
import { requireSchema } from './schema-phase.ts'
import { secretsPhase, type SecretsToSet } from './secrets-phase.ts'

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
    const value = freeze(await ctx.host.attribute(plugin, `target ${target.type}: plan`, () =>
      implementation.plan(built.pkg, targetContext(ctx, project, target, 'plan', secretsToSet))))
    await ctx.host.callHook('release:planned', hookContext(project, target, ctx), value)
    return { value, summary: planSummary(value), data: { plan: value } }
  })
  return { project, target, ...built, plan, secretsToSet }
}

/** Carries out a prepared release and proves that it is live. */
export async function releaseTarget(prepared: PreparedRelease, ctx: LifecycleContext): Promise<Release> {
  const { project, target, pkg, plan, secretsToSet } = prepared
  const { implementation, plugin } = findTarget(target, ctx)
  const release = await runPhase(ctx, { phase: 'release', project: project.name, target: target.name }, async () => {
    await ctx.host.callHook('release:before', hookContext(project, target, ctx), pkg)
    const value = freeze(await ctx.host.attribute(plugin, `target ${target.type}: release`, () =>
      implementation.release(plan, pkg, targetContext(ctx, project, target, 'release', secretsToSet))))
    const unchanged = value.id === plan.from?.id
    const sent = value.sent === undefined ? '' : `  ${formatBytes(value.sent)} sent`
    return {
      value,
      summary: `${value.id} → ${value.environment}${unchanged ? '  already live' : sent}`,
      data: { release: value, unchanged },
    }
  })
  await verifyRelease(release, project, target, ctx)
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

/** What was released to a target, newest first, as its platform remembers it. */
export async function* listReleases(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): AsyncIterable<Release> {
  const { implementation, plugin } = findTarget(target, ctx)
  if (implementation.releases === undefined) throw cannot(target, 'list its releases')
  const iterator = implementation.releases(targetContext(ctx, project, target, 'plan'))[Symbol.asyncIterator]()
  for (;;) {
    const next = await ctx.host.attribute(plugin, `target ${target.type}: releases`, () => iterator.next())
    if (next.done === true) return
    yield next.value
  }
}

/**
 * Finds the release to go back to.
 *
 * Without an id it is the one that was live before what is live now. Where a rollback is live, that means before the
 * release it restored, so that rolling back twice goes back twice instead of to and fro.
 *
 * @throws StkError STK4004 if there is none, STK4009 if `id` is not among the releases.
 */
export async function findRollback(releases: AsyncIterable<Release>, id: string | undefined, place: string): Promise<Release> {
  const seen: Release[] = []
  for await (const release of releases) {
    seen.push(release)
    if (id !== undefined && isCalled(release, id)) return release
  }
  if (id !== undefined) {
    throw new StkError('STK4009', { why: `${place} has no release "${id}".`, fix: 'stk releases lists them.' })
  }
  const live = seen[0]
  let current = live
  while (current?.restores !== undefined) {
    const restored: string = current.restores
    current = seen.find((release) => release.id === restored)
  }
  // A release of the digest that is live already would change nothing.
  const from = current === undefined ? -1 : seen.indexOf(current)
  const earlier = from === -1 ? undefined : seen.slice(from + 1).find((release) => release.digest !== live?.digest)
  if (earlier === undefined) {
    throw new StkError('STK4004', {
      why: live === undefined ? `Nothing has been released to ${place} yet.` : `${live.id} is the first release to ${place}.`,
      fix: live === undefined ? 'stk release' : 'Release a corrected version instead: stk release',
    })
  }
  return earlier
}

/** Whether a person may mean this release by `name`: its id, its bundle's digest, or a name of the platform's such as an image tag. */
export function isCalled(release: Release, name: string): boolean {
  return release.id === name || release.digest === name || Object.values(release.details ?? {}).includes(name)
}

/** @throws StkError STK4006 if it is not healthy. */
export async function verifyRelease(release: Release, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<void> {
  const { implementation, plugin } = findTarget(target, ctx)
  if (implementation.verify === undefined) return
  const verify = implementation.verify.bind(implementation)
  await runPhase(ctx, { phase: 'verify', project: project.name, target: target.name }, async () => {
    const verification = await ctx.host.attribute(plugin, `target ${target.type}: verify`, () =>
      verify(release, targetContext(ctx, project, target, 'verify')))
    if (!verification.healthy) {
      throw new StkError('STK4006', {
        why: `${release.id} was released, and then: ${verification.summary}.`,
        fix: `stk rollback --project ${project.name} --target ${target.name}`,
      })
    }
    return { value: undefined, summary: verification.summary }
  })
}

function hookContext(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext) {
  return { config: ctx.config, project, target: { name: target.name, type: target.type } }
}

function planSummary(plan: ReleasePlan): string {
  const steps = plan.steps.filter((step) => step.action !== 'skip')
  if (steps.length === 0) return 'no change'
  return `${steps.length} step${steps.length === 1 ? '' : 's'}, ${formatBytes(plan.bytes)} to send`
}

export function cannot(target: ResolvedTarget, what: string): StkError {
  return new StkError('STK4007', { why: `Targets of type "${target.type}" cannot ${what}.` })
}
