import type { Verification } from '@santokit/core'
import type { Image } from '../oci/types.ts'
import { blobsOf, hasBlob, resolveTag, type Repository } from '../registry/index.ts'

/** Asks the registry for all that an image is made of, and what the tag names: one request each, side by side. */
export async function lookForParts(repository: Repository, tag: string, image: Image): Promise<Verification> {
  const root = image.root.descriptor.digest
  const [named, ...parts] = await Promise.all([
    resolveTag(repository, tag),
    ...[...image.manifests, ...image.referrers.map(({ manifest }) => manifest)].map(async ({ descriptor: { digest } }) => ({ digest, isThere: await resolveTag(repository, digest) !== undefined })),
    ...blobsOf(image).map(async ({ descriptor }) => ({ digest: descriptor.digest, isThere: await hasBlob(repository, descriptor) })),
  ])
  if (named !== root) return { healthy: false, summary: `the tag ${tag} names ${named ?? 'nothing'}` }
  const missing = parts.find(({ isThere }) => !isThere)
  return missing === undefined ? { healthy: true, summary: 'digest live' } : { healthy: false, summary: `${missing.digest} is gone` }
}
