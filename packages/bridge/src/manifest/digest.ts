import { createHash } from 'node:crypto'
import type { Digest, Manifest } from './format.ts'

/** Hashes bytes, or the UTF-8 form of a string. */
export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/**
 * JSON with object keys sorted and no blanks, so that equal values have equal bytes.
 *
 * Keys with the value `undefined` are left out, as `JSON.stringify` does. Written in one pass without copying: manifests of
 * a thousand logics go through it at every build and every boot.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) {
    let items = ''
    for (const item of value) items += `${items === '' ? '' : ','}${item === undefined ? 'null' : canonicalJson(item)}`
    return `[${items}]`
  }
  let members = ''
  for (const key of sortedKeys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[key]
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}

/** The hash a manifest must carry: over everything in it but the hash itself. */
export function manifestDigest(manifest: Omit<Manifest, 'digest'> | Manifest): Digest {
  const { digest: _, ...content } = manifest as Manifest
  return digestOf(canonicalJson(content))
}

/** A manifest with its digest, and the canonical JSON of both, for one walk over its content. */
export function sealManifest(content: Omit<Manifest, 'digest'>): { readonly manifest: Manifest; readonly json: string } {
  const members = new Map(Object.entries(content).filter(([, member]) => member !== undefined).map(([key, member]) => [key, canonicalJson(member)]))
  const written = (): string => `{${[...members.keys()].sort().map((key) => `${JSON.stringify(key)}:${members.get(key) ?? ''}`).join(',')}}`
  const digest = digestOf(written())
  members.set('digest', JSON.stringify(digest))
  return { manifest: { ...content, digest }, json: written() }
}

/** Most objects that come here were written in order before. */
function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value)
  for (let index = 1; index < keys.length; index++) {
    if ((keys[index - 1] as string) > (keys[index] as string)) return keys.sort()
  }
  return keys
}
