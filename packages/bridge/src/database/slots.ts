import { DatabaseError, type CallEnd } from './driver.ts'
import { endError, throwIfOver } from './ending.ts'

interface Waiter {
  enter(): void
  refuse(error: DatabaseError): void
}

/**
 * Lets `max` calls in at once and `queue` more wait, in the order they came. The next is refused at once: a database
 * that cannot keep up must not fill the Bridge's memory with calls nobody waits for any longer.
 */
export class Slots {
  readonly #waiters = new Set<Waiter>()
  #taken = 0
  #closed = false
  #emptied = (): void => {}
  readonly #empty = new Promise<void>((resolve) => (this.#emptied = resolve))

  constructor(readonly alias: string, readonly max: number, readonly queue: number) {}

  /** Calls in the queue now. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Calls that hold a slot now. */
  get taken(): number {
    return this.#taken
  }

  /** True when whoever comes has to wait. */
  get isFull(): boolean {
    return this.#taken >= this.max
  }

  /**
   * Takes a slot, waiting for one if need be. Every slot taken must be given back by {@link leave}.
   *
   * @throws DatabaseError `overloaded` when the queue is full, `timeout` or `cancelled` when the call ends first.
   */
  async enter(end: CallEnd): Promise<void> {
    if (this.#closed) throw closedError(this.alias)
    throwIfOver(end)
    if (this.#taken < this.max) {
      this.#taken++
      return
    }
    if (this.#waiters.size >= this.queue) {
      throw new DatabaseError('overloaded', `Database "${this.alias}": ${this.max} in use, ${this.queue} waiting.`)
    }
    await this.#wait(end)
  }

  leave(): void {
    const [next] = this.#waiters
    // The slot goes from hand to hand, so that nobody who comes meanwhile is served first.
    if (next !== undefined) next.enter()
    else if (--this.#taken === 0 && this.#closed) this.#emptied()
  }

  /** Refuses everyone who waits and everyone who comes. Resolves when the last slot is given back. */
  async close(): Promise<void> {
    this.#closed = true
    for (const waiter of [...this.#waiters]) waiter.refuse(closedError(this.alias))
    if (this.#taken > 0) await this.#empty
  }

  #wait(end: CallEnd): Promise<void> {
    return new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        this.#waiters.delete(waiter)
        end.offEnd(onEnd)
      }
      const waiter: Waiter = {
        enter: () => (leaveQueue(), resolve()),
        refuse: (error) => (leaveQueue(), reject(error)),
      }
      const onEnd = (reason: Error): void => waiter.refuse(endError(reason))
      this.#waiters.add(waiter)
      end.onEnd(onEnd)
    })
  }
}

function closedError(alias: string): DatabaseError {
  return new DatabaseError('unavailable', `Database "${alias}" is closed.`)
}
