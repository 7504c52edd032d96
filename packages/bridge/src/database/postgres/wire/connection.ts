import { isStalePlan } from '../errors.ts'
import type { Exchange, Statement } from './exchange.ts'
import { IncomingMessages } from './incoming.ts'
import { OutgoingMessages } from './outgoing.ts'
import { readColumns, readError, readTag, type Column } from './server-messages.ts'

/** What a connection needs of a socket: the part of a Node stream that is used here. */
export interface WireStream {
  readonly writable: boolean
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  on(event: 'close' | 'end', listener: () => void): unknown
  write(bytes: Uint8Array): unknown
  end(bytes: Uint8Array, written: () => void): unknown
  destroy(): unknown
}

/** A statement that this connection has sent to be prepared. What it gives is known when the server has described it. */
interface Prepared {
  readonly name: string
  columns: readonly Column[]
}

/** An exchange on its way. */
interface Sent {
  readonly exchange: Exchange
  /** Statements that it prepares, until the server says that it has. */
  readonly preparing: Prepared[]
  /** What its last statement gives. */
  readonly last: Prepared
  /** Statements that have run. */
  step: number
  tag: string
  error: unknown
}

const NO_COLUMNS: readonly Column[] = []
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])

/**
 * A connection to Postgres after its login, by its wire protocol. Exchanges may be sent without waiting for those before
 * (the server answers in order), and a prepared statement is parsed and described only once.
 */
export class WireConnection {
  readonly #out = new OutgoingMessages()
  readonly #in = new IncomingMessages((type, bytes, from, to) => this.#receive(type, bytes, from, to))
  readonly #prepared = new Map<string, Prepared>()
  /** Names that the server still holds for a statement that went stale. */
  readonly #stale = new Set<string>()
  readonly #sent: Sent[] = []
  /** Where in {@link #sent} the exchange stands that the server answers now. */
  #head = 0
  #headSince = 0
  #farewell: unknown
  #open = true
  #lost = false
  #status = 'I'
  #onClose = (): void => {}

  /** Resolves once the connection is gone. */
  readonly closed = new Promise<void>((resolve) => (this.#onClose = resolve))

  constructor(private readonly stream: WireStream) {
    stream.on('data', (chunk: Buffer) => this.#in.push(chunk))
    stream.on('error', (error: unknown) => { this.#farewell ??= error })
    stream.on('close', () => this.#lose())
    stream.on('end', () => { this.#open = false })
  }

  /** Exchanges that are not answered yet. */
  get depth(): number {
    return this.#sent.length - this.#head
  }

  /** Since when the server has been at the exchange it answers now, on the clock of `performance.now()`. */
  get headSince(): number {
    return this.#headSince
  }

  /** False once it is known that nothing can be sent any more. */
  get isOpen(): boolean {
    return this.#open && this.stream.writable
  }

  /** `I` outside of a transaction, `T` in one, `E` in one that failed; as of the last answer. */
  get transactionStatus(): string {
    return this.#status
  }

  /**
   * Writes an exchange behind those before. {@link flush} sends what was written. On a connection that is gone it fails at
   * once: nothing would ever answer it.
   */
  write(exchange: Exchange): void {
    if (this.#lost) return exchange.done({ error: this.#farewell, early: false, tag: '', columns: NO_COLUMNS, took: 0 })
    const preparing: Prepared[] = []
    let last: Prepared | undefined
    for (const statement of exchange.statements) last = this.#writeStatement(statement, preparing)
    this.#out.sync()
    if (this.depth === 0) this.#headSince = performance.now()
    this.#sent.push({ exchange, preparing, last: last as Prepared, step: 0, tag: '', error: undefined })
  }

  flush(): void {
    if (this.#out.isEmpty) return
    const bytes = this.#out.take()
    if (this.stream.writable) this.stream.write(bytes)
  }

  /** Takes leave of the server, and closes. Only for a connection on which everything is answered. */
  end(): void {
    this.#open = false
    this.stream.end(TERMINATE, () => this.stream.destroy())
  }

  /** Closes at once. What is not answered fails with `error`. */
  destroy(error?: Error): void {
    this.#open = false
    this.#farewell ??= error
    this.stream.destroy()
  }

  #writeStatement({ name = '', text, values }: Statement, preparing: Prepared[]): Prepared {
    let prepared = name === '' ? undefined : this.#prepared.get(name)
    if (prepared === undefined) {
      prepared = { name, columns: NO_COLUMNS }
      if (this.#stale.delete(name)) this.#out.close(name)
      this.#out.parse(name, text)
      // Of the statement, not of its portal: if it can be parsed it can be described, so the two are never apart.
      this.#out.describe(name)
      preparing.push(prepared)
      // Those behind it on this connection may count on it: if it fails, they are told that it is not there.
      if (name !== '') this.#prepared.set(name, prepared)
    }
    this.#out.bind(name, values)
    this.#out.execute()
    return prepared
  }

  #receive(type: number, bytes: Buffer, from: number, to: number): void {
    const sent = this.#sent[this.#head]
    switch (type) {
      case 0x44: // DataRow
        if (sent !== undefined && sent.step === sent.exchange.statements.length - 1) this.#takeRow(sent, bytes, from)
        break
      case 0x43: // CommandComplete
        if (sent === undefined) break
        sent.step++
        sent.tag = sent.step === sent.exchange.statements.length ? readTag(bytes, from, to) : ''
        break
      case 0x49: // EmptyQueryResponse stands in place of CommandComplete where there is nothing to run.
        if (sent !== undefined) sent.step++
        break
      case 0x5a: // ReadyForQuery
        this.#status = String.fromCharCode(bytes[from] as number)
        if (sent !== undefined) this.#finish(sent)
        break
      case 0x54: // RowDescription
        if (sent?.preparing[0] !== undefined) sent.preparing[0].columns = readColumns(bytes, from)
        sent?.preparing.shift()
        break
      case 0x6e: // NoData
        sent?.preparing.shift()
        break
      case 0x45: // ErrorResponse; without an exchange, it is the server's farewell.
        if (sent !== undefined) sent.error ??= readError(bytes, from)
        else this.#farewell = readError(bytes, from)
        break
      case 0x47: // CopyInResponse: there is nothing to copy. The Sync sent before is ignored while data is awaited.
        this.#out.copyFail('it has no source')
        this.#out.sync()
        this.flush()
        break
    }
  }

  #takeRow(sent: Sent, bytes: Buffer, from: number): void {
    if (sent.error !== undefined) return
    try {
      sent.exchange.sink.row(bytes, from, sent.last.columns)
    } catch (error) {
      sent.error = error
    }
  }

  #finish(sent: Sent): void {
    this.#head++
    // A queue of its own would cost more than cutting off now and then what is done.
    if (this.#head === this.#sent.length) this.#sent.length = this.#head = 0
    else if (this.#head === 256) this.#head -= this.#sent.splice(0, 256).length
    const since = this.#headSince
    this.#headSince = performance.now()
    if (sent.error !== undefined) this.#forget(sent)
    this.#settle(sent, sent.error, this.#headSince - since)
  }

  /** What an exchange that failed had not prepared, and what was stale, is prepared anew by whoever comes next. */
  #forget({ exchange, preparing, error }: Sent): void {
    for (const prepared of preparing) if (this.#prepared.get(prepared.name) === prepared) this.#prepared.delete(prepared.name)
    if (!isStalePlan(error)) return
    for (const { name } of exchange.statements) {
      if (name !== undefined && this.#prepared.delete(name)) this.#stale.add(name)
    }
  }

  #lose(): void {
    this.#open = false
    this.#lost = true
    const broken = this.#farewell ??= new Error('the connection ended')
    const now = performance.now()
    for (const sent of this.#sent.splice(0).slice(this.#head)) this.#settle(sent, sent.error ?? broken, now - this.#headSince)
    this.#head = 0
    this.#onClose()
  }

  #settle({ exchange, step, tag, last }: Sent, error: unknown, took: number): void {
    exchange.done({ error, early: step < exchange.statements.length - 1, tag, columns: last.columns, took })
  }
}
