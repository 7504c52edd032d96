import { getManifest, isStored, manifestRefusal, tryPutManifest } from '../manifests.ts'
import type { Repository } from '../repository.ts'

/**
 * Makes `tag` name what `reference` names, in one GET and one PUT: a rollback, or a promotion within the repository.
 *
 * @param reference a tag or a digest of this repository.
 * @returns the digest.
 * @throws StkError STK4109 if there is no such image: the tag is left as it is.
 */
export async function retag(repository: Repository, reference: string, tag: string): Promise<string> {
  const manifest = await getManifest(repository, reference)
  const answer = await tryPutManifest(repository, manifest, tag)
  if (!isStored(answer)) throw manifestRefusal(answer, repository, manifest.descriptor, tag)
  return manifest.descriptor.digest
}
