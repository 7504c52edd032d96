import type { PlannedStep, ReleasePlan, TargetContext } from '@santokit/core'
import { readOutput } from '../output/where.ts'
import type { ImageSettings } from '../options.ts'
import type { ImagePackage } from '../package.ts'
import { beginUploads, blobsOf, placeOf, planPush, type BegunUploads, type PushPlan, type Tag } from '../registry/index.ts'
import { releaseFrom, type Entry } from './history.ts'
import { readRecorded, releasesFrom } from './live.ts'
import { recallFrom } from './holds.ts'
import { historyTag, isChosenTag } from './names.ts'
import { recallLast } from './last.ts'
import { openReleases, type Place } from './place.ts'

/** What a plan knows beside what it says: the release that follows in the same run need not ask again. */
export interface Known {
  readonly push: PushPlan
  readonly begun: BegunUploads | undefined
  /** As the list has them, newest first. */
  readonly recorded: readonly Entry[]
  /** As they are: the first one is live. */
  readonly releases: readonly Entry[]
}

const known = new WeakMap<ReleasePlan, Known>()

/** What was found out for a plan that was made in this process. */
export function knownOf(plan: ReleasePlan): Known | undefined {
  return known.get(plan)
}

/**
 * Looks at the tags, the list and the blobs. Two requests where nothing has changed; one round trip in any case, and one
 * more for blobs that are not known from the live image.
 */
export async function planRelease(pkg: ImagePackage, ctx: TargetContext<ImageSettings>): Promise<ReleasePlan> {
  const output = readOutput(ctx.flags.output, ctx.root)
  if (output !== undefined) {
    const subject = output.kind === 'docker' ? 'the local engine' : `${output.kind}:${output.path}`
    return { from: null, to: pkg.meta.bundle, steps: [{ action: 'create', subject }], bytes: 0, observed: '' }
  }
  const place = await openReleases(ctx)
  const { repository, live, scope } = place
  const begun = ctx.isDecided ? await beginAhead(pkg, place) : undefined
  const tags: readonly Tag[] = [{ name: live, moves: true }, ...(isChosenTag(ctx) ? [{ name: pkg.meta.tag, moves: false }] : [])]
  const reading = readRecorded(repository, live, scope)
  const [push, recorded] = await Promise.all([planPush(repository, pkg.image, tags, async (digest) => recallFrom(await reading, digest)), reading])
  const observed = { live: push.survey.tags.get(live), recorded }
  const releases = await releasesFrom(repository, observed, live, scope)
  const isLive = observed.live === pkg.digest
  const isRecorded = recorded.some(({ image }) => image === pkg.digest)
  const where = placeOf(repository)
  const plan: ReleasePlan = {
    from: releases[0] === undefined || (isLive && !isRecorded) ? previousOf(recorded, isLive, isRecorded, scope) : releaseFrom(releases[0], scope),
    to: pkg.meta.bundle,
    steps: [
      ...push.blobs.map(({ descriptor, action }): PlannedStep => ({
        action: action === 'send' ? 'upload' : 'skip',
        subject: `${describeType(descriptor.mediaType)} ${descriptor.digest.slice(0, 19)}${action === 'mount' ? ' (mounted)' : ''}`,
        bytes: action === 'send' ? descriptor.size : 0,
      })),
      { action: isLive && isRecorded ? 'skip' : 'create', subject: `${where}:${pkg.meta.tag}` },
      { action: isLive ? 'skip' : observed.live === undefined ? 'create' : 'update', subject: `${where}:${live}` },
      { action: isLive && isRecorded ? 'skip' : recorded.length === 0 ? 'create' : 'update', subject: `${where}:${historyTag(live)}` },
    ],
    bytes: push.bytes,
    observed: observed.live ?? '',
  }
  known.set(plan, { push, begun, recorded, releases })
  return plan
}

/**
 * Begins uploads in the round trip that looks at the tags: of what is new since the last release from this computer. None if that was
 * this image, which then is live.
 */
async function beginAhead({ image, digest }: ImagePackage, place: Place): Promise<BegunUploads | undefined> {
  const last = await recallLast(place)
  if (last === undefined || last.image === digest) return undefined
  const has = recallFrom([last], last.image)
  return beginUploads(place.repository, blobsOf(image).filter(({ source, descriptor }) => source === undefined && has?.(descriptor.digest) !== true))
}

/** An image that went live and was not noted yet is not what was there before itself. */
function previousOf(recorded: readonly Entry[], isLive: boolean, isRecorded: boolean, scope: Parameters<typeof releaseFrom>[1]): ReleasePlan['from'] {
  return isLive && !isRecorded && recorded[0] !== undefined ? releaseFrom(recorded[0], scope) : null
}

function describeType(mediaType: string): string {
  if (mediaType.includes('.layer.')) return 'layer'
  if (mediaType.includes('.config.')) return 'config'
  return mediaType.includes('cyclonedx') ? 'SBOM' : mediaType.includes('in-toto') ? 'provenance' : 'document'
}
