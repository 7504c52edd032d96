import { freeze } from '../artifact/index.ts'
import { StkError } from '../diagnostics/index.ts'
import type { Release } from '../plugin/contract.ts'
import { findTarget } from './build.ts'
import { runPhase, targetContext, type LifecycleContext } from './context.ts'
import { cannot, isCalled, listReleases } from './releases.ts'
import { requireSchema } from './schema-phase.ts'
import type { ProjectTarget } from './select.ts'
import { verifyRelease } from './verify.ts'

/** A release of one environment, about to be made live in another. */
export interface Promotion {
  readonly from: Release
  /** What the destination runs now. */
  readonly live: Release | undefined
}

/**
 * Finds what to promote: the release of `source`'s environment that is named, else the live one; and proves that the destination's
 * schema is up to date, where it requires that. Reads only.
 *
 * @throws StkError STK4004 if there is none yet, STK4009 if `id` is not among them, STK4007 if the target cannot promote, STK6013 if the
 *   schema is not up to date.
 */
export async function findPromotion(
  source: { readonly pair: ProjectTarget; readonly ctx: LifecycleContext },
  destination: { readonly pair: ProjectTarget; readonly ctx: LifecycleContext },
  id: string | undefined,
): Promise<Promotion> {
  const { pair: { project, target }, ctx } = source
  if (findTarget(destination.pair.target, destination.ctx).implementation.promote === undefined) throw cannot(target, 'promote')
  const place = `${project.name} → ${target.name} (${ctx.config.environment})`
  const from = await first(listReleases(project, target, ctx), (release) => id === undefined || isCalled(release, id))
  if (from === undefined && id !== undefined) throw new StkError('STK4009', { why: `${place} has no release "${id}".`, fix: `stk releases --env ${ctx.config.environment}` })
  if (from === undefined) {
    throw new StkError('STK4004', { why: `Nothing has been released to ${place} yet.`, fix: `stk release --env ${ctx.config.environment}` })
  }
  await requireSchema(destination.pair.project, destination.ctx)
  return { from, live: await first(listReleases(destination.pair.project, destination.pair.target, destination.ctx), () => true) }
}

/** Makes a release of one environment live in another, and proves that it is. One that is not healthy is rolled back, where the target can. */
export async function promoteTarget(
  { from, live }: Promotion,
  source: { readonly pair: ProjectTarget; readonly ctx: LifecycleContext },
  destination: { readonly pair: ProjectTarget; readonly ctx: LifecycleContext },
): Promise<Release> {
  const { pair: { project, target }, ctx } = destination
  const { implementation, plugin } = findTarget(target, ctx)
  const release = await runPhase(ctx, { phase: 'release', project: project.name, target: target.name }, async () => {
    if (implementation.promote === undefined) throw cannot(target, 'promote')
    const promote = implementation.promote.bind(implementation)
    const origin = targetContext(source.ctx, source.pair.project, source.pair.target, 'release')
    const value = freeze(await ctx.host.attribute(plugin, `target ${target.type}: promote`, () =>
      promote(from, origin, targetContext(ctx, project, target, 'release'))))
    return { value, summary: `${value.id} → ${value.environment}  from ${from.environment} ${from.id}`, data: { release: value } }
  })
  await verifyRelease(release, project, target, ctx, { live: live ?? null })
  return release
}

async function first(releases: AsyncIterable<Release>, wanted: (release: Release) => boolean): Promise<Release | undefined> {
  for await (const release of releases) if (wanted(release)) return release
  return undefined
}
