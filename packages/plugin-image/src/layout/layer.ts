import { packUstar, type ArchiveEntry } from '@santokit/core'
import { gzipSync } from 'fflate'
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

/**
 * Packs files as a layer: plain ustar, every folder an entry of its own, owner 0, time 0, modes 0755 and 0644.
 *
 * The compressor is fflate at an exact version: zlib's output differs from one Node build to the next.
 */
export function packLayer(files: readonly ArchiveEntry[], comment: string): Layer {
  const archive = packUstar([...foldersOf(files), ...files])
  return layerOf(compress(archive), digestOf(archive), comment)
}

/** Bytes of a file from which on its compressed content is kept: below it, looking it up takes as long as compressing it. */
const LARGE = 65_536

/**
 * The same, with what large files compress to remembered: of a project that changes a little, most is compressed once.
 *
 * The contents of large files are gzip members of their own (RFC 1952 section 2.2: a gzip file is a series of them). Where they
 * begin depends on the files alone, so the bytes are the same with a cache and without.
 */
export async function packLayerInParts(files: readonly ArchiveEntry[], comment: string, cache: ContentCache): Promise<Layer> {
  const archive = packUstar([...foldersOf(files), ...files])
  const members = await Promise.all(partsOf(archive).map(({ bytes, isLarge }) => (isLarge ? compressOnce(bytes, cache) : compress(bytes))))
  return layerOf(Buffer.concat(members), digestOf(archive), comment)
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
  const name = `members/${hexOf(digestOf(bytes))}`
  const digest = await cache.recall(name) ?? ''
  const known = /^sha256:[0-9a-f]{64}$/.test(digest) ? await cache.read(digest) : undefined
  if (known !== undefined) return known
  const compressed = compress(bytes)
  const made = digestOf(compressed)
  await cache.write(made, compressed)
  await cache.note(name, made)
  return compressed
}

function compress(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 6, mtime: 0 })
}

/**
 * A whole layer, remembered: compressing what changes with a version of Santokit is the slowest part of an image.
 *
 * @param key changes whenever the files may have.
 */
export async function packLayerOnce(
  { key, read }: { readonly key: string; readonly read: () => Promise<readonly ArchiveEntry[]> }, comment: string, cache: ContentCache,
): Promise<Layer> {
  const name = `layers/${hexOf(digestOf(new TextEncoder().encode(`1 ${key}`)))}`
  const [digest = '', diffId = ''] = (await cache.recall(name))?.split(' ') ?? []
  const known = /^sha256:[0-9a-f]{64}$/.test(digest) && /^sha256:[0-9a-f]{64}$/.test(diffId) ? await cache.read(digest) : undefined
  if (known !== undefined) return layerOf(known, diffId, comment)
  const layer = packLayer(await read(), comment)
  await cache.write(layer.blob.descriptor.digest, await layer.blob.open())
  await cache.note(name, `${layer.blob.descriptor.digest} ${layer.diffId}`)
  return layer
}

function layerOf(bytes: Uint8Array, diffId: string, comment: string): Layer {
  return { blob: { descriptor: describe(bytes, OCI_LAYER_GZIP), open: () => bytes }, diffId, comment }
}

function foldersOf(files: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const folders = new Set<string>()
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) folders.add(path.slice(0, slash + 1))
  }
  return [...folders].map((path) => ({ path, bytes: new Uint8Array() }))
}
