import { StkError, type ArtifactFile } from '@santokit/core'
import { ARCHIVE, fileKey, pointerKey, recordKey, type Scope } from '../release/layout.ts'
import { isSameRelease, parseRecord, renumbered, serializeRecord, type ExpectedFile, type ReleaseRecord } from '../release/record.ts'
import type { ReleaseStore, StoredRecord } from './store.ts'

/** Named bytes, with just the conditions that releasing needs. */
export interface Objects {
  /** Of the whole place, for messages. */
  readonly place: string
  address(key: string): { readonly BUNDLE_URL: string; readonly [name: string]: string }
  /** @param bytes how many are expected, for the time limit. */
  read(key: string, bytes?: number): Promise<{ readonly bytes: Uint8Array; readonly version: string } | undefined>
  /** Is exactly this file there? */
  holds(key: string, file: ExpectedFile): Promise<boolean>
  /** Writes a file whole, over whatever is there. */
  write(key: string, file: ArtifactFile): Promise<void>
  /** Writes unless something is there, and says whether it did. */
  create(key: string, bytes: Uint8Array): Promise<boolean>
  /** Writes if what is there is at `version` (`''`: nothing), and says whether it did. One step. */
  swap(key: string, bytes: Uint8Array, version: string): Promise<boolean>
}

/** How many numbers to try when records that never went live are in the way. */
const MAX_ORPHANS = 1000

/** Releases kept as objects: content by its digest, a record for each release, and one pointer. */
export function objectReleases(objects: Objects, scope: Scope): ReleaseStore {
  const pointer = pointerKey(scope)
  return {
    names: {
      file: (digest, name) => fileKey(scope.project, digest, name),
      record: (id) => recordKey(scope, id),
      pointer,
    },
    address: (digest) => objects.address(fileKey(scope.project, digest, ARCHIVE)),
    live: () => readText(objects, pointer),
    before: (_, id) => readText(objects, recordKey(scope, id)),
    async missing(digest, files) {
      const held = await Promise.all(files.map((file) => objects.holds(fileKey(scope.project, digest, file.path), file)))
      return files.filter((_, index) => held[index] === false)
    },
    async upload(digest, files, progress) {
      for (const [index, file] of files.entries()) {
        progress(`uploading ${file.path}, ${index + 1} of ${files.length}`)
        await objects.write(fileKey(scope.project, digest, file.path), file)
      }
    },
    async read(digest, file) {
      return (await objects.read(fileKey(scope.project, digest, file.path), file.bytes))?.bytes
    },
    async commit(record, observed) {
      const claimed = await claimRecord(objects, scope, record)
      const live = await objects.swap(pointer, new TextEncoder().encode(serializeRecord(claimed)), observed)
      return { live, record: claimed }
    },
  }
}

/**
 * Writes the record under its number. A run that was killed before it moved the pointer has left one there: if it meant
 * the same release it is taken over, otherwise the next number is used. A record is never changed, because another run
 * may be about to point to it.
 */
async function claimRecord(objects: Objects, scope: Scope, record: ReleaseRecord): Promise<ReleaseRecord> {
  let candidate = record
  for (let tries = 0; tries < MAX_ORPHANS; tries++) {
    const key = recordKey(scope, candidate.id)
    if (await objects.create(key, new TextEncoder().encode(serializeRecord(candidate)))) return candidate
    const found = await readOrphan(objects, key, scope)
    if (found !== undefined && isSameRelease(found, candidate)) return found
    candidate = renumbered(candidate)
  }
  throw new StkError('STK4008', {
    why: `${objects.place} holds ${MAX_ORPHANS} records after the live release, and none of them ever went live.`,
    fix: `Look at ${recordKey(scope, record.id)} and what follows it.`,
  })
}

/** A record that cannot be read is nobody's: it is left where it is. */
async function readOrphan(objects: Objects, key: string, scope: Scope): Promise<ReleaseRecord | undefined> {
  const stored = await readText(objects, key)
  try {
    return stored === undefined ? undefined : parseRecord(stored.text, stored.where, scope)
  } catch {
    return undefined
  }
}

async function readText(objects: Objects, key: string): Promise<StoredRecord | undefined> {
  const found = await objects.read(key)
  if (found === undefined) return undefined
  return { text: new TextDecoder().decode(found.bytes), version: found.version, where: `${objects.place}/${key}` }
}
