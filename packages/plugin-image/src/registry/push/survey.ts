import type { Blob, Image, Manifest } from '../../oci/types.ts'
import { findManifest, readManifest, resolveTag } from '../manifests.ts'
import type { Repository } from '../repository.ts'

/** A tag that is to name the image. */
export interface Tag {
  readonly name: string
  /** Whether it may name another image now, as `production` does. One that does not move is given once. */
  readonly moves: boolean
}

/** What stands in the repository before a push. */
export interface Survey {
  /** The digest that each tag names now. */
  readonly tags: ReadonlyMap<string, string | undefined>
  /** Whether every tag names the image already. Nothing else was looked at then: a tag is written last. */
  readonly isDone: boolean
  /** Digests of blobs that the image of the moving tag has, and which therefore are there. */
  readonly present: ReadonlySet<string>
}

/**
 * Remembers what an image is made of: given the digest of the live one, answers which blobs it has. `undefined` if it is not
 * known. What it says may be wrong: a manifest is refused then, and every blob is asked for.
 */
export type Recall = (live: string) => Promise<((blob: string) => boolean) | undefined>

/**
 * Looks at the tags: one request each, side by side. The image that a moving tag names is read, and if it is an index of
 * several, those that differ, unless `recall` knows them: what they are made of need not be asked for one by one.
 */
export async function survey(repository: Repository, image: Image, tags: readonly Tag[], recall?: Recall): Promise<Survey> {
  const moving = tags.find(({ moves }) => moves)
  const looked = await Promise.all(tags.map(async (tag) => {
    if (tag !== moving) return { name: tag.name, digest: await resolveTag(repository, tag.name), manifest: undefined }
    const found = await findManifest(repository, tag.name)
    return { name: tag.name, digest: found?.manifest.descriptor.digest, manifest: found?.manifest }
  }))
  const current = looked.find(({ manifest }) => manifest !== undefined)?.manifest
  const root = image.root.descriptor.digest
  const isDone = tags.length > 0 && looked.every(({ digest }) => digest === root)
  return {
    tags: new Map(looked.map(({ name, digest }) => [name, digest])),
    isDone,
    present: isDone || current === undefined ? new Set() : await presentOf(repository, image, current, recall),
  }
}

async function presentOf(repository: Repository, image: Image, live: Manifest, recall: Recall | undefined): Promise<ReadonlySet<string>> {
  const has = await recall?.(live.descriptor.digest)
  if (has === undefined) return partsOf(repository, image, live)
  return new Set(blobsOf(image).map(({ descriptor }) => descriptor.digest).filter(has))
}

/** The digest that each tag names now, in one request each. */
export async function observeTags(repository: Repository, tags: readonly Tag[]): Promise<Survey['tags']> {
  return new Map(await Promise.all(tags.map(async ({ name }) => [name, await resolveTag(repository, name)] as const)))
}

/** The blobs of an image that is there. */
async function partsOf(repository: Repository, ours: Image, live: Manifest): Promise<ReadonlySet<string>> {
  const { manifests = [], layers = [], config } = readManifest(live) ?? {}
  const children = await Promise.all(manifests.map(async ({ digest }) =>
    ours.manifests.find(({ descriptor }) => descriptor.digest === digest) ?? (await findManifest(repository, digest))?.manifest))
  const named = [live, ...children].flatMap((manifest) => {
    if (manifest === undefined) return []
    const content = manifest === live ? { layers, config } : readManifest(manifest)
    return [...(content?.layers ?? []), ...(content?.config === undefined ? [] : [content.config])]
  })
  return new Set(named.map(({ digest }) => digest))
}

/** Every blob of an image and its referrers, each once. */
export function blobsOf({ blobs, referrers }: Image): readonly Blob[] {
  const all = [...blobs, ...referrers.flatMap((referrer) => referrer.blobs)]
  return [...new Map(all.map((blob) => [blob.descriptor.digest, blob])).values()]
}
