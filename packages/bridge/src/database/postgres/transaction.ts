import { escapeLiteral } from 'pg'
import type { SqlValue } from '../../logic.ts'
import type { Answer } from '../answer.ts'
import { DatabaseError, type CallScope } from '../driver.ts'
import type { TransactionConnection } from '../transaction.ts'
import { isStalePlan, StalePlanError, toDatabaseError } from './errors.ts'
import type { RawAnswer, Session, Statement } from './session.ts'
import type { TypeCatalogue } from './type-catalogue.ts'
import { bindForPostgres } from './values.ts'

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
    const begin = this.scope.readOnly ? 'begin read only' : 'begin'
    const text = this.options.rls ? `${begin}; ${callerSettings(this.scope)}` : begin
    await this.#send({ text, values: [], script: true }, this.signal)
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
    const { command } = await this.#send({ text: 'commit', values: [] })
    // A failed statement whose error was swallowed has lost the transaction; Postgres says so only by this word.
    if (command !== 'COMMIT') {
      const message = `Database "${this.alias}": the transaction was rolled back, for a statement in it had failed.`
      throw new DatabaseError('failed', message)
    }
    this.session.release()
  }

  async rollback(): Promise<void> {
    if (this.session.released) return
    await this.session.settled()
    // A connection on which this fails is still in the transaction, so releasing it closes it.
    await this.session.run({ text: 'rollback', values: [] }, AbortSignal.timeout(ROLLBACK_TIMEOUT)).catch(() => {})
    this.session.release()
  }

  async #send(statement: Statement, signal?: AbortSignal): Promise<RawAnswer> {
    try {
      return await this.session.run(statement, signal)
    } catch (error) {
      if (statement.name !== undefined && isStalePlan(error)) {
        this.session.discard()
        throw new StalePlanError(this.alias)
      }
      throw toDatabaseError(error, this.alias)
    }
  }
}

/** The caller as row level security policies see it, until the transaction ends; the names are PostgREST's. */
function callerSettings({ caller }: CallScope): string {
  const { role } = caller.claims
  const settings = [['request.jwt.claims', JSON.stringify(caller.claims)]]
  // The role comes last: it may not be allowed to set anything.
  if (typeof role === 'string' && role !== '') settings.push(['role', role])
  const calls = settings.map(([name, value]) => `pg_catalog.set_config(${quote(name)}, ${quote(value)}, true)`)
  return `select ${calls.join(', ')}`
}

function quote(text = ''): string {
  // The wire ends a string at a zero byte; what follows it must not be cut off from a statement.
  if (text.includes('\0')) throw new DatabaseError('invalid', 'A zero byte cannot be sent.')
  return escapeLiteral(text)
}
