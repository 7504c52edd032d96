import type { PostgresEntry } from '../../manifest/format.ts'
import type { CallEnd } from '../driver.ts'
import { untilEnd } from '../ending.ts'
import { Slots } from '../slots.ts'
import { openConnection, type OpenConnection } from './open-connection.ts'
import { toConnectError } from './errors.ts'
import { Session } from './session.ts'

/** How long an unused connection is kept, in milliseconds. */
const IDLE_TIMEOUT = 30_000

interface Idle extends OpenConnection {
  since: number
}

/** Where a connection counts while it is used. */
type Place = 'in a slot' | 'beside the slots'

/** Connections that one call at a time has to itself: a bounded pool behind a bounded queue. */
export class IsolatedLane {
  readonly #slots: Slots
  readonly #open = new Set<OpenConnection>()
  /** The last one used is used next, so that those not needed grow old. */
  readonly #idle: Idle[] = []
  #sweeper: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(private readonly alias: string, private readonly entry: PostgresEntry, private readonly url: string, max: number) {
    this.#slots = new Slots(alias, max, entry.pool.queue)
  }

  get stats(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    return { open: this.#open.size, idle: this.#idle.length, waiting: this.#slots.waiting }
  }

  /**
   * Takes a connection, waiting in the queue for it. `release()` it in every case.
   *
   * @throws DatabaseError `overloaded`, `unavailable`, `timeout` or `cancelled`.
   */
  async take(end: CallEnd): Promise<Session> {
    await this.#slots.enter(end)
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      // One that died a moment ago is passed over; nothing has been sent on it.
      if (idle.wire.isOpen) return this.#sessionOn(idle)
      this.#close(idle)
    }
    return this.#connect(end)
  }

  /**
   * Takes a connection without waiting for anybody: where all are taken, one more than those, which is closed after it.
   *
   * @throws DatabaseError `unavailable`, `timeout` or `cancelled`.
   */
  takeForProbe(end: CallEnd): Promise<Session> {
    return this.#slots.isFull ? this.#connect(end, 'beside the slots') : this.take(end)
  }

  /** Waits for connections in use, and closes all. */
  close(): Promise<void> {
    this.#closing ??= this.#slots.close().then(async () => {
      clearTimeout(this.#sweeper)
      for (const idle of this.#idle.splice(0)) idle.wire.end()
      await Promise.all([...this.#open].map(({ wire }) => wire.closed))
    })
    return this.#closing
  }

  async #connect(end: CallEnd, place: Place = 'in a slot'): Promise<Session> {
    const connecting = openConnection(this.url, this.entry.statementTimeout).then(
      (connection) => {
        this.#open.add(connection)
        void connection.wire.closed.then(() => this.#forget(connection))
        return this.#sessionOn(connection, place)
      },
      (error: unknown) => {
        if (place === 'in a slot') this.#slots.leave()
        throw toConnectError(error, this.alias)
      },
    )
    return untilEnd(connecting, end).catch((error: unknown) => {
      // Given up while it connected: the connection is there for others when it stands.
      connecting.then((session) => session.release(), () => {})
      throw error
    })
  }

  #sessionOn(connection: OpenConnection, place: Place = 'in a slot'): Session {
    return new Session(connection, connection.settings, (usable) => {
      if (place === 'beside the slots') return usable ? connection.wire.end() : this.#close(connection)
      if (usable && connection.wire.isOpen) this.#rest(connection)
      else this.#close(connection)
      this.#slots.leave()
    })
  }

  #rest(connection: OpenConnection): void {
    this.#idle.push({ ...connection, since: performance.now() })
    this.#sweeper ??= setTimeout(() => this.#sweep(), IDLE_TIMEOUT).unref()
  }

  #sweep(): void {
    this.#sweeper = undefined
    const old = performance.now() - IDLE_TIMEOUT
    while (this.#idle[0] !== undefined && this.#idle[0].since <= old) this.#idle.shift()?.wire.end()
    if (this.#idle.length > 0) this.#sweeper = setTimeout(() => this.#sweep(), IDLE_TIMEOUT).unref()
  }

  #close({ wire }: OpenConnection): void {
    wire.destroy()
  }

  #forget(connection: OpenConnection): void {
    this.#open.delete(connection)
    const at = this.#idle.findIndex(({ wire }) => wire === connection.wire)
    if (at !== -1) this.#idle.splice(at, 1)
  }
}
