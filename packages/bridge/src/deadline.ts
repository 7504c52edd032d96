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

/** Who waits for a call's answer. */
export interface Client {
  /** All headers of the request, for logic: made when they are first looked at. */
  headers(): Headers
  /** Tells `onGone` once if the client disconnects before it is answered. */
  watch(onGone: () => void): void
}

/** Work that no single client waits for. */
export const NO_CLIENT: Client = { headers: () => new Headers(), watch() {} }

type EndListener = (reason: CallEnded) => void

/** The time a call has. Ended by {@link RunningCalls} when it is over, when its client goes or when the Bridge stops. */
export class Deadline {
  /** Made on demand: most calls have one listener, the race with their own deadline. */
  #listeners: EndListener[] | undefined
  #racing: EndListener | undefined
  #controller: AbortController | undefined
  #ended: CallEnded | undefined
  /** Where it stands among the calls that run: theirs to know. */
  place = -1

  /** @param at when the time is over, on the clock of `performance.now()`. */
  constructor(readonly at: number) {}

  /** Why the call is over, once it is. */
  get ended(): CallEnded | undefined {
    return this.#ended
  }

  /** Aborted when the call is over before its logic is. Made on demand, because it is the dearest part of a small call. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#ended) this.#controller.abort(this.#ended)
    }
    return this.#controller.signal
  }

  /** Tells `listener` once if the call ends before its logic does. What `signal` tells, for a fraction of its price. */
  onEnd(listener: EndListener): void {
    if (this.#ended) listener(this.#ended)
    else (this.#listeners ??= []).push(listener)
  }

  /** Undoes {@link onEnd}. */
  offEnd(listener: EndListener): void {
    const at = this.#listeners?.lastIndexOf(listener) ?? -1
    if (at !== -1) this.#listeners?.splice(at, 1)
  }

  /** @throws CallEnded */
  throwIfOver(): void {
    if (this.#ended) throw this.#ended
  }

  end(why: EndReason): void {
    if (this.#ended) return
    this.#ended = new CallEnded(why)
    this.#racing?.(this.#ended)
    // A copy: what hears of it may stop listening.
    for (const listener of [...this.#listeners ?? []]) listener(this.#ended)
    this.#controller?.abort(this.#ended)
  }

  /** True while something waits that the end of the call would stop, such as a statement or a transaction. */
  get isHeard(): boolean {
    return this.#listeners !== undefined && this.#listeners.length > 0
  }

  /**
   * Begins `work` and settles as it does, but no later than the deadline, whether or not `work` heeds the signal. Once a call.
   * Work is not begun if the call is over already.
   *
   * @param settled told before that, and once more if `work` ends after the deadline.
   * @throws CallEnded
   */
  race<T>(work: () => Promise<T>, settled: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown): void => {
        settled()
        reject(error as Error)
      }
      if (this.#ended) return fail(this.#ended)
      this.#racing = fail
      try {
        work().then((value) => {
          settled()
          resolve(value)
        }, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /** The call has been answered: its end is no longer its client's. */
  release(): void {
    this.#racing = undefined
  }
}
