import { createHash } from 'node:crypto'
import type { Database, SqlValue, Transaction } from '../../logic.ts'
import type { Json, PostgresEntry, SqlLogicEntry } from '../../manifest/format.ts'
import { expectManyListeners } from '../abort.ts'
import { shapeAnswer, type Answer } from '../answer.ts'
import type { CallScope, DatabaseDriver } from '../driver.ts'
import { AnswerQueryable } from '../queryable.ts'
import { connectionOf, runTransaction } from '../transaction.ts'
import { callerSettings, READ_ONLY } from './caller-settings.ts'
import { Connections, checkPostgresUrl } from './connections.ts'
import { isStalePlan, toDatabaseError } from './errors.ts'
import { PostgresTransaction } from './transaction.ts'
import { TypeCatalogue } from './type-catalogue.ts'
import { bindForPostgres } from './values.ts'
import type { Statement } from './wire-query.ts'

/** Postgres through `pg`. */
export class PostgresDriver implements DatabaseDriver {
  readonly #connections: Connections
  readonly #types = new TypeCatalogue()
  /** By text: the project's own SQL, so there are only so many. */
  readonly #names = new Map<string, string>()

  constructor(readonly alias: string, private readonly entry: PostgresEntry, url: string) {
    checkPostgresUrl(alias, url)
    this.#connections = new Connections(alias, entry, url)
  }

  database(scope: CallScope): Database {
    expectManyListeners(scope.signal)
    return new PostgresDatabase(this, scope)
  }

  async run(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, tx?: Transaction): Promise<Json> {
    const statement = this.#named({ text: entry.text, values: bindForPostgres(values) })
    const answer = tx === undefined
      ? await this.ask(statement, scope, entry.readOnly)
      : await (connectionOf(tx, this.alias) as PostgresTransaction).askStatement(statement, scope)
    return shapeAnswer(answer, entry.result)
  }

  /**
   * Runs one statement on a connection of its own.
   *
   * @param reads the statement is known to only read.
   */
  async ask(statement: Statement, scope: CallScope, reads = false): Promise<Answer> {
    const started = performance.now()
    try {
      return await this.#askAlone([...this.#settings(scope, reads), statement], scope.signal)
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }

  async transaction<T>(scope: CallScope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return runTransaction(await this.#open(scope), work)
  }

  async ping(signal: AbortSignal): Promise<void> {
    const session = await this.#connections.takeFirst(signal)
    try {
      await session.run([{ text: 'select 1', values: [] }], signal)
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    } finally {
      session.release()
    }
  }

  stats(): ReturnType<DatabaseDriver['stats']> {
    return this.#connections.stats
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async #askAlone(statements: readonly Statement[], signal: AbortSignal): Promise<Answer> {
    const session = await this.#connections.take(signal)
    try {
      const answer = await session.run(statements, signal).catch((error: unknown) => {
        if (!isStalePlan(error)) throw error
        // The schema has changed since the statement was prepared: nothing has run. This connection is replaced.
        session.discard()
        return session.run(statements.map(({ text, values }) => ({ text, values })), signal)
      })
      return await this.#types.decode(answer, session, signal)
    } finally {
      session.release()
    }
  }

  /** What must hold while one statement runs, in the same round trip. */
  #settings(scope: CallScope, reads: boolean): Statement[] {
    const settings: Statement[] = []
    if (scope.readOnly && !reads) settings.push(this.#named(READ_ONLY))
    if (this.entry.rls) settings.push(this.#named(callerSettings(scope.caller)))
    return settings
  }

  async #open(scope: CallScope): Promise<PostgresTransaction> {
    const session = await this.#connections.take(scope.signal)
    return new PostgresTransaction(this.alias, session, scope, { rls: this.entry.rls, types: this.#types })
  }

  /** Prepares a statement whose text comes again and again. */
  #named(statement: Statement): Statement {
    if (!this.entry.prepare) return statement
    let name = this.#names.get(statement.text)
    if (name === undefined) {
      // Postgres cuts names at 63 bytes.
      name = `stk_${createHash('sha256').update(statement.text).digest('hex').slice(0, 32)}`
      this.#names.set(statement.text, name)
    }
    return { ...statement, name }
  }
}

/** An alias as handlers see it. */
class PostgresDatabase extends AnswerQueryable implements Database {
  constructor(private readonly driver: PostgresDriver, private readonly scope: CallScope) {
    super()
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.driver.transaction(this.scope, work)
  }

  protected async ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.driver.ask({ text: sql, values: bindForPostgres(values) }, this.scope)
  }
}
