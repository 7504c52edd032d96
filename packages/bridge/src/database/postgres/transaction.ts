import type { SqlValue } from '../../logic.ts'
import type { Answer } from '../answer.ts'
import { DatabaseError, type CallEnd, type CallScope } from '../driver.ts'
import { endOf } from '../ending.ts'
import type { TransactionConnection } from '../transaction.ts'
import { callerSettings } from './caller-settings.ts'
import { endOfSignal } from '../ending.ts'
import { isStalePlan, SettingsError, StalePlanError, toDatabaseError } from './errors.ts'
import { NO_ROWS } from './rows/no-rows.ts'
import { gather, type Answered } from './rows/rows.ts'
import { ValueRows } from './rows/value-rows.ts'
import type { Session } from './session.ts'
import type { TypeCatalogue } from './type-catalogue.ts'
import { bindForPostgres } from './values.ts'
import type { Statement } from './wire/exchange.ts'

/** How long a connection may take to roll back before it is given up, in milliseconds. */
const ROLLBACK_TIMEOUT = 5_000

const ROLLBACK: Statement = { text: 'rollback', values: [] }

/** A session for as long as a transaction runs on it. */
export class PostgresTransaction implements TransactionConnection {
  constructor(
    readonly alias: string,
    private readonly session: Session,
    private readonly scope: CallScope,
    private readonly options: { readonly rls: boolean; readonly types: TypeCatalogue },
  ) {}

  get end(): CallEnd {
    return endOf(this.scope)
  }

  async begin(): Promise<void> {
    const begin: Statement = { text: this.scope.readOnly ? 'begin read only' : 'begin', values: [] }
    // Behind `begin`, so that what it sets for the transaction holds until its end.
    const settings = [...this.session.settings, ...(this.options.rls ? [callerSettings(this.scope.caller)] : [])]
    try {
      await this.session.send([begin, ...settings], NO_ROWS, this.end)
    } catch (error) {
      throw toDatabaseError(error instanceof DatabaseError ? error : new SettingsError(error), this.alias)
    }
  }

  ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.askStatement({ text: sql, values: bindForPostgres(values) }, this.scope)
  }

  /** Runs a statement for a call, which may be a nested one with an end of its own. */
  async askStatement(statement: Statement, scope: CallScope): Promise<Answer> {
    const started = performance.now()
    const { types } = this.options
    try {
      const gathering = gather(this.session, [statement], new ValueRows(types), types, endOf(scope))
      return (await this.#telling(statement, gathering)).answer
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }

  async command(sql: string): Promise<void> {
    await this.#command(sql, this.end)
  }

  async commit(): Promise<void> {
    // Without the call's end: once it is sent, a commit is neither given up nor reported as if it had been.
    const { tag } = await this.#command('commit')
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
    await this.session.send([ROLLBACK], NO_ROWS, endOfSignal(AbortSignal.timeout(ROLLBACK_TIMEOUT))).catch(() => {})
    this.session.release()
  }

  #command(text: string, end?: CallEnd): Promise<Answered> {
    const statement = { text, values: [] }
    return this.#telling(statement, this.session.send([statement], NO_ROWS, end))
  }

  /** Tells what failed in the words of a driver. */
  async #telling<T>({ name }: Statement, answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw name !== undefined && isStalePlan(error) ? new StalePlanError(this.alias) : toDatabaseError(error, this.alias)
    }
  }
}
