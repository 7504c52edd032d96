const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Reads a span of time: `'500ms'`, `'30s'`, `'5m'`, `'1h'`, `'1d'`, or a whole number of milliseconds.
 *
 * @returns milliseconds, or `undefined` if `value` is none of these.
 */
export function parseDuration(value: string | number): number | undefined {
  const milliseconds = typeof value === 'number' ? value : fromText(value)
  return Number.isSafeInteger(milliseconds) && milliseconds >= 0 ? milliseconds : undefined
}

function fromText(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  return match === null ? Number.NaN : Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS]
}
