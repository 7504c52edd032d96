import { readManifest, findManifest } from '../manifests.ts'
import { isFallbackTag } from '../referrers.ts'
import type { Repository } from '../repository.ts'
import { listTags } from '../tags.ts'

/** An image that a tag names. */
export interface TaggedImage {
  readonly tag: string
  readonly digest: string
  readonly mediaType: string
  readonly annotations: { readonly [name: string]: string }
}

const CREATED = 'org.opencontainers.image.created'

/**
 * The tagged images of a repository with their annotations, newest first by `org.opencontainers.image.created`; those of
 * one time by tag, those without any last. One request a page of tags and one a tag, side by side.
 */
export async function listImages(repository: Repository, isWanted: (tag: string) => boolean = () => true): Promise<readonly TaggedImage[]> {
  const tags = (await listTags(repository)).filter((tag) => !isFallbackTag(tag) && isWanted(tag))
  const found = await Promise.all(tags.map(async (tag): Promise<TaggedImage | undefined> => {
    // Another may have deleted it meanwhile.
    const manifest = (await findManifest(repository, tag))?.manifest
    if (manifest === undefined) return undefined
    const { digest, mediaType } = manifest.descriptor
    return { tag, digest, mediaType, annotations: readManifest(manifest)?.annotations ?? {} }
  }))
  return found.filter((image) => image !== undefined).toSorted((one, other) => timeOf(other) - timeOf(one) || (one.tag < other.tag ? 1 : -1))
}

function timeOf({ annotations }: TaggedImage): number {
  const time = Date.parse(annotations[CREATED] ?? '')
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}
