/** A clock that only moves when it is told to, or asked. */
export interface FakeClock {
  /** Never gives the same moment twice, so that a test can tell two releases apart. Bound: hand it on as it is. */
  readonly now: () => Date
  /** Moves it on by so many milliseconds. */
  advance(ms: number): void
}

/**
 * A clock for `targetContext({ now })`.
 *
 * @param start an ISO 8601 time. @default '2030-01-01T00:00:00Z'
 * @param step milliseconds from one answer to the next. @default 1000
 * @throws RangeError for a start that is no time.
 */
export function fakeClock({ start = '2030-01-01T00:00:00Z', step = 1000 }: { readonly start?: string; readonly step?: number } = {}): FakeClock {
  let time = Date.parse(start)
  if (Number.isNaN(time)) throw new RangeError(`${start} is not a time`)
  return {
    now: () => new Date(time += step),
    advance: (ms) => { time += ms },
  }
}
