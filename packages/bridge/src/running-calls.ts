import { type ClientWatch, Deadline } from './deadline.ts'
import { overloaded } from './problem.ts'

/** The calls that run now: how many there may be, and the way to end them all. */
export class RunningCalls {
  readonly #limit: number
  readonly #running = new Set<Deadline>()
  readonly #background = new Set<Deadline>()
  #stopped = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Begins a call; {@link end} must follow.
   *
   * @param ms time it has.
   * @throws Problem `overloaded` if as many calls run as may.
   */
  begin(ms: number, watchClient: ClientWatch): Deadline {
    if (this.#stopped) throw overloaded('The server is stopping.')
    if (this.#running.size >= this.#limit) throw overloaded('Too many calls at once.')
    const deadline = new Deadline(ms, watchClient)
    this.#running.add(deadline)
    return deadline
  }

  /** Begins work that no single client waits for, such as refreshing a cached answer. Counts towards no limit. */
  beginBackground(ms: number): Deadline {
    const deadline = new Deadline(ms)
    this.#background.add(deadline)
    if (this.#stopped) deadline.end('stopping')
    return deadline
  }

  end(deadline: Deadline): void {
    deadline.release()
    this.#running.delete(deadline)
    this.#background.delete(deadline)
  }

  /** Ends every call now, and each one that still comes. */
  stop(): void {
    this.#stopped = true
    for (const deadline of [...this.#running, ...this.#background]) deadline.end('stopping')
  }
}
