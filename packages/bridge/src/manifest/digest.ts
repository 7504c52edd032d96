import { createHash } from 'node:crypto'
import type { Digest, Json, Manifest } from './format.ts'

/** Hashes bytes, or the UTF-8 form of a string. */
export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/**
 * JSON with object keys sorted and no blanks, so that equal values have equal bytes.
 *
 * Keys with the value `undefined` are left out, as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value))
}

/** The hash a manifest must carry: over everything in it but the hash itself. */
export function manifestDigest(manifest: Omit<Manifest, 'digest'> | Manifest): Digest {
  const { digest: _, ...content } = manifest as Manifest
  return digestOf(canonicalJson(content))
}

function sortKeys(value: unknown): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => sortKeys(item) ?? null)
  if (typeof value !== 'object' || value === null) return value as Json | undefined
  // Entries, not assignment: a key named `__proto__` must stay a key.
  const sorted = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, item]) => [key, sortKeys(item)] as const)
  return Object.fromEntries(sorted) as Json
}
