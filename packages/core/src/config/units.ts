const DURATION: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Reads a duration: `'500ms'`, `'5s'`, `'10m'`, `'1h'`, `'2d'`, or a number of milliseconds.
 *
 * @returns whole milliseconds, or `undefined` if it is not a duration.
 */
export function parseDuration(value: string | number): number | undefined {
  return parseQuantity(value, /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/, DURATION)
}

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
  return parseQuantity(value, /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)$/i, SIZE)
}

function parseQuantity(value: string | number, form: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit] = typeof value === 'string' ? (form.exec(value.trim()) ?? []) : [value, String(value), '']
  if (digits === undefined || unit === undefined) return undefined
  const factor = unit === '' ? 1 : units[unit.toLowerCase()]
  const amount = factor === undefined ? Number.NaN : Number(digits) * factor
  // `0.1 * 1000` is not always whole; what is off by a rounding error is meant to be.
  const whole = Math.round(amount)
  return Number.isSafeInteger(whole) && whole >= 0 && Math.abs(amount - whole) < 1e-6 ? whole : undefined
}
