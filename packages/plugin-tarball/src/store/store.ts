import type { ArtifactFile, Digest } from '@santokit/core'
import type { ExpectedFile, ReleaseRecord } from '../release/record.ts'

/** A record as it was read: not checked yet. */
export interface StoredRecord {
  readonly text: string
  /** Changes whenever the live release does: an ETag, a hash, a commit. Never empty. */
  readonly version: string
  /** Where it was read, for messages. */
  readonly where: string
}

/** What became of an attempt to make a release live. */
export interface Commit {
  /** False if another release went live since. Then nothing that can be seen was changed. */
  readonly live: boolean
  /** The record, as it was or would have been written. */
  readonly record: ReleaseRecord
}

/** The releases of one project, target and environment, wherever they are kept. */
export interface ReleaseStore {
  /** How a plan calls its parts. */
  readonly names: {
    file(digest: Digest, name: string): string
    record(id: string): string
    readonly pointer: string
  }
  /** What a Bridge needs to fetch the archive, beside `BUNDLE_SHA256`. */
  address(digest: Digest): { readonly BUNDLE_URL: string; readonly [name: string]: string }
  /** What is live. `undefined` before the first release. */
  live(): Promise<StoredRecord | undefined>
  /** The record `id`, which `stored` names as the one before it. */
  before(stored: StoredRecord, id: string): Promise<StoredRecord | undefined>
  /** Which of the files are not there as they must be. Looks without downloading where the place allows. */
  missing<File extends ExpectedFile>(digest: Digest, files: readonly File[]): Promise<readonly File[]>
  /** Stores files that are missing. Run again after a crash it finishes. */
  upload(digest: Digest, files: readonly ArtifactFile[], progress: (message: string) => void): Promise<void>
  /** The bytes of a stored file, whatever they are. `undefined` if it is not there. */
  read(digest: Digest, file: ExpectedFile): Promise<Uint8Array | undefined>
  /**
   * Writes the record and makes it live, if what is live is still at `observed` (`''` for nothing). Going live is one
   * step: at any moment either the old release is live, or the new one is, whole.
   */
  commit(record: ReleaseRecord, observed: string): Promise<Commit>
}
