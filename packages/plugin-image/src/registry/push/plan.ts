import type { Blob, Descriptor, Image } from '../../oci/types.ts'
import { hasBlob } from '../blobs.ts'
import type { Repository } from '../repository.ts'
import { immutable } from './immutable.ts'
import { blobsOf, survey, type Recall, type Survey, type Tag } from './survey.ts'

/** What a push would do. */
export interface PushPlan {
  /** What the tags would name. */
  readonly digest: string
  readonly survey: Survey
  readonly blobs: readonly PlannedBlob[]
  /** Bytes of content that would be sent, at most. */
  readonly bytes: number
}

export interface PlannedBlob {
  readonly descriptor: Descriptor
  /**
   * `keep`: it is there · `mount`: another repository of the registry has it · `send`: it is new since the live image, or
   * there is no live image. Whether an earlier push has left it there is asked when it is sent.
   */
  readonly action: 'keep' | 'mount' | 'send'
  /** Whether the registry was asked for this very blob. */
  readonly isAsked: boolean
}

/**
 * Says what is there and what would be sent. Reads only, and little: one request a tag, and where the live image is an
 * index one for each manifest in it. What the live image is made of is there; a base that has changed is asked for.
 *
 * @param recall saves those requests where it knows what the live image is made of.
 * @throws StkError STK4103 if a tag that does not move names another image.
 */
export async function planPush(repository: Repository, image: Image, tags: readonly Tag[], recall?: Recall): Promise<PushPlan> {
  const found = await survey(repository, image, tags, recall)
  refuseTaken(repository, found.tags, tags, image)
  const blobs = await Promise.all(blobsOf(image).map(async (blob) => ({ descriptor: blob.descriptor, ...await actionFor(repository, blob, found) })))
  return {
    digest: image.root.descriptor.digest,
    survey: found,
    blobs,
    bytes: blobs.reduce((sum, { action, descriptor }) => sum + (action === 'send' ? descriptor.size : 0), 0),
  }
}

async function actionFor(repository: Repository, blob: Blob, { isDone, present }: Survey): Promise<Pick<PlannedBlob, 'action' | 'isAsked'>> {
  if (isDone || present.has(blob.descriptor.digest)) return { action: 'keep', isAsked: false }
  const from = mountSource(repository, blob)
  // Nothing of ours is there: to ask for each would cost a round trip and would be answered "no".
  if (present.size === 0) return { action: from === undefined ? 'send' : 'mount', isAsked: false }
  // This is what changed.
  if (blob.source === undefined) return { action: 'send', isAsked: false }
  if (await hasBlob(repository, blob.descriptor)) return { action: 'keep', isAsked: true }
  return { action: from === undefined ? 'send' : 'mount', isAsked: true }
}

/** The repository of the same registry that a blob can be mounted from. */
export function mountSource({ connection, name }: Repository, { source }: Blob): string | undefined {
  return source !== undefined && source.registry === connection.registry && source.repository !== name ? source.repository : undefined
}

/** @throws StkError STK4103 if a tag that does not move names another image. */
export function refuseTaken(repository: Repository, current: Survey['tags'], tags: readonly Tag[], image: Image): void {
  for (const { name, moves } of tags) {
    const digest = current.get(name)
    if (!moves && digest !== undefined && digest !== image.root.descriptor.digest) throw immutable(repository, name, digest)
  }
}
