import type { Repository } from '../repository.ts'
import { pushImage, type Pushed, type PushOptions } from './push.ts'
import { readImage } from './read-image.ts'
import type { Tag } from './survey.ts'

/**
 * Gives an image of one repository tags in another (or the same) repository of the registry, with its referrers and
 * without building it again. Blobs are mounted; where a registry cannot do that, they are read and sent.
 *
 * @param reference a tag or a digest in `from`.
 * @throws StkError STK4109 if it is not there, and whatever {@link pushImage} throws.
 */
export async function promoteImage(from: Repository, reference: string, to: Repository, tags: readonly Tag[], options: PushOptions = {}): Promise<Pushed> {
  return pushImage(to, await readImage(from, reference), tags, options)
}
