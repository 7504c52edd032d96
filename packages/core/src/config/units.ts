export { parseDuration } from '../logic/duration.ts'

/** `MB` is a million bytes, as it is printed everywhere; `MiB` is 1024² of them. */
const SIZE: Readonly<Record<string, number>> = {
  b: 1, kb: 1000, mb: 1000 ** 2, gb: 1000 ** 3, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3,
}

/**
 * Reads a size: `'512kB'`, `'1MB'`, `'2GiB'`, or a number of bytes. Upper and lower case are the same.
 *
 * @returns whole bytes, or `undefined` if it is not a size.
 */
export function parseSize(value: string | number): number | undefined {
  const [, digits, unit] = typeof value === 'string' ? (/^(\d+(?:\.\d+)?)\s*([kmg]?i?b)$/i.exec(value.trim()) ?? []) : [value, String(value), 'b']
  const factor = unit === undefined ? undefined : SIZE[unit.toLowerCase()]
  if (digits === undefined || factor === undefined) return undefined
  const exact = Number(digits) * factor
  // `0.1 * 1000` is not always whole; what is off by a rounding error is meant to be.
  const whole = Math.round(exact)
  return Number.isSafeInteger(whole) && whole >= 0 && Math.abs(exact - whole) < 1e-6 ? whole : undefined
}
