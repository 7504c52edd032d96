import { setTimeout as delay } from 'node:timers/promises'
import type { Client, ResultSet } from '@libsql/client'
import type { Database, SqlValue, Transaction } from '../../logic.ts'
import type { Json, LibsqlEntry, SqlLogicEntry } from '../../manifest/format.ts'
import { shapeAnswer, type Answer } from '../answer.ts'
import type { CallEnd, CallScope, DatabaseDriver } from '../driver.ts'
import { endOf, endOfSignal, throwIfOver, untilEnd } from '../ending.ts'
import { AnswerQueryable } from '../queryable.ts'
import { Slots } from '../slots.ts'
import { connectionOf, runTransaction } from '../transaction.ts'
import { toAnswer } from './answer.ts'
import { isBusy, toDatabaseError } from './errors.ts'
import { toJson } from './json.ts'
import { endingWith, placeOf, type LibsqlPlace, type OpenClient } from './open.ts'
import { LibsqlTransaction } from './transaction.ts'
import { bindForLibsql, bindLogicForLibsql, type Bound } from './values.ts'

/** How long to wait before asking again for a file that another process writes to, in milliseconds. */
const BUSY_PAUSE = 25

/**
 * SQLite files and libSQL servers through `@libsql/client`.
 *
 * A file is used from the process's own thread: a statement that runs cannot be stopped, and time limits hold before it
 * and between retries only. One transaction at a time may write to a file; the others queue here, where waiting
 * blocks nobody.
 */
export class LibsqlDriver implements DatabaseDriver {
  readonly place: LibsqlPlace
  readonly #reads: Slots
  readonly #writes: Slots
  #opened: Promise<Client> | undefined

  constructor(
    readonly alias: string,
    private readonly entry: LibsqlEntry,
    private readonly settings: { readonly url: string; readonly authToken?: string },
    private readonly open: OpenClient,
  ) {
    this.place = placeOf(alias, settings.url)
    const { max, queue } = entry.pool
    this.#writes = new Slots(alias, this.place === 'remote' ? max : 1, queue)
    // A database in memory is one connection, and a server orders writers itself.
    this.#reads = this.place === 'file' ? new Slots(alias, max, queue) : this.#writes
  }

  database(scope: CallScope): Database {
    return new LibsqlDatabase(this, scope)
  }

  async run(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, tx?: Transaction): Promise<Json> {
    const args = bindLogicForLibsql(entry, values)
    const answer = tx === undefined
      ? await this.ask(entry.text, args, scope, entry.readOnly)
      : await (connectionOf(tx, this.alias) as LibsqlTransaction).askStatement(entry.text, args, scope)
    return shapeAnswer(answer, entry.result)
  }

  runToJson(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope): Promise<string> {
    const args = bindLogicForLibsql(entry, values)
    return this.#execute(entry.text, args, scope, entry.readOnly, (result) => toJson(result, entry.result))
  }

  /** Runs one statement by itself. `reads`: it is known to only read. */
  ask(sql: string, args: Bound[], scope: CallScope, reads: boolean): Promise<Answer> {
    return this.#execute(sql, args, scope, reads, toAnswer)
  }

  async transaction<T>(scope: CallScope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return runTransaction(await this.#transaction(scope), work)
  }

  async ping(signal: AbortSignal): Promise<void> {
    try {
      const client = await untilEnd(this.#client(), endOfSignal(signal))
      // A transaction has the only connection to a database in memory: it is there then.
      if (this.place === 'memory' && this.#writes.taken > 0) return
      await untilEnd(client.execute('select 1'), endOfSignal(signal))
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    }
  }

  stats(): ReturnType<DatabaseDriver['stats']> {
    const lanes = new Set([this.#reads, this.#writes])
    const taken = [...lanes].reduce((sum, lane) => sum + lane.taken, 0)
    const waiting = [...lanes].reduce((sum, lane) => sum + lane.waiting, 0)
    const open = this.#opened === undefined ? 0 : Math.max(1, taken)
    return { open, idle: open - taken, waiting, max: this.#reads.max }
  }

  async close(): Promise<void> {
    await Promise.all([this.#reads.close(), this.#writes.close()])
    const client = await this.#opened?.catch(() => undefined)
    client?.close()
  }

  /** Repeats what found the file locked by another process, until the statement's time is over. Nothing blocks meanwhile. */
  async whileBusy<T>(action: () => Promise<T>, end: CallEnd): Promise<T> {
    const deadline = this.entry.statementTimeout === 0 ? Infinity : performance.now() + this.entry.statementTimeout
    for (;;) {
      try {
        return await action()
      } catch (error) {
        if (!isBusy(error) || this.place === 'remote' || performance.now() > deadline) throw error
        throwIfOver(end)
        await untilEnd(delay(BUSY_PAUSE), end)
      }
    }
  }

  async #execute<T>(sql: string, args: Bound[], scope: CallScope, reads: boolean, read: (result: ResultSet) => T): Promise<T> {
    const started = performance.now()
    try {
      const end = endOf(scope)
      if (scope.readOnly && !reads) {
        const connection = await this.#transaction(scope)
        return await runTransaction(connection, async () => read(await connection.execute(sql, args, end)))
      }
      return await this.#within(reads ? this.#reads : this.#writes, end, async (client) => {
        const ask = (): Promise<ResultSet> => client.execute({ sql, args })
        return read(await this.whileBusy(this.place === 'remote' ? () => endingWith(end, ask) : ask, end))
      })
    } catch (error) {
      throw toDatabaseError(error, this.alias)
    } finally {
      scope.onQuery?.(performance.now() - started)
    }
  }

  /** Runs `work` in a slot of `lane`. What is given up goes on, and keeps its slot until it is done. */
  async #within<T>(lane: Slots, end: CallEnd, work: (client: Client) => Promise<T>): Promise<T> {
    await lane.enter(end)
    const working = this.#client().then(work)
    working.then(() => lane.leave(), () => lane.leave())
    return untilEnd(working, end)
  }

  async #transaction(scope: CallScope): Promise<LibsqlTransaction> {
    const lane = scope.readOnly ? this.#reads : this.#writes
    await lane.enter(endOf(scope))
    try {
      return new LibsqlTransaction(this.alias, await this.#client(), scope, {
        local: this.place !== 'remote',
        whileBusy: (action) => this.whileBusy(action, endOf(scope)),
        released: () => lane.leave(),
      })
    } catch (error) {
      lane.leave()
      throw toDatabaseError(error, this.alias)
    }
  }

  #client(): Promise<Client> {
    this.#opened ??= this.open(this.place, this.settings.url, {
      authToken: this.settings.authToken,
      timeout: this.entry.statementTimeout,
      connections: this.#reads.max + this.#writes.max + 1,
    }).catch((error: unknown) => {
      // The next call tries again: the file's disk may not be mounted yet.
      this.#opened = undefined
      throw toDatabaseError(error, this.alias)
    })
    return this.#opened
  }
}

/** An alias as handlers see it. */
class LibsqlDatabase extends AnswerQueryable implements Database {
  constructor(private readonly driver: LibsqlDriver, private readonly scope: CallScope) {
    super()
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.driver.transaction(this.scope, work)
  }

  protected async ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.driver.ask(sql, bindForLibsql(values), this.scope, readsOnly(sql))
  }
}

/** True if a statement surely only reads. Anything doubtful counts as a writer, which costs a place in the queue at most. */
export function readsOnly(sql: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:select|values)\b/i.test(sql)
}
