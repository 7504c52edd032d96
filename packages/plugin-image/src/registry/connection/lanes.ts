/** Runs tasks, a bounded number of them at a time, in the order in which they came. */
export type Lanes = <Result>(task: () => Promise<Result>) => Promise<Result>

export function openLanes(count: number): Lanes {
  const waiting: (() => void)[] = []
  let free = count
  return async (task) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // The lane is handed over; it counts as free only when nobody waits.
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
