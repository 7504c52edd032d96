import type { CallEnd } from '../driver.ts'
import { DatabaseError } from '../driver.ts'
import { endError, throwIfOver } from '../ending.ts'
import { endsConnection, SettingsError } from './errors.ts'
import type { Answered, Sender } from './rows/rows.ts'
import type { RowSink, Statement } from './wire/exchange.ts'
import type { Login } from './wire/login.ts'
import { ServerError } from './wire/server-messages.ts'

/** How long a connection whose statement was given up may take to become usable again, in milliseconds. */
const SETTLE_TIMEOUT = 5_000

/** A connection while one call has it to itself. Runs one exchange at a time. */
export class Session implements Sender {
  #running: Promise<void> | undefined
  #cancelling: Promise<void> | undefined
  #broken = false
  #released = false

  constructor(
    private readonly login: Login,
    /** What has to come before each transaction, because the session does not keep it. */
    readonly settings: readonly Statement[],
    private readonly onRelease: (usable: boolean) => void,
  ) {}

  /**
   * Sends an exchange after those before it.
   *
   * When the call ends, this rejects at once, and the server is asked to stop; the session may be used again when
   * {@link settled} has resolved.
   *
   * @throws as {@link Sender}; DatabaseError `timeout` or `cancelled` when the call ends first.
   */
  async send(statements: readonly Statement[], sink: RowSink, end?: CallEnd): Promise<Answered> {
    while (this.#running !== undefined && !this.#broken) await this.#running
    if (end !== undefined) throwIfOver(end)
    if (this.#broken) throw new DatabaseError('unavailable', 'The connection broke.')
    return this.#exchange(statements, sink, end)
  }

  /** Resolves once nothing runs or is being cancelled; by then the connection may be broken. */
  async settled(): Promise<void> {
    if (this.#cancelling === undefined && this.#running === undefined) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => (this.#giveUp(), resolve()), SETTLE_TIMEOUT)
    })
    await Promise.race([Promise.all([this.#cancelling, this.#running]), late])
    clearTimeout(timer)
    this.#cancelling = undefined
  }

  /** True once {@link release} was called. */
  get released(): boolean {
    return this.#released
  }

  /** Gives the connection back: to be used again, or to be closed if it is broken or still in a transaction. */
  release(): void {
    this.#released = true
    if (this.#cancelling === undefined && this.#running === undefined) this.#giveBack()
    else void this.settled().then(() => this.#giveBack())
  }

  #exchange(statements: readonly Statement[], sink: RowSink, end: CallEnd | undefined): Promise<Answered> {
    const { wire } = this.login
    return new Promise((resolve, reject) => {
      let finish = (): void => {}
      this.#running = new Promise((done) => (finish = done))
      const onEnd = (reason: Error): void => {
        this.#cancelling = this.login.cancel(SETTLE_TIMEOUT)
        reject(endError(reason))
      }
      end?.onEnd(onEnd)
      wire.write({
        statements, sink,
        done: ({ error, early, columns, tag, took }) => {
          end?.offEnd(onEnd)
          this.#running = undefined
          if (!wire.isOpen || (error instanceof ServerError && endsConnection(error))) this.#broken = true
          finish()
          if (error === undefined) resolve({ columns, tag, took })
          else reject(early ? new SettingsError(error) : error)
        },
      })
      wire.flush()
    })
  }

  /** Fails what runs, so that nobody waits for an answer that does not come. */
  #giveUp(): void {
    this.#broken = true
    this.login.wire.destroy(new Error('the server does not answer'))
  }

  #giveBack(): void {
    // `I`: idle. Anything else is a transaction that somebody left open.
    this.onRelease(!this.#broken && this.login.wire.transactionStatus === 'I')
  }
}
