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
  const bytes = gzipSync(archive, { level: 6, mtime: 0 })
  return layerOf(bytes, digestOf(archive), comment)
}

/**
 * The same, remembered: compressing what changes with a version of Santokit is the slowest part of an image.
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
