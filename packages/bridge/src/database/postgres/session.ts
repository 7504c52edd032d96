import type { PoolClient, QueryArrayConfig, QueryArrayResult } from 'pg'
import { abortError } from '../abort.ts'
import type { Answer } from '../answer.ts'
import { DatabaseError } from '../driver.ts'
import { requestCancel, type BackendKey } from './cancel.ts'
import { endsConnection } from './errors.ts'

/** A statement as it is sent. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Names it as a prepared statement, parsed once a connection. */
  readonly name?: string
  /** Several statements in one text, without values: the simple protocol. Gives the last one's answer. */
  readonly script?: boolean
}

/** What a statement gave, before values of unknown types are decoded. */
export interface RawAnswer extends Answer {
  /** The type of each column. */
  readonly types: readonly number[]
  /** The command the server says it ran: `SELECT`, `COMMIT`, … */
  readonly command: string
}

/** How long a connection whose statement was given up may take to become usable again, in milliseconds. */
const SETTLE_TIMEOUT = 5_000

/** A connection of the pool while one call has it. Runs one statement at a time. */
export class Session {
  #running: Promise<void> | undefined
  #cancelling: Promise<void> | undefined
  #broken = false
  #discarded = false
  #released = false

  constructor(
    private readonly client: PoolClient,
    private readonly onRelease: () => void,
  ) {}

  /**
   * Runs a statement after those before it.
   *
   * When `signal` is aborted, this rejects at once, and the server is asked to stop; the session may be used again when
   * {@link settled} has resolved.
   *
   * @throws pg's error, or DatabaseError `timeout` or `cancelled`.
   */
  async run(statement: Statement, signal?: AbortSignal): Promise<RawAnswer> {
    while (this.#running !== undefined) await this.#running
    if (signal?.aborted) throw abortError(signal)
    if (this.#broken) throw new DatabaseError('unavailable', 'The connection broke.')
    return this.#send(statement, signal)
  }

  /** Has the connection closed, not kept, when it is released. */
  discard(): void {
    this.#discarded = true
  }

  /** Resolves once nothing runs or is being cancelled; by then the connection may be broken. */
  async settled(): Promise<void> {
    if (this.#cancelling === undefined && this.#running === undefined) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => (this.#broken = true, resolve()), SETTLE_TIMEOUT)
    })
    await Promise.race([Promise.all([this.#cancelling, this.#running]), late])
    clearTimeout(timer)
    this.#cancelling = undefined
  }

  /** True once {@link release} was called. */
  get released(): boolean {
    return this.#released
  }

  /** Gives the connection back: to the pool, or away if it is broken or still in a transaction. */
  release(): void {
    this.#released = true
    if (this.#cancelling === undefined && this.#running === undefined) this.#giveBack()
    else void this.settled().then(() => this.#giveBack())
  }

  #send(statement: Statement, signal: AbortSignal | undefined): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      let finish = (): void => {}
      this.#running = new Promise((done) => (finish = done))
      const onAbort = (): void => {
        this.#cancelling = requestCancel(this.client as unknown as BackendKey, SETTLE_TIMEOUT)
        reject(abortError(signal as AbortSignal))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.client.query(toQuery(statement), (error: Error | null, result: QueryArrayResult | QueryArrayResult[]) => {
        signal?.removeEventListener('abort', onAbort)
        this.#running = undefined
        if (error && endsConnection(error)) this.#broken = true
        finish()
        if (error) reject(error)
        else resolve(toRawAnswer(Array.isArray(result) ? (result.at(-1) as QueryArrayResult) : result))
      })
    })
  }

  #giveBack(): void {
    // `I`: idle. Anything else is a transaction that somebody left open.
    const status = (this.client as unknown as { getTransactionStatus(): string | null }).getTransactionStatus()
    this.client.release(this.#broken || this.#discarded || status !== 'I')
    this.onRelease()
  }
}

function toQuery(statement: Statement): QueryArrayConfig & { queryMode: 'extended' | 'simple' } {
  return {
    text: statement.text,
    values: statement.values as unknown[],
    ...(statement.name === undefined ? {} : { name: statement.name }),
    rowMode: 'array',
    // Also without values: the simple protocol would run several statements in one text.
    queryMode: statement.script ? 'simple' : 'extended',
  }
}

function toRawAnswer(result: QueryArrayResult): RawAnswer {
  return {
    columns: result.fields.map((field) => field.name),
    types: result.fields.map((field) => field.dataTypeID),
    rows: result.rows as unknown[][],
    changed: result.rowCount ?? 0,
    command: result.command,
  }
}
