import type { Client, ResultSet, Transaction as ClientTransaction } from '@libsql/client'
import type { SqlValue } from '../../logic.ts'
import type { Answer } from '../answer.ts'
import type { CallEnd, CallScope } from '../driver.ts'
import { endOf, throwIfOver, untilEnd } from '../ending.ts'
import type { TransactionConnection } from '../transaction.ts'
import { toAnswer } from './answer.ts'
import { toDatabaseError } from './errors.ts'
import { bindForLibsql, type Bound } from './values.ts'

interface Options {
  /** A file or memory, opened by this process. */
  readonly local: boolean
  readonly whileBusy: <T>(action: () => Promise<T>) => Promise<T>
  readonly released: () => void
}

/** A transaction of the client, which has a connection to itself. */
export class LibsqlTransaction implements TransactionConnection {
  #tx: ClientTransaction | undefined
  #released = false

  constructor(
    readonly alias: string,
    private readonly client: Client,
    readonly scope: CallScope,
    private readonly options: Options,
  ) {}

  get end(): CallEnd {
    return endOf(this.scope)
  }

  async begin(): Promise<void> {
    const mode = this.scope.readOnly ? 'read' : 'write'
    try {
      const opening = this.options.whileBusy(() => this.client.transaction(mode))
      // Opened after all when nobody waits any longer: the rollback finds it.
      this.#tx = await opening
      throwIfOver(this.end)
      // SQLite itself takes `read` as a promise and does not hold anyone to it.
      if (this.scope.readOnly && this.options.local) await this.#tx.execute('pragma query_only = 1')
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    }
  }

  ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.askStatement(sql, bindForLibsql(values), this.scope)
  }

  /** Runs a statement for a call, which may be a nested one with a signal of its own. */
  async askStatement(sql: string, args: Bound[], scope: CallScope): Promise<Answer> {
    const started = performance.now()
    try {
      return toAnswer(await this.execute(sql, args, endOf(scope)))
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }

  /** Runs a statement and gives what the client gave. */
  async execute(sql: string, args: Bound[], end: CallEnd): Promise<ResultSet> {
    throwIfOver(end)
    try {
      return await untilEnd((this.#tx as ClientTransaction).execute({ sql, args }), end)
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    }
  }

  async command(sql: string): Promise<void> {
    await this.execute(sql, [], this.end)
  }

  async commit(): Promise<void> {
    try {
      await this.#endReadOnly()
      await this.#tx?.commit()
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    }
    this.#release()
  }

  async rollback(): Promise<void> {
    if (this.#released) return
    await this.#endReadOnly().catch(() => {})
    await this.#tx?.rollback().catch(() => this.#tx?.close())
    this.#release()
  }

  /** The connection goes back to the client's pool, where others write with it. */
  async #endReadOnly(): Promise<void> {
    if (this.scope.readOnly && this.options.local) await this.#tx?.execute('pragma query_only = 0')
  }

  #release(): void {
    this.#released = true
    this.options.released()
  }
}
