import type { Database, SqlValue, Transaction } from '../../logic.ts'
import type { Json, PostgresEntry, SqlLogicEntry } from '../../manifest/format.ts'
import { shapeAnswer, type Answer } from '../answer.ts'
import { DatabaseError, type CallScope, type DatabaseDriver } from '../driver.ts'
import { endOf, endOfSignal, untilEnd } from '../ending.ts'
import { AnswerQueryable } from '../queryable.ts'
import { connectionOf, runTransaction } from '../transaction.ts'
import { callerSettings, READ_ONLY } from './caller-settings.ts'
import { isCanceled, isStalePlan, toDatabaseError } from './errors.ts'
import { FastLane } from './fast-lane.ts'
import { IsolatedLane } from './isolated-lane.ts'
import { fastConnections } from './lane-sizes.ts'
import { JsonRows } from './rows/json-rows.ts'
import { NO_ROWS } from './rows/no-rows.ts'
import { gather, type Gathered, type Rows } from './rows/rows.ts'
import { ValueRows } from './rows/value-rows.ts'
import { UsualPace } from './pace.ts'
import { Statements, type LogicPlan } from './statements.ts'
import { PostgresTransaction } from './transaction.ts'
import { TypeCatalogue } from './type-catalogue.ts'
import { bindForPostgres } from './values.ts'
import type { Statement } from './wire/exchange.ts'

const PROBE: Statement = { text: 'select 1', values: [] }

/** Makes what the rows of one attempt become. */
type MakeRows<T> = () => Rows<T>

/** Postgres, in two lanes: short statements share connections, everything else has one to itself. */
export class PostgresDriver implements DatabaseDriver {
  readonly #fast: FastLane
  readonly #isolated: IsolatedLane
  readonly #types = new TypeCatalogue()
  readonly #statements: Statements
  readonly #usual = new UsualPace()

  constructor(readonly alias: string, private readonly entry: PostgresEntry, url: string) {
    checkPostgresUrl(alias, url)
    const shared = fastConnections(entry)
    this.#fast = new FastLane(url, shared, entry.statementTimeout)
    this.#isolated = new IsolatedLane(alias, entry, url, entry.pool.max - shared)
    this.#statements = new Statements(entry.prepare)
  }

  database(scope: CallScope): Database {
    return new PostgresDatabase(this, scope)
  }

  async run(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, tx?: Transaction): Promise<Json> {
    const makeRows = (): Rows<Answer> => new ValueRows(this.#types)
    if (tx === undefined) return shapeAnswer(await this.#runLogic(entry, values, scope, makeRows), entry.result)
    const statement = this.#statements.named({ text: entry.text, values: bindForPostgres(values) })
    return shapeAnswer(await (connectionOf(tx, this.alias) as PostgresTransaction).askStatement(statement, scope), entry.result)
  }

  runToJson(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope): Promise<string> {
    return this.#runLogic(entry, values, scope, () => new JsonRows(entry.result, this.#types, scope.maxBytes))
  }

  /** Runs one statement of a handler on a connection of its own. */
  async ask(statement: Statement, scope: CallScope): Promise<Answer> {
    const started = performance.now()
    try {
      return await this.#askIsolated(statement, scope, () => new ValueRows(this.#types))
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
    const end = endOfSignal(signal)
    // No call is waited for: that all connections are at long statements does not mean that the database does not answer.
    const shared = this.#fast.pick()
    if (shared !== undefined) {
      const answers = shared.send([PROBE], NO_ROWS).then(() => true, () => false)
      if (await untilEnd(answers, end)) return
    }
    const session = await this.#isolated.takeForProbe(end)
    try {
      await session.send([PROBE], NO_ROWS, end)
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    } finally {
      session.release()
    }
  }

  stats(): ReturnType<DatabaseDriver['stats']> {
    const { open, idle, waiting } = this.#isolated.stats
    const shared = this.#fast.stats
    return { open: open + shared.open, idle: idle + shared.idle, waiting, max: this.entry.pool.max }
  }

  async close(): Promise<void> {
    await Promise.all([this.#isolated.close(), this.#fast.close()])
  }

  #runLogic<T>(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, makeRows: MakeRows<T>): Promise<T> {
    const started = performance.now()
    const plan = this.#statements.plan(entry)
    const connection = plan.mayShare && plan.pace.isShort ? this.#fast.pick(started) : undefined
    if (connection === undefined || scope.end?.ended !== undefined) return this.#runIsolated(entry, values, scope, makeRows, plan, started)
    const statement = statementOf(entry, values, plan)
    return connection.ask(this.#withSettings(connection.settings, statement, scope), makeRows(), this.#types, ({ answer, took }) => {
      this.#usual.ran(took)
      plan.pace.ran(took, typeof answer === 'string' ? answer.length : 0, this.#usual)
      scope.onQuery?.(performance.now() - started)
    }, async (error) => {
      if (isCanceled(error) && this.#fast.isStricter) plan.pace.overstayed()
      else if (!isStalePlan(error)) {
        scope.onQuery?.(performance.now() - started)
        throw toDatabaseError(error, this.alias)
      }
      // Either way nothing has happened, so it can be done again.
      return this.#runIsolated(entry, values, scope, makeRows, plan, started)
    })
  }

  async #runIsolated<T>(
    entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, makeRows: MakeRows<T>, plan: LogicPlan, started: number,
  ): Promise<T> {
    try {
      return await this.#askIsolated(statementOf(entry, values, plan), scope, makeRows, plan)
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }

  async #askIsolated<T>(statement: Statement, scope: CallScope, makeRows: MakeRows<T>, plan?: LogicPlan): Promise<T> {
    const end = endOf(scope)
    const session = await this.#isolated.take(end)
    try {
      const statements = this.#withSettings(session.settings, statement, scope)
      const ask = (): Promise<Gathered<T>> => gather(session, statements, makeRows(), this.#types, end)
      const { answer, took } = await ask().catch((error: unknown) => {
        // The schema has changed since the statement was prepared: nothing has run, and it is prepared anew.
        if (isStalePlan(error)) return ask()
        throw error
      })
      plan?.pace.ran(took, typeof answer === 'string' ? answer.length : 0, this.#usual)
      return answer
    } finally {
      session.release()
    }
  }

  /** A statement behind what must hold while it runs, in the same round trip. */
  #withSettings(session: readonly Statement[], statement: Statement, scope: CallScope): readonly Statement[] {
    const statements: Statement[] = []
    for (const setting of session) statements.push(this.#statements.namedSetting(setting))
    if (scope.readOnly) statements.push(this.#statements.namedSetting(READ_ONLY))
    if (this.entry.rls) statements.push(this.#statements.namedSetting(callerSettings(scope.caller)))
    statements.push(statement)
    return statements
  }

  async #open(scope: CallScope): Promise<PostgresTransaction> {
    const session = await this.#isolated.take(endOf(scope))
    return new PostgresTransaction(this.alias, session, scope, { rls: this.entry.rls, types: this.#types })
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

function statementOf({ text }: SqlLogicEntry, values: readonly SqlValue[], { name }: LogicPlan): Statement {
  const bound = bindForPostgres(values)
  return name === undefined ? { text, values: bound } : { text, values: bound, name }
}

/** Reads a connection string without connecting. @throws Error that does not contain it. */
function checkPostgresUrl(alias: string, url: string): void {
  let protocol: string
  try {
    protocol = new URL(url).protocol
  } catch {
    throw new DatabaseError('failed', `The URL of database "${alias}" is not a URL.`)
  }
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new DatabaseError('failed', `The URL of database "${alias}" must begin with postgres:// or postgresql://.`)
  }
}
