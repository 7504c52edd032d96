const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Reads a span of time: `'500ms'`, `'30s'`, `'1.5m'`, `'1h'`, `'1d'`, or a number of milliseconds.
 *
 * @returns whole milliseconds, or `undefined` if `value` is no such span.
 */
export function parseDuration(value: string | number): number | undefined {
  const exact = typeof value === 'number' ? value : fromText(value)
  // `0.1 * 1000` is not always whole; what is off by a rounding error is meant to be.
  const whole = Math.round(exact)
  return Number.isSafeInteger(whole) && whole >= 0 && Math.abs(exact - whole) < 1e-6 ? whole : undefined
}

function fromText(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim())
  return match === null ? Number.NaN : Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS]
}
