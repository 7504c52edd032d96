import { type Client, Deadline } from './deadline.ts'
import { overloaded } from './problem.ts'

/** What `setTimeout` can hold, in milliseconds; it takes anything longer for no time at all. */
const LONGEST_TIMER = 2 ** 31 - 1

/** The calls that run now: how many there may be, until when each, and the way to end them all. */
export class RunningCalls {
  readonly #limit: number
  readonly #running = new Calls()
  readonly #background = new Calls()
  /** Answered, but something that their logic did not wait for still runs: until the call's time is over, too. */
  readonly #leftBehind = new Calls()
  /** One timer for all calls, set for the first of their deadlines: a timer a call would show in every call's time. */
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  #stopped = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many calls run that clients wait for. */
  get count(): number {
    return this.#running.all.length
  }

  /**
   * Begins a call; {@link end} must follow.
   *
   * @param ms time it has.
   * @throws Problem `overloaded` if as many calls run as may.
   */
  begin(ms: number, client: Pick<Client, 'watch'>): Deadline {
    if (this.#stopped) throw overloaded('The server is stopping.')
    if (this.count >= this.#limit) throw overloaded('Too many calls at once.')
    const deadline = this.#track(this.#running, ms)
    client.watch(() => deadline.end('client_gone'))
    return deadline
  }

  /**
   * Begins work that no single client waits for, such as refreshing a cached answer. As much of it may run as calls may:
   * clients that ask and leave would otherwise pile it up.
   *
   * @throws Problem `overloaded`
   */
  beginBackground(ms: number): Deadline {
    if (this.#background.all.length >= this.#limit) throw overloaded('Too many calls at once.')
    const deadline = this.#track(this.#background, ms)
    if (this.#stopped) deadline.end('stopping')
    return deadline
  }

  end(deadline: Deadline): void {
    deadline.release()
    if (!this.#running.delete(deadline)) this.#background.delete(deadline)
    if (deadline.isHeard && !deadline.ended) this.#leaveBehind(deadline)
  }

  /** Ends every call now, and each one that still comes. */
  stop(): void {
    this.#stopped = true
    for (const deadline of this.#all()) deadline.end('stopping')
    clearTimeout(this.#timer)
  }

  #all(): readonly Deadline[] {
    return [...this.#running.all, ...this.#background.all, ...this.#leftBehind.all]
  }

  #track(calls: Calls, ms: number): Deadline {
    const deadline = new Deadline(performance.now() + ms)
    calls.add(deadline)
    if (deadline.at < this.#timerAt) this.#wakeAt(deadline.at)
    return deadline
  }

  /** No more of them than of calls: what piles up ends at once. */
  #leaveBehind(deadline: Deadline): void {
    if (this.#stopped) return deadline.end('stopping')
    if (this.#leftBehind.all.length >= this.#limit) this.#forgetQuiet()
    if (this.#leftBehind.all.length >= this.#limit) return deadline.end('timeout')
    this.#leftBehind.add(deadline)
  }

  #forgetQuiet(): void {
    for (const deadline of [...this.#leftBehind.all]) if (!deadline.isHeard || deadline.ended) this.#leftBehind.delete(deadline)
  }

  #wakeAt(at: number): void {
    clearTimeout(this.#timer)
    this.#timerAt = at
    // Timers may come up to a millisecond early. One that comes too soon for the call is set again.
    this.#timer = setTimeout(() => this.#endOverdue(), Math.min(Math.max(0, at - performance.now()) + 1, LONGEST_TIMER))
    // A call holds the process by what it waits for; its time limit does not.
    this.#timer.unref()
  }

  #endOverdue(): void {
    const now = performance.now()
    const overdue: Deadline[] = []
    let next = Infinity
    this.#forgetQuiet()
    for (const deadline of this.#all()) {
      if (deadline.ended) continue
      if (deadline.at <= now) overdue.push(deadline)
      else if (deadline.at < next) next = deadline.at
    }
    this.#timerAt = Infinity
    if (next !== Infinity) this.#wakeAt(next)
    for (const deadline of overdue.sort((a, b) => a.at - b.at)) deadline.end('timeout')
  }
}

/** Calls in no order. A set would be rebuilt again and again, because all that is in it soon goes. */
class Calls {
  readonly all: Deadline[] = []

  add(deadline: Deadline): void {
    deadline.place = this.all.length
    this.all.push(deadline)
  }

  /** @returns false if it was not there. */
  delete(deadline: Deadline): boolean {
    if (this.all[deadline.place] !== deadline) return false
    const last = this.all.pop() as Deadline
    if (last !== deadline) {
      this.all[deadline.place] = last
      last.place = deadline.place
    }
    return true
  }
}
