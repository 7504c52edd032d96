import { digestOf } from '@santokit/bridge/manifest'
import type { ArtifactFile } from './artifact.ts'
import type { Bundle } from './bundle.ts'
import { packUstar, type ArchiveEntry } from './ustar.ts'

/** The archive of a bundle. */
export const ARCHIVE_NAME = 'santokit-bundle.tgz'

/** A bundle's archive, packed when it is first asked for and once: compressing takes longer than all else, and few targets ship it. */
export function archiveOnce(pack: () => Promise<ArtifactFile>): Bundle['archive'] {
  let packed: Promise<ArtifactFile> | undefined
  return () => (packed ??= pack())
}

/**
 * Packs files into a `.tgz` whose bytes depend on nothing but the files.
 *
 * The compressor is fflate at an exact version: zlib's output differs from one Node build to the next.
 */
export async function createArchive(entries: readonly ArchiveEntry[], path = ARCHIVE_NAME): Promise<ArtifactFile> {
  const { gzipSync } = await import('fflate')
  const bytes = gzipSync(packUstar(entries), { level: 6, mtime: 0 })
  return { path, bytes, digest: digestOf(bytes) }
}
