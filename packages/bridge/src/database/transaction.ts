import type { SqlValue, Transaction } from '../logic.ts'
import type { Answer } from './answer.ts'
import { DatabaseError, type CallEnd } from './driver.ts'
import { throwIfOver, untilEnd } from './ending.ts'
import { AnswerQueryable } from './queryable.ts'

/** A connection that a transaction has to itself, as a driver provides it. */
export interface TransactionConnection {
  readonly alias: string
  readonly end: CallEnd
  begin(): Promise<void>
  ask(sql: string, values: readonly SqlValue[]): Promise<Answer>
  /** Runs `savepoint …` and the like. */
  command(sql: string): Promise<void>
  /** Throws if the database did not commit. */
  commit(): Promise<void>
  /** Undoes what was done and makes the connection free for others. Must not throw. */
  rollback(): Promise<void>
}

/**
 * Runs `work` in a transaction: committed when it resolves, rolled back when it throws or the call is over.
 *
 * When the call ends this rejects at once, even if `work` goes on; its transaction is of no use to it then.
 */
export async function runTransaction<T>(connection: TransactionConnection, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const { end } = connection
  const tx = new OpenTransaction(connection)
  try {
    await connection.begin()
    const result = await untilEnd(start(work, tx), end)
    tx.end()
    throwIfOver(end)
    await connection.commit()
    return result
  } catch (error) {
    tx.end()
    const undone = connection.rollback()
    // Cancelling takes a round trip or more, which a caller who has gone need not wait for.
    if (end.ended === undefined) await undone
    throw error
  }
}

/**
 * The connection behind a transaction that a handler passes on.
 *
 * @throws DatabaseError if it is over, or not a transaction of `alias`.
 */
export function connectionOf(tx: Transaction, alias: string): TransactionConnection {
  if (!(tx instanceof OpenTransaction) || tx.alias !== alias) {
    throw new DatabaseError('failed', `The transaction is not one of database "${alias}".`)
  }
  return tx.open()
}

class OpenTransaction extends AnswerQueryable implements Transaction {
  readonly alias: string
  #over = false
  #nested = false

  constructor(private readonly connection: TransactionConnection, private readonly depth = 0) {
    super()
    this.alias = connection.alias
  }

  /** The connection, as long as it is this transaction's. */
  open(): TransactionConnection {
    if (this.#over) throw new DatabaseError('failed', `The transaction on database "${this.alias}" is over.`)
    return this.connection
  }

  end(): void {
    this.#over = true
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const connection = this.open()
    // Savepoints are a stack: two at once on one level would roll back each other's work.
    if (this.#nested) {
      throw new DatabaseError('failed', 'A nested transaction is open already: await it, or nest further on the inner one.')
    }
    this.#nested = true
    const inner = new OpenTransaction(connection, this.depth + 1)
    const savepoint = `stk_${inner.depth}`
    try {
      await connection.command(`savepoint ${savepoint}`)
      try {
        const result = await start(work, inner)
        inner.end()
        await connection.command(`release savepoint ${savepoint}`)
        return result
      } catch (error) {
        inner.end()
        // If undoing fails too, the whole transaction is lost, which its own end will say.
        await connection.command(`rollback to savepoint ${savepoint}`).catch(() => {})
        throw error
      }
    } finally {
      this.#nested = false
    }
  }

  protected async ask(sql: string, values: readonly SqlValue[]): Promise<Answer> {
    return this.open().ask(sql, values)
  }
}

/** Turns a throw before the first `await` into a rejection as well. */
async function start<T>(work: (tx: Transaction) => Promise<T>, tx: Transaction): Promise<T> {
  return work(tx)
}
