import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import type { Release } from '../plugin/contract.ts'
import { findTarget } from './build.ts'
import { targetContext, type LifecycleContext } from './context.ts'

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

/** What is live by the platform's own list; `undefined` where there is nothing, or no list. */
export async function liveRelease(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<Release | undefined> {
  if (findTarget(target, ctx).implementation.releases === undefined) return undefined
  for await (const release of listReleases(project, target, ctx)) return release
  return undefined
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

/** A refusal to do what a target has no means for. */
export function cannot(target: ResolvedTarget, what: string): StkError {
  return new StkError('STK4007', { why: `Targets of type "${target.type}" cannot ${what}.` })
}
