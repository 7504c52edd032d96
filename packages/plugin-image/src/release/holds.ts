import { hexOf } from '../oci/content.ts'
import type { Blob } from '../oci/types.ts'

/** Hexadecimal digits: enough that two blobs of a repository do not begin alike. Whole digests of a base would be kilobytes. */
const DIGITS = 16

/** What a release is made of, as the list keeps it. */
export function holdsOf(blobs: readonly Blob[]): string {
  return blobs.map(({ descriptor }) => beginningOf(descriptor.digest)).join(' ')
}

/** Which blobs the image `live` has, if the list knows it. */
export function recallFrom(recorded: readonly { readonly image: string; readonly holds?: string | undefined }[], live: string): ((digest: string) => boolean) | undefined {
  const holds = recorded.find(({ image }) => image === live)?.holds
  if (holds === undefined) return undefined
  const beginnings = new Set(holds.split(' '))
  return (digest) => beginnings.has(beginningOf(digest))
}

function beginningOf(digest: string): string {
  return hexOf(digest).slice(0, DIGITS)
}
