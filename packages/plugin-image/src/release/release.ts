import { isStkError, StkError, type Release, type ReleasePlan, type TargetContext, type Verification } from '@santokit/core'
import { signed } from '../documents/signature.ts'
import { readOutput } from '../output/where.ts'
import type { ImageSettings } from '../options.ts'
import type { ImagePackage } from '../package.ts'
import { blobsOf, placeOf, pushImage, type Pushed, type Tag } from '../registry/index.ts'
import { releaseFrom } from './history.ts'
import { holdsOf } from './holds.ts'
import { observe, readRecorded, releasesFrom } from './live.ts'
import { noteLast } from './last.ts'
import { openReleases, type Place } from './place.ts'
import { lookForParts } from './parts.ts'
import { knownOf } from './plan.ts'
import { nextEntry, writeHistory } from './record.ts'

/** Releases of this process that changed nothing: their plan has just seen that they are live. */
const unchanged = new WeakSet<Release>()

export function wasUnchanged(release: Release): boolean {
  return unchanged.has(release)
}

/** Releases of this process that found all their parts when their tag had moved. */
const found = new WeakMap<Release, Verification>()

/** What a release has just found out about itself. Given once: who asks again asks the registry. */
export function takeFound(release: Release): Verification | undefined {
  const verification = found.get(release)
  found.delete(release)
  return verification
}

/**
 * Pushes the image, moves the tag to it, and then notes it in the list. The tag is the only moment that counts: before it the
 * old image is live, whole, and after it the new one.
 *
 * @throws StkError STK4003 if another image is live than the plan saw.
 */
export async function releaseImage(plan: ReleasePlan, pkg: ImagePackage, ctx: TargetContext<ImageSettings>): Promise<Release> {
  if (plan.to !== pkg.meta.bundle) throw new TypeError(`The plan is for ${plan.to}, and the package is ${pkg.meta.bundle}`)
  ctx.signal.throwIfAborted()
  if (readOutput(ctx.flags.output, ctx.root) !== undefined) return exported(pkg, ctx)
  const place = await openReleases(ctx)
  const { repository, live, scope } = place
  const known = knownOf(plan)
  if (known !== undefined && plan.from !== null && plan.steps.every(({ action }) => action === 'skip')) {
    const same = { ...plan.from, sent: 0 }
    unchanged.add(same)
    return same
  }
  const at = ctx.now().toISOString()
  const { image, meta } = pkg
  const pushed = await push(plan, pkg, place, ctx)
  if (!pushed.isListed) ctx.warn(`${placeOf(repository)} does not list documents beside an image. They are there by their digests, and ${meta.tag} is live all the same.`)
  const recorded = known?.recorded ?? await readRecorded(repository, live, scope)
  // Where only the release's tag was missing, the image itself did not go live now.
  const isNew = pushed.isChanged && plan.observed !== pkg.digest
  // The image was live already, and in the list: another run of the same release came first, or a plan from elsewhere.
  const present = isNew ? undefined : recorded.find(({ image }) => image === pkg.digest)
  if (present !== undefined) {
    const [now = present] = await releasesFrom(repository, { live: pkg.digest, recorded }, live, scope)
    return { ...releaseFrom(now, scope), sent: pushed.bytes }
  }
  const before = isNew ? known?.releases ?? await releasesFrom(repository, { live: plan.observed || undefined, recorded }, live, scope) : recorded
  const holds = holdsOf(blobsOf(image))
  const entry = nextEntry({ bundle: meta.bundle, root: image.root, tag: meta.tag, revision: ctx.revision, at, holds }, before)
  ctx.progress('noting it')
  // Whether all is there is asked in the same round trip.
  const [isNoted, stored] = await Promise.all([
    writeHistory(repository, live, scope, [entry, ...before]),
    lookForParts(repository, live, image).catch(() => undefined),
    noteLast(place, { image: pkg.digest, holds }),
  ])
  if (!isNoted) ctx.warn(`${placeOf(repository)} does not take the list of releases. ${entry.id} is live all the same.`)
  const release = { ...releaseFrom(entry, scope), sent: pushed.bytes }
  if (stored?.healthy === true) found.set(release, stored)
  return release
}

async function push(plan: ReleasePlan, { image, meta, origin }: ImagePackage, place: Place, ctx: TargetContext<ImageSettings>): Promise<Pushed> {
  const { repository, live, scope } = place
  const tags: readonly Tag[] = [{ name: meta.tag, moves: false }, { name: live, moves: true }]
  const { push: seen, begun } = knownOf(plan) ?? {}
  // A plan looks at the moving tag. If that names the image and the list does not, a run was killed while it wrote its tags: the
  // release's own may be missing, and is looked at.
  const planned = seen?.survey.isDone === true ? undefined : seen
  const complete = await signed(image, origin, ctx)
  try {
    return await pushImage(repository, complete, tags, {
      ...(planned === undefined ? {} : { planned }),
      ...(begun === undefined ? {} : { begun }),
      expected: plan.observed === '' ? null : plan.observed,
      progress: ({ done, of, action }) => { if (action === 'send') ctx.progress(`${done} of ${of} parts are there`) },
    })
  } catch (error) {
    if (!isStkError(error) || error.code !== 'STK4003') throw error
    const [now] = await releasesFrom(repository, await observe(repository, live, scope), live, scope)
    throw new StkError('STK4003', {
      why: `${scope.project} → ${scope.target} (${scope.environment}) has moved: ${now === undefined ? 'nothing of ours' : `${now.id} (${now.at})`} is live now, `
        + `and this was planned when ${plan.from?.id ?? 'nothing'} was. No tag was moved.`,
      fix: 'stk releases shows what happened; then run it again to plan from there.',
    })
  }
}

async function exported(pkg: ImagePackage, ctx: TargetContext<ImageSettings>): Promise<Release> {
  const { project, target, environment, options } = ctx
  await (await import('../output/export.ts')).exportImage(pkg, ctx)
  const release: Release = {
    id: pkg.meta.tag, project: project.name, target: target.name, environment, digest: pkg.meta.bundle,
    ...(ctx.revision === undefined ? {} : { revision: ctx.revision }),
    at: ctx.now().toISOString(), sent: 0, details: { image: `${options.repository}@${pkg.digest}`, tag: pkg.meta.tag, output: String(ctx.flags.output) },
  }
  // There is no registry to ask whether it is live.
  unchanged.add(release)
  return release
}
