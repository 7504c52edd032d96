import { StkError, type Digest } from '@santokit/core'
import { BUNDLE_ANNOTATION, PROJECT_ANNOTATION } from '../layout/image.ts'
import type { Manifest } from '../oci/types.ts'
import { findManifest, placeOf, readManifest, resolveTag, type Repository } from '../registry/index.ts'
import { historyTag } from './names.ts'
import { nextId, readHistory, type Entry, type Scope } from './history.ts'

/** What a repository says about an environment. */
export interface Observed {
  /** What the moving tag names. */
  readonly live: string | undefined
  /** Releases, newest first, as the list has them. */
  readonly recorded: readonly Entry[]
}

/** Reads the moving tag and the list, side by side: two requests. */
export async function observe(repository: Repository, tag: string, scope: Scope): Promise<Observed> {
  const [live, recorded] = await Promise.all([resolveTag(repository, tag), readRecorded(repository, tag, scope)])
  return { live, recorded }
}

/** Reads the list alone. Empty before the first release. */
export async function readRecorded(repository: Repository, tag: string, scope: Scope): Promise<readonly Entry[]> {
  const found = await findManifest(repository, historyTag(tag))
  return found === undefined ? [] : readHistory(found.manifest, scope, `${placeOf(repository)}:${historyTag(tag)}`)
}

/**
 * Releases as they are, newest first: the first one is live.
 *
 * The tag decides. Where it names an earlier release than the list's first, that one was restored: by a rollback, which
 * only moves the tag. Where it names an image that the list does not have, a release was interrupted after it went live,
 * or somebody else moved the tag.
 *
 * @returns none where the tag names nothing, or an image that Santokit did not make.
 * @throws StkError STK4007 if the tag names another project's image.
 */
export async function releasesFrom(repository: Repository, { live, recorded }: Observed, tag: string, scope: Scope): Promise<readonly Entry[]> {
  if (live === undefined) return []
  const found = recorded.find(({ image }) => image === live)
  if (found !== undefined) return found === recorded[0] ? recorded : [restored(found, recorded), ...recorded]
  const manifest = (await findManifest(repository, live))?.manifest
  const unlisted = manifest === undefined ? undefined : entryFrom(manifest, recorded, `${placeOf(repository)}:${tag}`, scope)
  return unlisted === undefined ? [] : [unlisted, ...recorded]
}

/**
 * The release that a rollback to `found` is. A registry does not remember when a tag was moved, so it has the time of what it
 * restores.
 */
export function restored(found: Entry, recorded: readonly Entry[]): Entry {
  const [last] = recorded
  return { ...found, id: nextId(last, found.digest), previous: last?.id, restores: found.id, promotes: undefined }
}

/** What an image's annotations say, for one that no list has. */
function entryFrom(manifest: Manifest, recorded: readonly Entry[], where: string, scope: Scope): Entry | undefined {
  const { annotations = {} } = readManifest(manifest) ?? {}
  const bundle = annotations[BUNDLE_ANNOTATION]
  const project = annotations[PROJECT_ANNOTATION]
  if (bundle === undefined || project === undefined || !/^sha256:[0-9a-f]{64}$/.test(bundle)) return undefined
  if (project !== scope.project) {
    throw new StkError('STK4007', {
      why: `${where} names an image of the project "${project}".`,
      fix: ['Give each project a repository of its own.', 'Or keep them apart by `live`, such as \'{project}-{environment}\'.'],
    })
  }
  const revision = annotations['org.opencontainers.image.revision']
  return {
    id: nextId(recorded[0], bundle),
    digest: bundle as Digest,
    image: manifest.descriptor.digest as Digest,
    tag: annotations['org.opencontainers.image.version'] ?? '',
    at: annotations['org.opencontainers.image.created'] ?? '1970-01-01T00:00:00Z',
    ...(revision === undefined ? {} : { revision }),
    ...(recorded[0] === undefined ? {} : { previous: recorded[0].id }),
    root: new TextDecoder().decode(manifest.bytes),
  }
}
