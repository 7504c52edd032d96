/** A file as an archive holds it. */
export interface ArchiveEntry {
  /** Relative, with `/`, at most 255 bytes. One that ends in `/` is a folder, and has no bytes. */
  readonly path: string
  readonly bytes: Uint8Array
}

const BLOCK = 512

/**
 * Packs files as plain POSIX ustar: sorted by path, mode 0644 (folders 0755), owner 0, time 0. The same entries give the same bytes
 * everywhere, whatever their order, the clock or the umask.
 *
 * @throws RangeError for a path that ustar cannot hold (over 100 bytes with no `/` to split at).
 */
export function packUstar(entries: readonly ArchiveEntry[]): Uint8Array {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))
  const padded = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK
  // Two empty blocks end an archive.
  const size = sorted.reduce((sum, entry) => sum + BLOCK + padded(entry.bytes.length), 2 * BLOCK)
  const archive = new Uint8Array(size)
  let offset = 0
  for (const entry of sorted) {
    archive.set(header(entry), offset)
    archive.set(entry.bytes, offset + BLOCK)
    offset += BLOCK + padded(entry.bytes.length)
  }
  return archive
}

function header(entry: ArchiveEntry): Uint8Array {
  const block = new Uint8Array(BLOCK)
  const { name, prefix } = splitPath(entry.path)
  const text = (value: string, at: number): void => block.set(new TextEncoder().encode(value), at)
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`
  text(name, 0)
  text(octal(entry.path.endsWith('/') ? 0o755 : 0o644, 7), 100)
  text(octal(0, 7), 108)
  text(octal(0, 7), 116)
  text(octal(entry.bytes.length, 11), 124)
  text(octal(0, 11), 136)
  text(' '.repeat(8), 148)
  text(entry.path.endsWith('/') ? '5' : '0', 156)
  text('ustar\0' + '00', 257)
  text(octal(0, 7), 329)
  text(octal(0, 7), 337)
  text(prefix, 345)
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  text(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** A path of over 100 bytes is kept in two parts, divided at a `/`: 155 bytes before it and 100 after. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  const bytes = (value: string): number => Buffer.byteLength(value)
  if (bytes(path) <= 100) return { name: path, prefix: '' }
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash)
    const name = path.slice(slash + 1)
    if (name !== '' && bytes(prefix) <= 155 && bytes(name) <= 100) return { name, prefix }
  }
  throw new RangeError(`The path "${path}" is too long for an archive: shorten the file's or a folder's name.`)
}
