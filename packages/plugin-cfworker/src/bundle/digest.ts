import { createHash } from 'node:crypto'
import type { Digest } from '@santokit/core'

/** `sha256:` and the hash. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
