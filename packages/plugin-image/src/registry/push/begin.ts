import { isStkError } from '@santokit/core'
import type { Blob } from '../../oci/types.ts'
import { hasBlob } from '../blobs.ts'
import type { Repository } from '../repository.ts'
import { beginUpload, type Session } from '../upload.ts'

/** An upload that was begun, or the news that there is nothing to send. */
export type BegunUpload = Session | 'mounted' | 'there'

/** Uploads that were begun before their content is needed, by digest. `undefined` for one that could not be. */
export type BegunUploads = ReadonlyMap<string, Promise<BegunUpload | undefined>>

/**
 * Asks whether a blob is there and begins its upload, both at once: that saves a round trip, and an upload that nothing follows
 * is forgotten by the registry.
 *
 * @param from a repository of the registry that it may be mounted from.
 */
export async function askAndBegin(repository: Repository, { descriptor }: Blob, asked: Promise<boolean>, from?: string): Promise<BegunUpload> {
  const beginning = beginUpload(repository, descriptor, from)
  // Both are waited for, so that nothing goes on behind the caller's back.
  const ended = await Promise.allSettled([asked, beginning])
  const failed = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  if (failed.length > 0) throw failed.find(isStkError) ?? failed[0]
  return await asked ? 'there' : beginning
}

/** Bytes up to which a content that is taken for new is sent without a question: to ask takes as many. */
const TINY = 4096

/** Begins uploads of what is taken for new, ahead of the push that they belong to. What fails is begun again then, and said. */
export function beginUploads(repository: Repository, blobs: readonly Blob[]): BegunUploads {
  const asked = ({ descriptor }: Blob): Promise<boolean> => (descriptor.size <= TINY ? Promise.resolve(false) : hasBlob(repository, descriptor))
  return new Map(blobs.map((blob) => [blob.descriptor.digest, askAndBegin(repository, blob, asked(blob)).catch(() => undefined)]))
}
