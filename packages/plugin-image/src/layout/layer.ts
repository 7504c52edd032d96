import { gunzipSync } from 'node:zlib'
import { packUstar, type ArchiveEntry } from '@santokit/core'
import { describe, hexOf } from '../oci/content.ts'
import { OCI_LAYER_GZIP } from '../oci/media-types.ts'
import type { Blob } from '../oci/types.ts'
import type { ContentCache } from '../base/cache.ts'
import { digestOf } from '../registry/digest.ts'

/** A layer, and the digest of what it unpacks to. */
export interface Layer {
  readonly blob: Blob
  /** Of the uncompressed archive; OCI image configuration, "rootfs". */
  readonly diffId: string
  /** For the image's history. */
  readonly comment: string
}

/** The archive of a layer: plain ustar, every folder an entry of its own, owner 0, time 0, modes 0755 and 0644. */
export function archiveOf(files: readonly ArchiveEntry[]): Uint8Array {
  return packUstar([...foldersOf(files), ...files])
}

/**
 * What packs layers, and how. Part of every name in the cache: bytes that another version has packed unpack to the same and have
 * another digest, and an image must not depend on what this computer has packed before.
 */
export const COMPRESSOR = 'fflate 0.8.3 level 6'

/** Bytes of a file from which on its compressed content is kept: below it, looking it up takes as long as compressing it. */
const LARGE = 65_536

/**
 * The same, with what large files compress to remembered: of a project that changes a little, most is compressed once.
 *
 * The contents of large files are gzip members of their own (RFC 1952 section 2.2: a gzip file is a series of them). Where they
 * begin depends on the files alone, so the bytes are the same with a cache and without.
 */
export async function packLayerInParts(files: readonly ArchiveEntry[], comment: string, cache: ContentCache): Promise<Layer> {
  const archive = archiveOf(files)
  const name = cached('last', comment)
  const last = await cache.recall(name)
  const packed = last !== undefined && holds(last, archive) ? last : await packInParts(archive, cache)
  if (packed !== last) await cache.note(name, packed)
  return layerOf(packed, digestOf(archive), comment)
}

/** Whether the last layer of that name is this one. Unpacking says so for certain, in a tenth of the time that packing takes. */
function holds(packed: Uint8Array, archive: Uint8Array): boolean {
  try {
    return gunzipSync(packed, { maxOutputLength: archive.length }).equals(archive)
  } catch {
    return false
  }
}

async function packInParts(archive: Uint8Array, cache: ContentCache): Promise<Uint8Array> {
  return Buffer.concat(await Promise.all(partsOf(archive).map(({ bytes, isLarge }) => (isLarge ? compressOnce(bytes, cache) : compress(bytes)))))
}

/** Cuts an archive around the contents of large files. */
function partsOf(archive: Uint8Array): readonly { readonly bytes: Uint8Array; readonly isLarge: boolean }[] {
  const parts: { readonly bytes: Uint8Array; readonly isLarge: boolean }[] = []
  let from = 0
  for (let header = 0; header < archive.length && archive[header] !== 0;) {
    const content = header + BLOCK
    const size = Number.parseInt(new TextDecoder().decode(archive.subarray(header + 124, header + 135)), 8)
    const next = content + Math.ceil(size / BLOCK) * BLOCK
    if (size >= LARGE) {
      parts.push({ bytes: archive.subarray(from, content), isLarge: false }, { bytes: archive.subarray(content, next), isLarge: true })
      from = next
    }
    header = next
  }
  return [...parts, { bytes: archive.subarray(from), isLarge: false }]
}

/** Bytes of a block of an archive; POSIX ustar. */
const BLOCK = 512

async function compressOnce(bytes: Uint8Array, cache: ContentCache): Promise<Uint8Array> {
  const name = cached('members', digestOf(bytes))
  const digest = (await cache.recall(name))?.toString() ?? ''
  const known = /^sha256:[0-9a-f]{64}$/.test(digest) ? await cache.read(digest) : undefined
  if (known !== undefined) return known
  const compressed = await compress(bytes)
  const made = digestOf(compressed)
  await cache.write(made, compressed)
  await cache.note(name, made)
  return compressed
}

function cached(kind: 'last' | 'members' | 'layers', of: string): string {
  return `${kind}/${hexOf(digestOf(new TextEncoder().encode(`${COMPRESSOR} ${of}`)))}`
}

/** Loaded when there is something to compress. */
async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return (await import('./pack.ts')).compress(bytes)
}

/**
 * A whole layer, remembered: compressing what changes with a version of Santokit is the slowest part of an image.
 *
 * @param key changes whenever the files may have.
 */
export async function packLayerOnce(
  { key, read }: { readonly key: string; readonly read: () => Promise<readonly ArchiveEntry[]> }, comment: string, cache: ContentCache,
): Promise<Layer> {
  const name = cached('layers', key)
  const [digest = '', diffId = ''] = (await cache.recall(name))?.toString().split(' ') ?? []
  const known = /^sha256:[0-9a-f]{64}$/.test(digest) && /^sha256:[0-9a-f]{64}$/.test(diffId) ? await cache.read(digest) : undefined
  if (known !== undefined) return layerOf(known, diffId, comment)
  const { packLayer } = await import('./pack.ts')
  const layer = packLayer(await read(), comment)
  await cache.write(layer.blob.descriptor.digest, await layer.blob.open())
  await cache.note(name, `${layer.blob.descriptor.digest} ${layer.diffId}`)
  return layer
}

/** A layer of bytes that are compressed already. @param diffId of what they unpack to. */
export function layerOf(bytes: Uint8Array, diffId: string, comment: string): Layer {
  return { blob: { descriptor: describe(bytes, OCI_LAYER_GZIP), open: () => bytes }, diffId, comment }
}

function foldersOf(files: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const folders = new Set<string>()
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) folders.add(path.slice(0, slash + 1))
  }
  return [...folders].map((path) => ({ path, bytes: new Uint8Array() }))
}
