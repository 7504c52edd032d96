import type { Sample } from './exposition.ts'

/** Upper bounds in milliseconds: from an answer out of memory to the default time limit of a call. */
const BOUNDS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000] as const

/** How long things took, counted by size. */
export class Histogram {
  /** Not cumulative, so that one count changes for each observation; the last is for what is past every bound. */
  readonly #counts: number[] = new Array<number>(BOUNDS.length + 1).fill(0)
  #sum = 0

  observe(ms: number): void {
    let at = 0
    while (at < BOUNDS.length && ms > (BOUNDS[at] as number)) at++
    ;(this.#counts[at] as number)++
    this.#sum += ms
  }

  /** In seconds, as Prometheus has them. */
  samples(labels: Readonly<Record<string, string>>): Sample[] {
    let total = 0
    const buckets = this.#counts.map((count, at): Sample => {
      total += count
      const bound = BOUNDS[at]
      return { suffix: '_bucket', labels: { ...labels, le: bound === undefined ? '+Inf' : String(bound / 1000) }, value: total }
    })
    return [...buckets, { suffix: '_sum', labels, value: this.#sum / 1000 }, { suffix: '_count', labels, value: total }]
  }
}
