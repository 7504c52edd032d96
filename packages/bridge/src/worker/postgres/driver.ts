import { shapeAnswer, type Answer } from '../../database/answer.ts'
import { type CallEnd, type CallScope, DatabaseError, type DatabaseDriver } from '../../database/driver.ts'
import { endOf, endOfSignal } from '../../database/ending.ts'
import { callerSettings, READ_ONLY } from '../../database/postgres/caller-settings.ts'
import { toDatabaseError } from '../../database/postgres/errors.ts'
import { JsonRows } from '../../database/postgres/rows/json-rows.ts'
import { NO_ROWS } from '../../database/postgres/rows/no-rows.ts'
import { gather, type Rows } from '../../database/postgres/rows/rows.ts'
import { ValueRows } from '../../database/postgres/rows/value-rows.ts'
import { PostgresTransaction } from '../../database/postgres/transaction.ts'
import type { TypeCatalogue } from '../../database/postgres/type-catalogue.ts'
import { bindForPostgres } from '../../database/postgres/values.ts'
import type { Statement } from '../../database/postgres/wire/exchange.ts'
import { AnswerQueryable } from '../../database/queryable.ts'
import { connectionOf, runTransaction } from '../../database/transaction.ts'
import type { Database, SqlValue, Transaction } from '../../logic.ts'
import type { Json, PostgresEntry, SqlLogicEntry } from '../../manifest/format.ts'
import type { CallConnections } from './connections.ts'

/** Postgres for one call: its statements share a connection, one after another; a transaction has one to itself. */
export class CallPostgres implements DatabaseDriver {
  constructor(
    readonly alias: string, private readonly entry: PostgresEntry, private readonly connections: CallConnections,
    private readonly types: TypeCatalogue,
  ) {}

  database(scope: CallScope): Database {
    return new CallPostgresDatabase(this, scope)
  }

  async run(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, tx?: Transaction): Promise<Json> {
    const statement: Statement = { text: entry.text, values: bindForPostgres(values) }
    const answer = tx === undefined
      ? await this.ask(statement, scope)
      : await (connectionOf(tx, this.alias) as PostgresTransaction).askStatement(statement, scope)
    return shapeAnswer(answer, entry.result)
  }

  async runToJson(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope): Promise<string> {
    return this.#ask({ text: entry.text, values: bindForPostgres(values) }, scope, new JsonRows(entry.result, this.types, scope.maxBytes))
  }

  /** Runs one statement of a handler. */
  ask(statement: Statement, scope: CallScope): Promise<Answer> {
    return this.#ask(statement, scope, new ValueRows(this.types))
  }

  async transaction<T>(scope: CallScope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const session = await this.connections.take(endOf(scope))
    return runTransaction(new PostgresTransaction(this.alias, session, scope, { rls: this.entry.rls, types: this.types }), work)
  }

  async ping(signal: AbortSignal): Promise<void> {
    const end = endOfSignal(signal)
    try {
      await this.connections.use(end, (session) => session.send([{ text: 'select 1', values: [] }], NO_ROWS, end))
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    }
  }

  stats(): ReturnType<DatabaseDriver['stats']> {
    return this.connections.stats()
  }

  close(): Promise<void> {
    return this.connections.close()
  }

  async #ask<T>(statement: Statement, scope: CallScope, rows: Rows<T>): Promise<T> {
    const started = performance.now()
    const end: CallEnd = endOf(scope)
    try {
      return await this.connections.use(end, async (session) => {
        const before = [...session.settings, ...(scope.readOnly ? [READ_ONLY] : []), ...(this.entry.rls ? [callerSettings(scope.caller)] : [])]
        return (await gather(session, [...before, statement], rows, this.types, end)).answer
      })
    } catch (error) {
      rows.discard()
      throw error instanceof DatabaseError ? error : toDatabaseError(error, this.alias)
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }
}

/** An alias as handlers see it. */
class CallPostgresDatabase extends AnswerQueryable implements Database {
  constructor(private readonly driver: CallPostgres, private readonly scope: CallScope) {
    super()
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.driver.transaction(this.scope, work)
  }

  protected async ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.driver.ask({ text: sql, values: bindForPostgres(values) }, this.scope)
  }
}
