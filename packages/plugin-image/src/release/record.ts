import { StkError, type Digest } from '@santokit/core'
import { EMPTY } from '../documents/referrer.ts'
import type { Manifest } from '../oci/types.ts'
import { placeOf, pushImage, type Repository } from '../registry/index.ts'
import { isStored, tryPutManifest } from '../registry/manifests.ts'
import { historyManifest, nextId, type Entry, type Scope } from './history.ts'
import { historyTag } from './names.ts'

/** What is to be remembered about an image that went live. */
export interface Going {
  readonly bundle: Digest
  readonly root: Manifest
  readonly tag: string
  readonly revision: string | undefined
  /** ISO 8601, UTC. */
  readonly at: string
  readonly promotes?: string
  /** What it is made of, if that was looked at. */
  readonly holds?: string
}

/** The entry of an image that goes live after `before`. */
export function nextEntry({ bundle, root, tag, revision, at, promotes, holds }: Going, before: readonly Entry[]): Entry {
  const [last] = before
  return {
    id: nextId(last, bundle),
    digest: bundle,
    image: root.descriptor.digest as Digest,
    tag,
    at,
    ...(revision === undefined ? {} : { revision }),
    ...(last === undefined ? {} : { previous: last.id }),
    ...(promotes === undefined ? {} : { promotes }),
    root: new TextDecoder().decode(root.bytes),
    ...(holds === undefined ? {} : { holds }),
  }
}

/**
 * Writes the list, once what it says is so. Losing it loses nothing but dates: the tag says what is live, and its image says
 * what it is.
 *
 * @returns whether it was written.
 */
export async function writeHistory(repository: Repository, tag: string, scope: Scope, releases: readonly Entry[]): Promise<boolean> {
  const manifest = historyManifest(scope, releases)
  const answer = await tryPutManifest(repository, manifest, historyTag(tag))
  if (isStored(answer)) return true
  // The first list of a repository whose images have no documents: nobody has sent the empty blob yet.
  if (![400, 404].includes(answer.status)) return false
  await pushImage(repository, { blobs: [EMPTY], manifests: [], root: manifest, referrers: [] }, [{ name: historyTag(tag), moves: true }])
  return true
}

/**
 * Makes the tag name an image that the repository has: one PUT.
 *
 * @throws StkError STK4004 if the registry no longer has what the image is made of. The tag is left as it is.
 */
export async function moveTag(repository: Repository, tag: string, root: Manifest, id: string): Promise<void> {
  const answer = await tryPutManifest(repository, root, tag)
  if (isStored(answer)) return
  throw new StkError('STK4004', {
    why: `${id} cannot be made live again: ${placeOf(repository)} refuses its image (HTTP ${answer.status}). Nothing was changed.`,
    fix: ['If the registry cleaned up what the image is made of: check out its revision and release that: stk release', 'If it refuses to move tags: exempt the tag from its rule.'],
  })
}
