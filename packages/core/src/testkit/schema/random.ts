/** A source of chance that gives the same again for the same seed. */
export interface Random {
  /** A whole number from 0, below `bound`. */
  below(bound: number): number
  /** One of a list that is not empty. */
  oneOf<T>(list: readonly T[]): T
  /** True once in `times`. */
  oneIn(times: number): boolean
}

/** Mulberry32, by Tommy Ettinger: small, and random enough for making test cases. */
export function randomFrom(seed: number): Random {
  let state = seed | 0
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
  return {
    below,
    oneOf: (list) => {
      const item = list[below(list.length)]
      if (item === undefined) throw new RangeError('nothing to choose from')
      return item
    },
    oneIn: (times) => below(times) === 0,
  }
}
