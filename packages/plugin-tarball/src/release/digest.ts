import { createHash } from 'node:crypto'
import type { Digest } from '@santokit/core'

/** Hashes bytes, or the UTF-8 form of a string. */
export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
