import { open, stat } from 'node:fs/promises'
import type { SecretRefusal } from '../../plugin/contract.ts'

/** The largest file a value is read from, in bytes. No platform takes a larger secret, and a wrong path is found out early. */
export const LARGEST_FILE = 64 * 1024

/**
 * Reads a text file of at most {@link LARGEST_FILE} bytes.
 *
 * @param shown how messages call the file: as the person wrote it.
 */
export async function readText(file: string, shown: string): Promise<{ readonly text: string } | SecretRefusal> {
  try {
    // Asked before opening: to open a pipe that nobody writes to would wait for ever.
    if (!(await stat(file)).isFile()) return { failure: 'malformed-ref', why: `${shown} is not a file.` }
    const bytes = await readUpTo(file, LARGEST_FILE + 1)
    if (bytes.length > LARGEST_FILE) return { failure: 'malformed-ref', why: `${shown} is larger than ${LARGEST_FILE / 1024} KB.` }
    // A byte order mark stays: the Bridge, which reads the same files, keeps it, too.
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch (error) {
    return explain(error, shown)
  }
}

async function readUpTo(file: string, limit: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const buffer = new Uint8Array(limit)
    let length = 0
    while (length < limit) {
      const { bytesRead } = await handle.read(buffer, length, limit - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } finally {
    await handle.close()
  }
}

function explain(error: unknown, shown: string): SecretRefusal {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return { failure: 'item-not-found', why: `${shown} does not exist.`, fix: `Create ${shown}, or correct the reference.` }
  }
  if (code === 'EACCES' || code === 'EPERM') return { failure: 'forbidden', why: `${shown} may not be read.` }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { failure: 'malformed-ref', why: `${shown} is not UTF-8 text.` }
  return { failure: 'unknown', why: `${shown} cannot be read${code === undefined ? '' : ` (${code})`}.` }
}
