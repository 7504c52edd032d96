/** Milliseconds that a statement which is called short takes on average, before and after it was. */
const SHORT = { until: 10, again: 5 }
/** The same for a statement that writes: what waits behind it waits for the disk, too. */
const SHORT_WRITE = { until: 4, again: 2 }
/** Bytes of an answer that others can wait behind. */
const SMALL_ANSWER = 256 * 1024
/** Short runs in a row that a logic needs at first; each time it overstays it needs four times as many, up to the last. */
const PROBATION = { first: 2, factor: 4, last: 8192 }
/** How much the last run counts in the average. */
const WEIGHT = 1 / 8

/**
 * What is known of how long a logic runs, and with it where: short ones may share a connection, where each waits for those
 * before it. A logic has to be seen short first, and one that is not any longer has to be short for longer the next time.
 */
export class Pace {
  readonly #limits: typeof SHORT
  #average = 0
  #shortRuns = 0
  #needed = PROBATION.first
  #short = false

  constructor(writes: boolean) {
    this.#limits = writes ? SHORT_WRITE : SHORT
  }

  get isShort(): boolean {
    return this.#short
  }

  /** @param ms that the server took. */
  ran(ms: number, answerBytes: number): void {
    this.#average += (ms - this.#average) * WEIGHT
    if (answerBytes > SMALL_ANSWER) return this.overstayed()
    if (this.#short) {
      if (this.#average > this.#limits.until) this.overstayed()
    } else if (ms > this.#limits.again) this.#shortRuns = 0
    else if (++this.#shortRuns >= this.#needed) {
      this.#short = true
      this.#average = ms
    }
  }

  /** It took longer than others can wait. */
  overstayed(): void {
    if (this.#short) this.#needed = Math.min(this.#needed * PROBATION.factor, PROBATION.last)
    this.#short = false
    this.#shortRuns = 0
  }
}
