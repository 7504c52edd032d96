import { digestOf } from '../registry/digest.ts'
import type { Blob, Descriptor, Manifest } from './types.ts'

/** Any value that is written as JSON. */
export type Document = { readonly [key: string]: unknown }

/** Describes bytes. */
export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

/** A blob in memory. */
export function blobOf(bytes: Uint8Array, mediaType: string): Blob {
  return { descriptor: describe(bytes, mediaType), open: () => bytes }
}

/** A document in the bytes that its digest is of: keys in the order they are given, nothing between them. */
export function manifestOf(content: Document & { readonly mediaType: string }): Manifest {
  const bytes = jsonBytes(content)
  return { descriptor: describe(bytes, content.mediaType), bytes }
}

export function jsonBytes(content: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content))
}

/** @throws SyntaxError if it is not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes))
}

/** Sorted by name, so that the order in which they were collected does not reach a digest. */
export function sorted<T>(record: { readonly [name: string]: T }): { readonly [name: string]: T } {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The 64 hexadecimal digits of a digest. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}
