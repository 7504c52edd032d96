import { isStkError, StkError } from '@santokit/core'
import type { Blob, Image, Manifest, Referrer } from '../../oci/types.ts'
import { hasBlob } from '../blobs.ts'
import { isIncomplete, isStored, manifestRefusal, putManifest, resolveTag, tryPutManifest } from '../manifests.ts'
import { enterReferrers, referrerDescriptor } from '../referrers.ts'
import { placeOf, type Repository } from '../repository.ts'
import { sendBlob } from '../upload.ts'
import { askAndBegin, type BegunUploads } from './begin.ts'
import { immutable } from './immutable.ts'
import { mountSource, refuseTaken, type PlannedBlob, type PushPlan } from './plan.ts'
import { blobsOf, observeTags, survey, type Survey, type Tag } from './survey.ts'

export interface PushOptions {
  /** What {@link planPush} found, so that it is not asked for again. Only the tags are looked at once more. */
  readonly planned?: PushPlan
  /** Uploads that were begun while planning. They save a round trip: small contents go while the tags are looked at again. */
  readonly begun?: BegunUploads
  /** The digest that the moving tags must still name; `null` for none yet. */
  readonly expected?: string | null
  /** Told of each blob that is done. */
  readonly progress?: (progress: PushProgress) => void
}

export interface PushProgress {
  readonly done: number
  readonly of: number
  readonly blob: Blob['descriptor']
  readonly action: PlannedBlob['action']
}

export interface Pushed {
  /** What the tags name now. */
  readonly digest: string
  /** Bytes of request bodies: content that was sent, and manifests. */
  readonly bytes: number
  /** Bytes of layers, configs and documents alone. */
  readonly blobBytes: number
  /** Requests, with those for tokens and those that had to be repeated. */
  readonly requests: number
  /** Whether the documents beside the image can be found from it. They are there by their digests in any case. */
  readonly isListed: boolean
  /** Whether anything had to be written. */
  readonly isChanged: boolean
}

/** Whatever is smaller is sent as soon as it is needed; whether it is there already is asked along with that. */
const SMALL = 1_048_576

/**
 * Pushes `image` and moves `tags` to it; without tags it is there by its digest.
 *
 * The tags are written last and are the only commit point: if this stops at any moment, each tag still names what it
 * named before, and running it again finishes the work. Side by side go: the tags' observation · questions about blobs
 * and beginnings of uploads · contents · child manifests, referrers and the tags' last observation · tags. Each of these is one
 * round trip.
 *
 * @throws StkError STK4003 if a moving tag is not at `expected`. STK4103 if a tag that stays names another image.
 *   STK4101, STK4102 if the registry does not let us, STK4105 if it refuses content, STK4001 if it is not reached.
 */
export async function pushImage(repository: Repository, image: Image, tags: readonly Tag[], options: PushOptions = {}): Promise<Pushed> {
  const { planned, progress } = options
  const before = repository.connection.traffic()
  const root = image.root.descriptor.digest
  let blobBytes = 0
  let isListed = true
  const outcome = (isChanged: boolean): Pushed => {
    const { requests, bytes } = repository.connection.traffic()
    return { digest: root, bytes: bytes - before.bytes, blobBytes, requests: requests - before.requests, isListed, isChanged }
  }

  const check = (current: Survey['tags']): void => {
    refuseMoved(repository, current, tags, options, root)
    refuseTaken(repository, current, tags, image)
  }
  const found = planned?.survey ?? await survey(repository, image, tags)
  if (planned === undefined) check(found.tags)
  if (found.isDone) return outcome(false)

  // A plan may be old. Uploads begin while the tags are looked at again, and content waits for that.
  const observed = planned === undefined ? Promise.resolve() : observeTags(repository, tags).then(check)
  const blobs = blobsOf(image)
  let done = 0
  const place = async (known: Known): Promise<void> => {
    await allOrFirstError([observed, ...blobs.map(async (blob) => {
      const { sent, action } = await placeBlob(repository, blob, known, observed)
      blobBytes += sent
      progress?.({ done: Math.min(++done, blobs.length), of: blobs.length, blob: blob.descriptor, action })
    })])
  }
  const name = async (): Promise<void> => {
    // Content takes its time, and no tag can be locked: they are looked at once more where that costs no round trip.
    const isLong = image.manifests.length + image.referrers.length > 0
    const putting = putManifests(repository, image).then((areListed) => { isListed = areListed })
    await allOrFirstError([putting, ...(isLong ? [observeTags(repository, tags).then(check)] : [])])
    await allOrFirstError(tags.length === 0 ? [putManifest(repository, image.root, root)] : tags.map((tag) => putTag(repository, image.root, tag)))
  }
  await place({ survey: found, planned: planned?.blobs, begun: options.begun })
  try {
    await name()
  } catch (error) {
    if (!isIncomplete(error)) throw error
    // The live image names something that the registry has lost, or a clean-up came between: ask for every blob.
    await place({ survey: { ...found, present: new Set() }, planned: undefined, begun: undefined })
    await name()
  }
  return outcome(true)
}

/**
 * Child manifests and referrers side by side: a referrer may come before its subject ("Pushing Manifests").
 *
 * @returns whether the referrers are listed.
 */
async function putManifests(repository: Repository, image: Image): Promise<boolean> {
  const referrers = image.referrers.map((referrer) => putReferrer(repository, referrer))
  await allOrFirstError([...image.manifests.map((manifest) => putManifest(repository, manifest, manifest.descriptor.digest)), ...referrers])
  return settleReferrers(repository, image, (await Promise.all(referrers)).filter((each) => each !== undefined))
}

/** What needs no question. */
interface Known {
  readonly survey: Survey
  readonly planned: readonly PlannedBlob[] | undefined
  readonly begun: BegunUploads | undefined
}

/** Sees to it that the repository has a blob. Content is sent only once `ready` holds: a tag that is taken should cost little. */
async function placeBlob(
  repository: Repository, blob: Blob, { survey: { present, tags }, planned, begun }: Known, ready: Promise<void>,
): Promise<{ readonly sent: number; readonly action: PlannedBlob['action'] }> {
  const { descriptor } = blob
  const known = planned?.find((each) => each.descriptor.digest === descriptor.digest)
  if (present.has(descriptor.digest) || known?.action === 'keep') return { sent: 0, action: 'keep' }
  const ahead = await begun?.get(descriptor.digest)
  if (ahead === 'there') return { sent: 0, action: 'keep' }
  if (typeof ahead === 'object') {
    // To look at the tags again takes as long as a small content.
    if (descriptor.size > SMALL) await ready
    return { sent: await sendBlob(repository, blob, ahead), action: 'send' }
  }
  const isFirst = [...tags.values()].every((digest) => digest === undefined)
  const isLikelyThere = known === undefined && !isFirst && (blob.source !== undefined || descriptor.size > SMALL)
  // To ask and to begin at once saves a round trip; what is likely there is only asked for.
  const asked = known?.isAsked === true ? Promise.resolve(false) : hasBlob(repository, descriptor)
  if (isLikelyThere && await asked) return { sent: 0, action: 'keep' }
  const session = await askAndBegin(repository, blob, asked, mountSource(repository, blob))
  if (session === 'there') return { sent: 0, action: 'keep' }
  if (session === 'mounted') return { sent: 0, action: 'mount' }
  await ready
  return { sent: await sendBlob(repository, blob, session), action: 'send' }
}

/** @returns the referrer, if the registry did not list it or does not take it before its subject. */
async function putReferrer(repository: Repository, referrer: Referrer): Promise<{ readonly referrer: Referrer; readonly isStored: boolean } | undefined> {
  const { manifest } = referrer
  const answer = await tryPutManifest(repository, manifest, manifest.descriptor.digest)
  if (isStored(answer)) return answer.headers.get('oci-subject') === null ? { referrer, isStored: true } : undefined
  // The specification wants it to be taken in either order; some want the subject first.
  if (answer.status === 400 || answer.status === 404 || answer.status === 422) return { referrer, isStored: false }
  throw manifestRefusal(answer, repository, manifest.descriptor, manifest.descriptor.digest)
}

/** Gives a registry that wants the subject first what it wants, and one without the referrers API its list. */
async function settleReferrers(repository: Repository, image: Image, unlisted: readonly { readonly referrer: Referrer; readonly isStored: boolean }[]): Promise<boolean> {
  const refused = unlisted.filter(({ isStored: stored }) => !stored)
  const waiting = unlisted.filter(({ isStored: stored }) => stored).map(({ referrer }) => referrer)
  if (refused.length > 0) {
    await putManifest(repository, image.root, image.root.descriptor.digest)
    for (const { referrer } of refused) {
      const stored = await putManifest(repository, referrer.manifest, referrer.manifest.descriptor.digest)
      if (stored?.hasSubject !== true) waiting.push(referrer)
    }
  }
  const bySubject = new Map<string, Manifest[]>()
  for (const { subject, manifest } of waiting) bySubject.set(subject.digest, [...(bySubject.get(subject.digest) ?? []), manifest])
  const entering = [...bySubject].map(([subject, manifests]) => enterReferrers(repository, subject, manifests.map(referrerDescriptor)))
  await allOrFirstError(entering)
  return (await Promise.all(entering)).every((isListed) => isListed)
}

/** The commit. A registry that says no may have the tag already: another push of the same image, or an answer that was lost. */
async function putTag(repository: Repository, root: Manifest, { name }: Tag): Promise<void> {
  const answer = await tryPutManifest(repository, root, name)
  if (isStored(answer)) return
  const digest = await resolveTag(repository, name)
  if (digest === root.descriptor.digest) return
  // Amazon ECR says 400, Harbor 412, Google 403 or 409: none has a code of its own that all would know.
  if (digest !== undefined && [400, 403, 405, 409, 412].includes(answer.status)) throw immutable(repository, name, digest, true)
  throw manifestRefusal(answer, repository, root.descriptor, name)
}

function refuseMoved(repository: Repository, current: Survey['tags'], tags: readonly Tag[], { planned, expected }: PushOptions, root: string): void {
  for (const { name, moves } of tags) {
    if (!moves) continue
    const now = current.get(name)
    const due = expected === undefined ? (planned === undefined ? now : planned.survey.tags.get(name)) : expected ?? undefined
    if (now === due || now === root) continue
    throw new StkError('STK4003', {
      why: `${placeOf(repository)}:${name} names ${now ?? 'nothing'} now; it named ${due ?? 'nothing'} when this was planned.`,
      fix: 'Look at what is live, then release again.',
    })
  }
}

/** Waits for all to end, so that nothing goes on behind the caller's back, and throws the first error if there is one. */
async function allOrFirstError(tasks: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(tasks)
  const failed = ended.filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown)
  if (failed.length > 0) throw failed.find(isStkError) ?? failed[0]
}

