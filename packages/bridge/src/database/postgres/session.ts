import type { PoolClient } from 'pg'
import { abortError } from '../abort.ts'
import { DatabaseError } from '../driver.ts'
import { requestCancel, type BackendKey } from './cancel.ts'
import { endsConnection, SettingsError } from './errors.ts'
import { WireQuery, type RawAnswer, type Statement } from './wire-query.ts'

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
   * Runs a statement after those before it. Given several, it runs them as one round trip and one implicit transaction,
   * and gives the answer of the last; the others make settings for it.
   *
   * When `signal` is aborted, this rejects at once, and the server is asked to stop; the session may be used again when
   * {@link settled} has resolved.
   *
   * @throws pg's error, SettingsError, or DatabaseError `timeout` or `cancelled`.
   */
  async run(statements: readonly Statement[], signal?: AbortSignal): Promise<RawAnswer> {
    while (this.#running !== undefined) await this.#running
    if (signal?.aborted) throw abortError(signal)
    if (this.#broken) throw new DatabaseError('unavailable', 'The connection broke.')
    return this.#send(statements, signal)
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

  #send(statements: readonly Statement[], signal: AbortSignal | undefined): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      let finish = (): void => {}
      this.#running = new Promise((done) => (finish = done))
      const onAbort = (): void => {
        this.#cancelling = requestCancel(this.client as unknown as BackendKey, SETTLE_TIMEOUT)
        reject(abortError(signal as AbortSignal))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.client.query(new WireQuery(statements, (error, answer, step) => {
        signal?.removeEventListener('abort', onAbort)
        this.#running = undefined
        if (answer === undefined && endsConnection(error)) this.#broken = true
        finish()
        if (answer !== undefined) resolve(answer)
        else reject(step < statements.length - 1 ? new SettingsError(error) : error)
      }))
    })
  }

  #giveBack(): void {
    // `I`: idle. Anything else is a transaction that somebody left open.
    const status = (this.client as unknown as { getTransactionStatus(): string | null }).getTransactionStatus()
    this.client.release(this.#broken || this.#discarded || status !== 'I')
    this.onRelease()
  }
}
