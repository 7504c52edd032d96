import { isStkError, StkError } from '@santokit/core'
import type { Descriptor, Manifest } from '../oci/types.ts'
import type { Answer } from './connection/exchange.ts'
import { digestOf } from './digest.ts'
import { findManifest, OCI_INDEX, putManifest, readManifest, type ManifestContent } from './manifests.ts'
import { pathOf, placeOf, type Repository } from './repository.ts'
import { pages } from './tags.ts'

/** Where a registry without the referrers API keeps the list of an image's referrers; "Referrers Tag Schema". */
export function fallbackTag(digest: string): string {
  const [algorithm = '', encoded = ''] = digest.split(':')
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^A-Za-z0-9._-]/g, '-')
}

/** Whether a tag is such a list, and no release. */
export function isFallbackTag(tag: string): boolean {
  return /^sha256-[0-9a-f]{64}/.test(tag)
}

/** What the registry knows about an image: by its referrers API, else by the fallback tag. */
export async function listReferrers(repository: Repository, subject: string): Promise<readonly Descriptor[]> {
  const found = await askReferrers(repository, subject)
  if (found !== undefined) return found
  const list = await findManifest(repository, fallbackTag(subject))
  return list === undefined || !isList(list.manifest, subject) ? [] : descriptorsOf(readManifest(list.manifest))
}

/** What the referrers API says. `undefined` without it. */
async function askReferrers(repository: Repository, subject: string): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = []
  let hasApi = false
  try {
    for await (const { bytes } of pages(repository, pathOf(repository, 'referrers', subject), `the referrers of ${subject}`, isReferrersList)) {
      hasApi = true
      found.push(...descriptorsOf(readManifest(asIndex(bytes))))
    }
  } catch (error) {
    // Some turn away whoever asks at a path that they do not know. Where the credentials are wrong, the tag is refused as well.
    if (hasApi || !isStkError(error) || !['STK4101', 'STK4102'].includes(error.code)) throw error
  }
  return hasApi ? found : undefined
}

/** Only this is the API ("Listing Referrers"). Without it registries say 303 to a page for people, 400, 401, 404, 405 or 406. */
function isReferrersList({ status, headers }: Answer): boolean {
  return status === 200 && headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === OCI_INDEX
}

/** How often somebody else may come between reading the list and writing it. */
const ATTEMPTS = 5

/**
 * Enters referrers in the list of the fallback tag, for a registry that did not do it itself.
 *
 * @returns whether they are listed. Not where the tag names the image itself: some registries read it as the image's digest, and
 *   a tag that somebody gave the image is theirs.
 * @throws StkError STK4105 if the tag holds something else than such a list, or others change it all the time.
 */
export async function enterReferrers(repository: Repository, subject: string, referrers: readonly Descriptor[]): Promise<boolean> {
  const tag = fallbackTag(subject)
  const refuse = (why: string): StkError => new StkError('STK4105', {
    why: `The referrers of ${subject} cannot be listed in ${placeOf(repository)}:${tag}: ${why}.`,
    fix: 'Delete that tag in the registry, then release again.',
  })
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const found = await findManifest(repository, tag)
    if (found?.manifest.descriptor.digest === subject) return false
    if (found !== undefined && !isList(found.manifest, subject)) throw refuse('it names something else')
    const content = found === undefined ? undefined : readManifest(found.manifest)
    const known = descriptorsOf(content)
    const missing = referrers.filter(({ digest }) => !known.some((each) => each.digest === digest))
    if (missing.length === 0) return true
    const list = indexOf([...known, ...missing], content?.annotations)
    const condition: Record<string, string> = found === undefined ? { 'if-none-match': '*' } : found.etag === undefined ? {} : { 'if-match': found.etag }
    if (await putManifest(repository, list, tag, condition) !== undefined) return true
  }
  throw refuse('others change it at the same time')
}

/** As "Pushing Manifests with Subject" wants it: with the manifest's annotations, and its kind. */
export function referrerDescriptor({ descriptor, bytes }: Manifest): Descriptor {
  const content = readManifest({ descriptor, bytes })
  const artifactType = content?.artifactType ?? content?.config?.mediaType
  return {
    mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(content?.annotations === undefined ? {} : { annotations: content.annotations }),
  }
}

function indexOf(manifests: readonly Descriptor[], annotations: Descriptor['annotations']): Manifest {
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...(annotations === undefined ? {} : { annotations }),
  }))
  return { descriptor: { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }, bytes }
}

/** A list is an index and not the image itself, which a careless client may have tagged so. */
function isList({ descriptor }: Manifest, subject: string): boolean {
  return descriptor.mediaType === OCI_INDEX && descriptor.digest !== subject
}

function descriptorsOf(content: ManifestContent | undefined): readonly Descriptor[] {
  return (content?.manifests ?? []) as readonly Descriptor[]
}

function asIndex(bytes: Uint8Array): Manifest {
  return { descriptor: { mediaType: OCI_INDEX, digest: '', size: bytes.length }, bytes }
}
