import { gunzipSync } from 'node:zlib'

/** Bytes of a block of an archive; POSIX ustar. */
const BLOCK = 512

/**
 * Finds a file in a layer that `packLayer` has packed.
 *
 * @param longest bytes that the layer may unpack to.
 * @returns `undefined` if it is not there, or the layer is not one of ours.
 * @throws RangeError for a layer that unpacks to more.
 */
export function findInLayer(layer: Uint8Array, path: string, longest: number): Uint8Array | undefined {
  const archive = gunzipSync(layer, { maxOutputLength: longest })
  for (let header = 0; header + BLOCK <= archive.length && archive[header] !== 0;) {
    const field = (from: number, length: number): string => archive.subarray(header + from, header + from + length).toString('latin1').split('\0')[0] ?? ''
    const size = Number.parseInt(field(124, 12), 8)
    if (!Number.isInteger(size) || size < 0 || header + BLOCK + size > archive.length) return undefined
    const prefix = field(345, 155)
    if ((prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`) === path) return archive.subarray(header + BLOCK, header + BLOCK + size)
    header += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return undefined
}
