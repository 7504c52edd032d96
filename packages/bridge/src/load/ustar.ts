/** One regular file of an archive. */
export interface ArchiveFile {
  readonly path: string
  readonly content: Uint8Array
}

/** Why an archive is not read. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
}

const BLOCK = 512

/**
 * Reads a plain ustar archive (POSIX.1-1988). Strict, because it comes from outside: only regular files and folders,
 * only relative paths without a way up, no path twice, nothing after the end.
 *
 * @returns the files, in archive order. Folders are checked and left out.
 * @throws ArchiveError
 */
export function readUstar(archive: Uint8Array): ArchiveFile[] {
  const files: ArchiveFile[] = []
  const seen = new Set<string>()
  let offset = 0
  for (;;) {
    const header = archive.subarray(offset, offset + BLOCK)
    if (header.length < BLOCK) throw new ArchiveError('The archive ends in the middle.')
    if (isZero(header)) break
    const entry = readHeader(header)
    const start = offset + BLOCK
    const end = start + entry.size
    if (end > archive.length) throw new ArchiveError(`The archive ends within ${JSON.stringify(entry.path)}.`)
    // Folded, because a case-insensitive file system would write one over the other.
    const key = entry.path.toLowerCase()
    if (seen.has(key)) throw new ArchiveError(`The archive holds ${JSON.stringify(entry.path)} twice.`)
    seen.add(key)
    if (entry.isFile) files.push({ path: entry.path, content: archive.subarray(start, end) })
    offset = start + Math.ceil(entry.size / BLOCK) * BLOCK
  }
  if (!isZero(archive.subarray(offset))) throw new ArchiveError('The archive goes on after its end.')
  return files
}

interface Header {
  readonly path: string
  readonly size: number
  readonly isFile: boolean
}

/** Field offsets: POSIX.1-1988, "Extended tar format". */
function readHeader(header: Uint8Array): Header {
  if (readText(header, 257, 6) !== 'ustar') throw new ArchiveError('The archive is not plain ustar.')
  if (readOctal(header, 148, 8) !== checksum(header)) throw new ArchiveError('An archive header is damaged.')
  const prefix = readText(header, 345, 155)
  const name = readText(header, 0, 100)
  const path = prefix === '' ? name : `${prefix}/${name}`
  const type = String.fromCharCode(header[156] ?? 0)
  const isFile = type === '0' || type === '\0'
  if (!isFile && type !== '5') {
    throw new ArchiveError(`${JSON.stringify(path)} is neither a regular file nor a folder (type ${JSON.stringify(type)}).`)
  }
  const bare = isFile ? path : path.replace(/\/$/, '')
  assertInside(bare)
  const size = readOctal(header, 124, 12)
  if (!isFile && size !== 0) throw new ArchiveError(`The folder ${JSON.stringify(path)} has content.`)
  return { path: bare, size, isFile }
}

function assertInside(path: string): void {
  const segments = path.split('/')
  const escapes = path.includes('\\') || /^[a-z]:/i.test(path) || segments.some((part) => part === '' || part === '.' || part === '..')
  if (escapes) throw new ArchiveError(`The archive holds the path ${JSON.stringify(path)}.`)
}

function readText(header: Uint8Array, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length)
  const end = field.indexOf(0)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(end === -1 ? field : field.subarray(0, end))
  } catch (error) {
    throw new ArchiveError('An archive header is not UTF-8.', { cause: error })
  }
}

function readOctal(header: Uint8Array, offset: number, length: number): number {
  const text = readText(header, offset, length).trim()
  if (!/^[0-7]{1,11}$/.test(text)) throw new ArchiveError('An archive header holds a malformed number.')
  return Number.parseInt(text, 8)
}

/** The sum of all header bytes, with the checksum field itself counted as blanks. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0)
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
