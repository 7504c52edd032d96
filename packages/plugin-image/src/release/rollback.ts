import { StkError, type Release, type TargetContext } from '@santokit/core'
import { describe } from '../oci/content.ts'
import { OCI_INDEX } from '../oci/media-types.ts'
import type { Manifest } from '../oci/types.ts'
import type { ImageSettings } from '../options.ts'
import { getManifest, type Repository } from '../registry/index.ts'
import { releaseFrom, type Entry } from './history.ts'
import { readRecorded, restored } from './live.ts'
import { openReleases } from './place.ts'
import { moveTag } from './record.ts'

/**
 * Makes an earlier release live again by moving the tag, and nothing else: one GET, of the list, and one PUT, of the image's
 * index. The registry takes it only if it has what the index names.
 *
 * @throws StkError STK4009 if there is no such release, STK4004 if its image is gone.
 */
export async function rollback(to: Release, ctx: TargetContext<ImageSettings>): Promise<Release> {
  const { repository, live, scope } = await openReleases(ctx)
  const recorded = await readRecorded(repository, live, scope)
  // A release that is live by a rollback is not in the list; what it restored is.
  const found = recorded.find(({ id, digest }) => digest === to.digest && (id === to.id || id === to.restores))
  if (found === undefined) {
    throw new StkError('STK4009', { why: `There is no release "${to.id}" of ${scope.project} in ${scope.environment}.`, fix: 'stk releases lists them.' })
  }
  await moveTag(repository, live, await rootOf(repository, found), found.id)
  return { ...releaseFrom(found === recorded[0] ? found : restored(found, recorded), scope), sent: 0 }
}

/** The index of a release: from the list for the last few, else from the registry. */
export async function rootOf(repository: Repository, { root, image }: Pick<Entry, 'root' | 'image'>): Promise<Manifest> {
  if (root === undefined) return getManifest(repository, image)
  const bytes = new TextEncoder().encode(root)
  const descriptor = describe(bytes, OCI_INDEX)
  // A list that was tampered with must not choose what goes live.
  return descriptor.digest === image ? { descriptor, bytes } : getManifest(repository, image)
}
