import { SettingsError } from './errors.ts'
import { openConnection, type OpenConnection } from './open-connection.ts'
import { HeldRows } from './rows/held-rows.ts'
import { type Answered, type Gathered, learnTypes, type Rows, type Sender } from './rows/rows.ts'
import type { TypeCatalogue } from './type-catalogue.ts'
import type { Outcome, RowSink, Statement } from './wire/exchange.ts'

/** Milliseconds that a statement may hold up others. The server cancels it then, and it is done again on a connection of its own. */
export const FAST_LANE_TIMEOUT = 50
/** Statements on one connection whose answers are awaited. */
const DEPTH = 64
/** Statements on each connection that make another one worth opening. */
const BUSY = 8
/** A connection that has been at one statement for so many milliseconds gets no further ones behind it. */
const STALL = 5
/** How long an unused connection is kept, and after how long connecting is tried again, in milliseconds. */
const IDLE_TIMEOUT = 30_000
const RETRY = 1_000
/** Milliseconds without an answer after which a connection is given up: a server that lives has long cancelled the statement. */
const SILENCE = 10_000

/**
 * Connections that many calls share: each statement is sent at once behind those before it, without waiting for their answers,
 * and what is written while Node handles one round of events leaves in one write a connection.
 *
 * It is never waited for. Where there is no connection that could take a statement right now, {@link pick} gives none, and the
 * statement takes the isolated lane. So a statement here waits for at most {@link FAST_LANE_TIMEOUT} behind another, cancelling
 * is never needed (a cancel request might hit a neighbour), and a lost connection fails what was on it and nothing else.
 */
export class FastLane {
  readonly #connections: FastConnection[] = []
  readonly #unflushed: FastConnection[] = []
  #connecting: Promise<void> | undefined
  #retryAt = 0
  #turn = 0
  #sweeper: NodeJS.Timeout | undefined
  #closed = false
  readonly #flush = (): void => {
    this.#turn++
    for (const connection of this.#unflushed.splice(0)) connection.flush()
  }

  /**
   * @param timeout the database's own statement timeout in milliseconds; 0 for none.
   * @param silence see {@link SILENCE}.
   */
  constructor(
    private readonly url: string, private readonly size: number, private readonly timeout: number, private readonly silence = SILENCE,
  ) {}

  get stats(): { readonly open: number; readonly idle: number } {
    return { open: this.#connections.length, idle: this.#connections.filter(({ depth }) => depth === 0).length }
  }

  /** True if a statement that the server cancelled here may run longer elsewhere. */
  get isStricter(): boolean {
    return this.timeout === 0 || this.timeout > FAST_LANE_TIMEOUT
  }

  /**
   * The connection that will answer soonest, if one can take a statement now.
   *
   * @param now on the clock of `performance.now()`.
   */
  pick(now = performance.now()): FastConnection | undefined {
    let best: FastConnection | undefined
    for (const connection of this.#connections) {
      if (connection.canTake(now) && (best === undefined || connection.depth < best.depth)) best = connection
    }
    if ((best === undefined || best.depth >= BUSY) && this.#connections.length < this.size) this.#connect(now)
    return best
  }

  /** Counts the rounds of events in which something was sent. */
  get turn(): number {
    return this.#turn
  }

  /** Has a connection flushed at the end of this round of events. */
  flushSoon(connection: FastConnection): void {
    if (this.#unflushed.length === 0) setImmediate(this.#flush)
    this.#unflushed.push(connection)
  }

  /** Waits for what runs, and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#sweeper)
    await this.#connecting
    await Promise.all(this.#connections.map((connection) => connection.end()))
  }

  #connect(now: number): void {
    if (this.#connecting !== undefined || this.#closed || now < this.#retryAt) return
    const timeout = this.isStricter ? FAST_LANE_TIMEOUT : this.timeout
    this.#connecting = openConnection(this.url, timeout).then((opened) => this.#add(opened), () => {
      // Whoever takes the isolated lane meanwhile is told what is wrong.
      this.#retryAt = performance.now() + RETRY
    }).finally(() => { this.#connecting = undefined })
  }

  #add(opened: OpenConnection): void {
    const connection = new FastConnection(opened, this)
    this.#connections.push(connection)
    void connection.closed.then(() => this.#connections.splice(this.#connections.indexOf(connection), 1))
    this.#sweeper ??= this.#sweepLater()
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#connections) {
      if (connection.isSilent(now, this.silence)) connection.giveUp()
      else if (connection.depth === 0 && now - connection.usedAt > IDLE_TIMEOUT) void connection.end()
    }
    this.#sweeper = this.#connections.length === 0 ? undefined : this.#sweepLater()
  }

  #sweepLater(): NodeJS.Timeout {
    return setTimeout(() => this.#sweep(), this.silence / 2).unref()
  }
}

/** One connection of the fast lane. */
export class FastConnection implements Sender {
  readonly closed: Promise<void>
  #unflushed = false
  #ending: (() => void) | undefined
  #usedAt = performance.now()
  /** The round of events in which the statement that the server is at was sent, or those before it were answered. */
  #progressTurn = 0

  constructor(private readonly opened: OpenConnection, private readonly lane: FastLane) {
    this.closed = opened.wire.closed
  }

  /** What has to come before each statement, because the session does not keep it. */
  get settings(): readonly Statement[] {
    return this.opened.settings
  }

  get depth(): number {
    return this.opened.wire.depth
  }

  get usedAt(): number {
    return this.#usedAt
  }

  /**
   * True if a statement sent now is answered soon. A statement is taken for long only if a whole round of events has passed
   * over it: when Node itself is behind, the answer may be there and not read yet.
   */
  canTake(now: number): boolean {
    const { wire } = this.opened
    if (!wire.isOpen || this.#ending !== undefined || wire.depth >= DEPTH) return false
    return wire.depth === 0 || now - wire.headSince < STALL || this.lane.turn - this.#progressTurn < 2
  }

  send(statements: readonly Statement[], sink: RowSink): Promise<Answered> {
    return new Promise((resolve, reject) => this.#write(statements, sink, (outcome) => {
      if (outcome.error === undefined) resolve(outcome)
      else reject(errorOf(outcome))
    }))
  }

  /**
   * What {@link gather} does, in a single promise: most calls come this way.
   *
   * @param answered told at once, before anybody who waits.
   * @param recover what comes of a failure.
   */
  ask<T>(
    statements: readonly Statement[], rows: Rows<T>, types: TypeCatalogue, answered: (gathered: Gathered<T>) => void,
    recover: (error: unknown) => Promise<T>,
  ): Promise<T> {
    const held = new HeldRows(rows, types)
    return new Promise((resolve) => this.#write(statements, held, (outcome) => {
      const { error, columns, tag, took } = outcome
      const fail = (reason: unknown): void => {
        rows.discard()
        resolve(recover(reason))
      }
      const finish = (): void => {
        let answer: T
        try {
          answer = rows.finish(columns, tag)
        } catch (reason) {
          return fail(reason)
        }
        answered({ answer, took })
        resolve(answer)
      }
      if (error !== undefined) fail(errorOf(outcome))
      else if (held.waits) learnTypes(this, held, columns, types).then(finish, fail)
      else finish()
    }))
  }

  #write(statements: readonly Statement[], sink: RowSink, settle: (outcome: Outcome) => void): void {
    const { wire } = this.opened
    const isFirst = wire.depth === 0
    wire.write({
      statements, sink,
      done: (outcome) => {
        this.#progressTurn = this.lane.turn
        this.#usedAt = wire.headSince
        settle(outcome)
        // Only single statements come here; one that left a transaction open has all behind it in it.
        if (wire.transactionStatus !== 'I') wire.destroy(new Error('a statement left a transaction open'))
        else if (wire.depth === 0) this.#ending?.()
      },
    })
    if (!this.#unflushed) {
      this.#unflushed = true
      this.lane.flushSoon(this)
    }
    if (isFirst) this.#progressTurn = this.lane.turn
  }

  /** True if the server has been at one statement for so long that it cannot be there any more. */
  isSilent(now: number, silence: number): boolean {
    return this.depth > 0 && now - this.opened.wire.headSince > silence
  }

  /** Fails what is not answered, and closes. */
  giveUp(): void {
    this.opened.wire.destroy(new Error('the server does not answer'))
  }

  flush(): void {
    this.#unflushed = false
    this.opened.wire.flush()
  }

  /** Closes when everything is answered. */
  async end(): Promise<void> {
    if (this.depth > 0) await Promise.race([new Promise<void>((resolve) => (this.#ending = resolve)), this.closed])
    else this.#ending = () => {}
    this.opened.wire.end()
    await this.closed
  }
}

function errorOf({ error, early }: Outcome): unknown {
  return early ? new SettingsError(error) : error
}
