/** Why a call is over before its logic is. */
export type EndReason = 'timeout' | 'client_gone' | 'stopping'

/** The reason a call's signal is aborted with. */
export class CallEnded extends Error {
  /** Databases tell a time limit from a cancellation by this name. */
  override readonly name: 'TimeoutError' | 'AbortError'

  constructor(readonly why: EndReason) {
    super(`The call is over: ${why}`)
    this.name = why === 'timeout' ? 'TimeoutError' : 'AbortError'
  }
}

/** Tells a listener once when a call's client disconnects. */
export type ClientWatch = (onGone: () => void) => void

/** The time a call has. Ends by itself, or when its client goes or the Bridge stops. */
export class Deadline {
  readonly #timer: NodeJS.Timeout
  readonly #waiting: ((reason: CallEnded) => void)[] = []
  #controller: AbortController | undefined
  #ended: CallEnded | undefined

  /** @param ms time from now. */
  constructor(ms: number, watchClient?: ClientWatch) {
    this.#timer = setTimeout(() => this.end('timeout'), ms)
    watchClient?.(() => this.end('client_gone'))
  }

  /** Aborted when the call is over before its logic is. Made on demand, because it is the dearest part of a small call. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#ended) this.#controller.abort(this.#ended)
    }
    return this.#controller.signal
  }

  /** @throws CallEnded */
  throwIfOver(): void {
    if (this.#ended) throw this.#ended
  }

  end(why: EndReason): void {
    if (this.#ended) return
    this.#ended = new CallEnded(why)
    for (const reject of this.#waiting) reject(this.#ended)
    this.#controller?.abort(this.#ended)
  }

  /**
   * Settles as `work` does, but no later than the deadline, whether or not `work` heeds the signal.
   *
   * @throws CallEnded
   */
  async race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#ended) reject(this.#ended)
      else this.#waiting.push(reject)
      work.then(resolve, reject)
    })
  }

  /** Stops the clock: the call has been answered. */
  release(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
  }
}
