import type { Database, SqlValue, Transaction } from '../logic.ts'
import type { Json, SqlLogicEntry } from '../manifest/format.ts'
import { type CallScope, DatabaseError, type DatabaseDriver } from '../database/driver.ts'
import { CallDeadline } from './calls.ts'

/** An alias that is opened for each call anew, when the call first uses it, and closed when the call is over. */
export class PerCallDriver implements DatabaseDriver {
  readonly #opened = new WeakMap<CallDeadline, DatabaseDriver>()

  constructor(readonly alias: string, private readonly open: () => DatabaseDriver) {}

  database(scope: CallScope): Database {
    return this.#of(scope).database(scope)
  }

  // Rejections, not throws: a call that is over fails like one that ends meanwhile.
  async run(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, tx?: Transaction): Promise<Json> {
    return this.#of(scope).run(entry, values, scope, tx)
  }

  async runToJson(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope): Promise<string> {
    return this.#of(scope).runToJson(entry, values, scope)
  }

  async ping(signal: AbortSignal): Promise<void> {
    const driver = this.open()
    try {
      await driver.ping(signal)
    } finally {
      await driver.close()
    }
  }

  /** Nobody asks a Worker for metrics, and its connections are those of its calls. */
  stats(): ReturnType<DatabaseDriver['stats']> {
    return { open: 0, idle: 0, waiting: 0, max: 0 }
  }

  async close(): Promise<void> {}

  #of({ end }: CallScope): DatabaseDriver {
    if (!(end instanceof CallDeadline)) throw new DatabaseError('failed', `Database "${this.alias}" is used outside of a call.`)
    let driver = this.#opened.get(end)
    if (driver === undefined) {
      if (end.isOver) throw new DatabaseError('failed', `Database "${this.alias}": the call has been answered already.`)
      const opened = driver = this.open()
      this.#opened.set(end, opened)
      end.watchClient()
      end.whenOver(() => opened.close())
    }
    return driver
  }
}
