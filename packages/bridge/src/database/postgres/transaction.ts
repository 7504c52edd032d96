import type { SqlValue } from '../../logic.ts'
import type { Answer } from '../answer.ts'
import { DatabaseError, type CallScope } from '../driver.ts'
import type { TransactionConnection } from '../transaction.ts'
import { callerSettings } from './caller-settings.ts'
import { isStalePlan, SettingsError, StalePlanError, toDatabaseError } from './errors.ts'
import type { Session } from './session.ts'
import type { TypeCatalogue } from './type-catalogue.ts'
import { bindForPostgres } from './values.ts'
import type { RawAnswer, Statement } from './wire-query.ts'

/** How long a connection may take to roll back before it is given up, in milliseconds. */
const ROLLBACK_TIMEOUT = 5_000

/** A session for as long as a transaction runs on it. */
export class PostgresTransaction implements TransactionConnection {
  constructor(
    readonly alias: string,
    private readonly session: Session,
    private readonly scope: CallScope,
    private readonly options: { readonly rls: boolean; readonly types: TypeCatalogue },
  ) {}

  get signal(): AbortSignal {
    return this.scope.signal
  }

  async begin(): Promise<void> {
    const begin: Statement = { text: this.scope.readOnly ? 'begin read only' : 'begin', values: [] }
    const settings = this.options.rls ? [callerSettings(this.scope.caller)] : []
    try {
      await this.session.run([begin, ...settings], this.signal)
    } catch (error) {
      throw toDatabaseError(error instanceof DatabaseError ? error : new SettingsError(error), this.alias)
    }
  }

  ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.askStatement({ text: sql, values: bindForPostgres(values) }, this.scope)
  }

  /** Runs a statement for a call, which may be a nested one with a signal of its own. */
  async askStatement(statement: Statement, scope: CallScope): Promise<Answer> {
    const started = performance.now()
    try {
      return await this.options.types.decode(await this.#send(statement, scope.signal), this.session, scope.signal)
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }

  async command(sql: string): Promise<void> {
    await this.#send({ text: sql, values: [] }, this.signal)
  }

  async commit(): Promise<void> {
    // Without the signal: once it is sent, a commit is neither given up nor reported as if it had been.
    const { tag } = await this.#send({ text: 'commit', values: [] })
    // A failed statement whose error was swallowed has lost the transaction; Postgres says so only by this word.
    if (tag !== 'COMMIT') {
      const message = `Database "${this.alias}": the transaction was rolled back, for a statement in it had failed.`
      throw new DatabaseError('failed', message)
    }
    this.session.release()
  }

  async rollback(): Promise<void> {
    if (this.session.released) return
    await this.session.settled()
    // A connection on which this fails is still in the transaction, so releasing it closes it.
    await this.session.run([{ text: 'rollback', values: [] }], AbortSignal.timeout(ROLLBACK_TIMEOUT)).catch(() => {})
    this.session.release()
  }

  async #send(statement: Statement, signal?: AbortSignal): Promise<RawAnswer> {
    try {
      return await this.session.run([statement], signal)
    } catch (error) {
      if (statement.name !== undefined && isStalePlan(error)) {
        this.session.discard()
        throw new StalePlanError(this.alias)
      }
      throw toDatabaseError(error, this.alias)
    }
  }
}
