import { StkError, type Digest, type Release, type TargetContext } from '@santokit/core'
import type { ReleaseStore, StoredRecord } from '../store/store.ts'
import { ARCHIVE, hexOf, numberOf, releaseId, scopeOf, type Scope } from './layout.ts'
import { isSameRelease, parseRecord, RECORD_VERSION, releaseFrom, serializeRecord, type ExpectedFile, type ReleaseRecord } from './record.ts'

/** A release as it was found: its record, and what to ask for the one before it. */
export interface Found {
  readonly record: ReleaseRecord
  readonly stored: StoredRecord
}

type Context = Pick<TargetContext<unknown>, 'project' | 'target' | 'environment' | 'now' | 'signal'>

/** What is live. `undefined` before the first release. */
export async function findLive(store: ReleaseStore, ctx: Context): Promise<Found | undefined> {
  return check(await store.live(), scopeOf(ctx))
}

/**
 * Releases from the live one back to the first.
 *
 * @throws StkError STK4008 where the chain is broken: it is never taken to end there.
 */
export async function* walkBack(store: ReleaseStore, ctx: Context): AsyncIterable<ReleaseRecord> {
  const scope = scopeOf(ctx)
  let found = await findLive(store, ctx)
  while (found !== undefined) {
    yield found.record
    const { previous } = found.record
    if (previous === undefined) return
    ctx.signal.throwIfAborted()
    const next: Found | undefined = check(await store.before(found.stored, previous), scope)
    // A record names one with a lower number before it, so the walk ends.
    if (next === undefined || next.record.id !== previous) {
      const instead = next === undefined ? 'it is gone' : `${next.record.id} is there`
      throw new StkError('STK4008', {
        why: `${found.stored.where} names ${previous} as the release before it, and ${instead}.`,
        fix: 'Restore the record from a copy. Releasing goes on to work; the list ends here.',
      })
    }
    found = next
  }
}

/** A record that is about to be written. */
export function nextRecord(
  store: ReleaseStore,
  ctx: Context,
  live: Found | undefined,
  release: { readonly digest: Digest; readonly files: readonly ExpectedFile[]; readonly revision?: string; readonly restores?: string },
): ReleaseRecord {
  const { project, target, environment } = scopeOf(ctx)
  const address = store.address(release.digest)
  const archive = release.files.find((file) => file.path === ARCHIVE)
  if (archive === undefined) throw new TypeError(`A release without ${ARCHIVE}`)
  return {
    version: RECORD_VERSION,
    id: releaseId(live === undefined ? 1 : numberOf(live.record.id) + 1, release.digest),
    project, target, environment,
    digest: release.digest,
    ...(release.revision === undefined ? {} : { revision: release.revision }),
    ...(live === undefined ? {} : { previous: live.record.id }),
    ...(release.restores === undefined ? {} : { restores: release.restores }),
    url: address.BUNDLE_URL,
    at: ctx.now().toISOString(),
    details: { ...address, BUNDLE_SHA256: hexOf(archive.digest) },
    files: Object.fromEntries(release.files.map(({ path, digest, bytes }) => [path, { digest, bytes }])),
  }
}

/**
 * Writes the record and makes it live.
 *
 * @param sent bytes sent so far, to be counted.
 * @throws StkError STK4003 if another release went live since `live` was read.
 */
export async function goLive(store: ReleaseStore, ctx: Context, record: ReleaseRecord, live: Found | undefined, sent: number): Promise<Release> {
  const commit = await store.commit(record, live?.stored.version ?? '')
  if (commit.live) return releaseFrom(commit.record, sent + serializeRecord(commit.record).length)
  const now = await findLive(store, ctx)
  // Our own write, whose answer was lost on the way; or another run with the same release.
  if (now !== undefined && isSameRelease(now.record, commit.record)) return releaseFrom(now.record, sent)
  throw hasMoved(ctx, now?.record, live?.record.id)
}

/** Refuses to go on from a state that is no longer there, naming what is. */
export function hasMoved(ctx: Context, now: ReleaseRecord | undefined, expected: string | undefined): StkError {
  const { project, environment, target } = scopeOf(ctx)
  const what = now === undefined ? 'nothing is' : `${now.id} (${now.at}${now.revision === undefined ? '' : `, ${now.revision}`}) is`
  return new StkError('STK4003', {
    why: `${project} → ${target} (${environment}) has moved: ${what} live now, and this was planned when ${expected ?? 'nothing'} was. `
      + 'Nothing was changed.',
    fix: 'stk releases shows what happened; then run it again to plan from there.',
  })
}

function check(stored: StoredRecord | undefined, scope: Scope): Found | undefined {
  return stored === undefined ? undefined : { stored, record: parseRecord(stored.text, stored.where, scope) }
}
