/**
 * Writes a value as JSON the way `docs/types.md` maps it: `bigint` as a decimal string, `Date` as ISO 8601, bytes as
 * base64. What JSON has no form for is `null` at the top and left out below.
 *
 * @throws TypeError or RangeError for a value that contains itself.
 */
export function encodeJson(value: unknown): string {
  // A replacer makes `JSON.stringify` several times slower, and most values need none.
  return (needsReplacer(value) ? JSON.stringify(value, encodeMember) : JSON.stringify(value)) ?? 'null'
}

function needsReplacer(value: unknown): boolean {
  if (typeof value === 'bigint') return true
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(needsReplacer)
  if (value instanceof Date) return false
  // What its `toJSON` gives is not known; bytes have one, or would be walked number by number.
  if (value instanceof Uint8Array || typeof (value as { toJSON?: unknown }).toJSON === 'function') return true
  for (const key in value) {
    if (needsReplacer((value as Record<string, unknown>)[key])) return true
  }
  return false
}

/** `this[key]` is the value before its `toJSON` ran: a Buffer would otherwise arrive as an object of numbers. */
function encodeMember(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  const original = (this as Record<string, unknown>)[key]
  if (original instanceof Uint8Array) {
    return Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString('base64')
  }
  return value
}

/** True if arrays and objects are nested deeper than `limit`. A scalar has depth 0. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (limit === 0) return true
  if (Array.isArray(value)) return value.some((item) => isDeeperThan(item, limit - 1))
  for (const key in value) {
    if (isDeeperThan((value as Record<string, unknown>)[key], limit - 1)) return true
  }
  return false
}
