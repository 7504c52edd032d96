import { gzipSync } from 'fflate'
import type { ArchiveEntry } from '@santokit/core'
import { archiveOf, layerOf, type Layer } from './layer.ts'
import { digestOf } from '../registry/digest.ts'

/**
 * Packs files as a layer.
 *
 * The compressor is fflate at an exact version: zlib's output differs from one Node build to the next. `COMPRESSOR` beside the cache names it.
 */
export function packLayer(files: readonly ArchiveEntry[], comment: string): Layer {
  const archive = archiveOf(files)
  return layerOf(compress(archive), digestOf(archive), comment)
}

/** One gzip member. Depends on the bytes alone. */
export function compress(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 6, mtime: 0 })
}
