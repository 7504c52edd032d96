import type { CallEnd } from '../../database/driver.ts'
import { untilEnd } from '../../database/ending.ts'
import { toConnectError } from '../../database/postgres/errors.ts'
import { Session } from '../../database/postgres/session.ts'
import type { Statement } from '../../database/postgres/wire/exchange.ts'
import type { Login } from '../../database/postgres/wire/login.ts'
import { Slots } from '../../database/slots.ts'

export interface CallConnectionsOptions {
  readonly alias: string
  /** Connections the call may have at once, and how many of its transactions may wait for one. */
  readonly max: number
  readonly queue: number
  /** What has to come before each transaction. */
  readonly settings: readonly Statement[]
  readonly login: () => Promise<Login>
}

/**
 * The connections of one call, opened when they are first needed: usually one. Its statements go over it one behind another, for a
 * further connection costs more than they would wait; only transactions that run side by side, or beside statements, have their own.
 */
export class CallConnections {
  readonly #slots: Slots
  readonly #open = new Set<Login>()
  readonly #idle: Login[] = []
  /** What the statements go over while there are any. */
  #shared: Promise<Session> | undefined
  #sharers = 0
  #closed = false

  constructor(private readonly options: CallConnectionsOptions) {
    this.#slots = new Slots(options.alias, options.max, options.queue)
  }

  stats(): { readonly open: number; readonly idle: number; readonly waiting: number; readonly max: number } {
    return { open: this.#open.size, idle: this.#idle.length, waiting: this.#slots.waiting, max: this.options.max }
  }

  /** Runs statements on the connection that all statements of the call share. */
  async use<T>(end: CallEnd, work: (session: Session) => Promise<T>): Promise<T> {
    this.#sharers++
    this.#shared ??= this.take(end)
    try {
      return await work(await this.#shared)
    } finally {
      if (--this.#sharers === 0) {
        const shared = this.#shared
        this.#shared = undefined
        // Where nobody could connect there is nothing to give back.
        shared.then((session) => session.release(), () => {})
      }
    }
  }

  /**
   * Takes a connection. `release()` it in every case.
   *
   * @throws DatabaseError `overloaded`, `unavailable`, `timeout` or `cancelled`.
   */
  async take(end: CallEnd): Promise<Session> {
    await this.#slots.enter(end)
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.wire.isOpen) return this.#sessionOn(idle)
      this.#open.delete(idle)
    }
    const connecting = this.#connect()
    return untilEnd(connecting, end).catch((error: unknown) => {
      connecting.then((session) => session.release(), () => {})
      throw error
    })
  }

  /** Ends what runs, and closes all. */
  async close(): Promise<void> {
    this.#closed = true
    for (const idle of this.#idle.splice(0)) idle.wire.end()
    await Promise.all([...this.#open].map(({ wire }) => wire.closed))
  }

  async #connect(): Promise<Session> {
    try {
      const login = await this.options.login()
      this.#open.add(login)
      return this.#sessionOn(login)
    } catch (error) {
      this.#slots.leave()
      throw toConnectError(error, this.options.alias)
    }
  }

  #sessionOn(login: Login): Session {
    return new Session(login, this.options.settings, (usable) => {
      if (!usable || !login.wire.isOpen) this.#drop(login)
      else if (this.#closed) login.wire.end()
      else this.#idle.push(login)
      this.#slots.leave()
    })
  }

  #drop(login: Login): void {
    this.#open.delete(login)
    login.wire.destroy()
  }
}
