/** Milliseconds that a statement which is called short takes on average, before and after it was. */
const SHORT = { until: 10, again: 5 }
/** The same for a statement that writes: what waits behind it waits for the disk, too. */
const SHORT_WRITE = { until: 4, again: 2 }
/** Bytes of an answer that others can wait behind. */
const SMALL_ANSWER = 256 * 1024
/** Short runs in a row that a logic needs at first; each time it overstays it needs four times as many, up to the last. */
const PROBATION = { first: 2, factor: 4, last: 8192 }
/** How much the last run counts in an average. */
const WEIGHT = 1 / 8
/** Statements that the server had to cancel for their time, each within so many runs of the last, that end a logic's being short. */
const STRIKES = 2
const STRIKE_FORGOTTEN_AFTER = 256
/** On a machine that is busy everything is slow: what takes as long as others, or a few times as long, is not what slows it. */
const TIMES_USUAL = 4

/** How long the statements of all logic take on average, in milliseconds. */
export class UsualPace {
  #average = 0

  get average(): number {
    return this.#average
  }

  ran(ms: number): void {
    this.#average += (ms - this.#average) * WEIGHT / 8
  }
}

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
  #strikes = 0
  #runsSinceStrike = 0

  constructor(writes: boolean) {
    this.#limits = writes ? SHORT_WRITE : SHORT
  }

  get isShort(): boolean {
    return this.#short
  }

  /**
   * It ran to its end.
   *
   * @param ms that the server took.
   * @param usual what statements take.
   */
  ran(ms: number, answerBytes: number, usual: UsualPace): void {
    this.#average += (ms - this.#average) * WEIGHT
    const allowance = TIMES_USUAL * usual.average
    if (++this.#runsSinceStrike > STRIKE_FORGOTTEN_AFTER) this.#strikes = 0
    if (answerBytes > SMALL_ANSWER) this.#demote()
    else if (this.#short) {
      if (this.#average > this.#limits.until + allowance) this.#demote()
    } else if (ms > this.#limits.again + allowance) this.#shortRuns = 0
    else if (++this.#shortRuns >= this.#needed) {
      this.#short = true
      this.#average = ms
    }
  }

  /** The server cancelled it, for it had held up others for too long. Once may be the machine's fault. */
  overstayed(): void {
    this.#runsSinceStrike = 0
    if (++this.#strikes < STRIKES) return
    this.#strikes = 0
    this.#demote()
  }

  #demote(): void {
    if (this.#short) this.#needed = Math.min(this.#needed * PROBATION.factor, PROBATION.last)
    this.#short = false
    this.#shortRuns = 0
  }
}
