import { isStkError } from '@santokit/core'
import type { Blob, Descriptor, Image, Manifest, Referrer } from '../../oci/types.ts'
import { getBlob } from '../blobs.ts'
import { getManifest, isIndexType, readManifest } from '../manifests.ts'
import { listReferrers } from '../referrers.ts'
import type { Repository } from '../repository.ts'

/**
 * Reads an image as it stands in a registry, so that it can be pushed elsewhere: manifests now, blobs only when they are
 * opened, which a push within the registry never does.
 *
 * @param reference a tag or a digest.
 * @param referrers `if told`: without them where the registry does not tell them. The image runs all the same.
 * @throws StkError STK4109 if it is not there.
 */
export async function readImage(repository: Repository, reference: string, referrers: 'all' | 'if told' = 'all'): Promise<Image> {
  const root = await getManifest(repository, reference)
  const about = referrersOf(repository, root)
  const [manifests, found] = await Promise.all([childrenOf(repository, root), referrers === 'all' ? about : about.catch(passOverUntold)])
  return { blobs: [root, ...manifests].flatMap((manifest) => blobsOf(repository, manifest)), manifests, root, referrers: found }
}

function passOverUntold(error: unknown): readonly Referrer[] {
  if (isStkError(error)) return []
  throw error
}

async function childrenOf(repository: Repository, root: Manifest): Promise<readonly Manifest[]> {
  if (!isIndexType(root.descriptor.mediaType)) return []
  return Promise.all((readManifest(root)?.manifests ?? []).map(({ digest }) => getManifest(repository, digest)))
}

async function referrersOf(repository: Repository, root: Manifest): Promise<readonly Referrer[]> {
  const found = await listReferrers(repository, root.descriptor.digest)
  return Promise.all(found.map(async ({ digest }) => {
    const manifest = await getManifest(repository, digest)
    return { blobs: blobsOf(repository, manifest), manifest, subject: root.descriptor }
  }))
}

function blobsOf(repository: Repository, manifest: Manifest): readonly Blob[] {
  const { config, layers = [] } = readManifest(manifest) ?? {}
  return [...(config === undefined ? [] : [config]), ...layers].map((descriptor) => blobIn(repository, descriptor as Descriptor))
}

function blobIn(repository: Repository, descriptor: Descriptor): Blob {
  return {
    descriptor,
    open: () => getBlob(repository, descriptor),
    source: { registry: repository.connection.registry, repository: repository.name },
  }
}
