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

/** The time a call has. Ends by itself, or when its client goes or the Bridge stops. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #client: AbortSignal | undefined

  /**
   * @param ms time from now.
   * @param client aborted when the client disconnects.
   */
  constructor(ms: number, client?: AbortSignal) {
    this.#timer = setTimeout(() => this.end('timeout'), ms)
    this.#client = client
    if (client?.aborted) this.end('client_gone')
    else client?.addEventListener('abort', this.#onClientGone)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(why: EndReason): void {
    this.#controller.abort(new CallEnded(why))
  }

  /**
   * Settles as `work` does, but no later than the deadline, whether or not `work` heeds the signal.
   *
   * @throws CallEnded
   */
  async race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      work.then(resolve, reject)
    })
  }

  /** Stops the clock. The signal stays as it is. */
  release(): void {
    clearTimeout(this.#timer)
    this.#client?.removeEventListener('abort', this.#onClientGone)
  }

  readonly #onClientGone = (): void => this.end('client_gone')
}
