import { cacheFolder, openCache } from '../base/cache.ts'
import { hexOf } from '../oci/content.ts'
import { digestOf, placeOf } from '../registry/index.ts'
import type { Place } from './place.ts'

/**
 * What this computer released last to a place. Only a guess at what is live: it decides what is worth beginning before the registry
 * has said so, and nothing else.
 */
export interface Last {
  /** The index's digest. */
  readonly image: string
  /** As the list of releases has it. */
  readonly holds: string
}

export async function recallLast(place: Place): Promise<Last | undefined> {
  const [image, holds] = (await openCache(cacheFolder()).recall(nameOf(place)))?.toString().split('\n') ?? []
  return image === undefined || holds === undefined ? undefined : { image, holds }
}

export async function noteLast(place: Place, { image, holds }: Last): Promise<void> {
  await openCache(cacheFolder()).note(nameOf(place), `${image}\n${holds}`)
}

function nameOf({ repository, live }: Place): string {
  return `released/${hexOf(digestOf(new TextEncoder().encode(`${placeOf(repository)}:${live}`)))}`
}
