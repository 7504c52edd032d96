import { gunzip } from 'node:zlib'
import { promisify } from 'node:util'
import { BootError } from '../boot-error.ts'
import { ArchiveError, readUstar } from './ustar.ts'

/** Bundle files by path, `manifest.json` apart from what stands below `bundle/`. */
export interface BundleFiles {
  readonly manifest: Uint8Array
  /** By their path below `bundle/`. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** How much larger than the archive's own bound its content may be. */
const EXPANSION = 4

/**
 * Unpacks a `santokit-bundle.tgz` in memory.
 *
 * @param maxBytes bound on the archive; its content may be four times that.
 * @throws BootError if it is no bundle archive, or unpacks to more.
 */
export async function unpackBundle(archive: Uint8Array, maxBytes: number): Promise<BundleFiles> {
  const tar = await inflate(archive, maxBytes * EXPANSION)
  let manifest: Uint8Array | undefined
  const files = new Map<string, Uint8Array>()
  for (const { path, content } of readEntries(tar)) {
    if (path === 'manifest.json') manifest = content
    else if (path.startsWith('bundle/')) files.set(path.slice('bundle/'.length), content)
    else throw notABundle(`It holds ${JSON.stringify(path)}; only manifest.json and bundle/ belong there.`)
  }
  if (manifest === undefined) throw notABundle('It holds no manifest.json.')
  return { manifest, files }
}

async function inflate(archive: Uint8Array, maxOutputLength: number): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(archive, { maxOutputLength })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new BootError(
        'bundle_too_large', `The bundle unpacks to more than ${maxOutputLength} bytes.`,
        'Check where it comes from; if it is yours, raise BUNDLE_MAX_BYTES.', { cause: error },
      )
    }
    throw notABundle('It is not gzip, or it is damaged.', error)
  }
}

function readEntries(tar: Uint8Array): ReturnType<typeof readUstar> {
  try {
    return readUstar(tar)
  } catch (error) {
    if (error instanceof ArchiveError) throw notABundle(error.message, error)
    throw error
  }
}

function notABundle(why: string, cause?: unknown): BootError {
  return new BootError(
    'bundle_archive', `The archive is not a Santokit bundle. ${why}`,
    'Point to the santokit-bundle.tgz that `stk bundle` wrote, unchanged.', { cause },
  )
}
