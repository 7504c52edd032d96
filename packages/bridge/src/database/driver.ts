import type { Caller, Database, SqlValue, Transaction } from '../logic.ts'
import type { Json, SqlLogicEntry } from '../manifest/format.ts'

/** How a call's end is heard of. */
export interface CallEnd {
  /** Why the call is over, once it is. */
  readonly ended: Error | undefined
  /** Tells `listener` once, at once if the call is over already. */
  onEnd(listener: (reason: Error) => void): void
  /** Undoes {@link onEnd}. */
  offEnd(listener: (reason: Error) => void): void
}

/** What one call brings to a database: when to stop, for whom it runs, and what it may do. */
export interface CallScope {
  /** Aborting it cancels the statement that runs. A `TimeoutError` as its reason counts as a timeout. */
  readonly signal: AbortSignal
  /** What `signal` tells, for a fraction of its price: a signal is made when it is first looked at. */
  readonly end?: CallEnd
  /** Whose claims and role row level security sees. */
  readonly caller: Caller
  /** Statements that write are refused by the database. */
  readonly readOnly?: boolean
  /** Bytes of an answer as JSON text past which it is given up, so that it never fills the memory. */
  readonly maxBytes?: number
  /** Told the duration of every statement, in milliseconds, waiting for a connection included. Must not throw. */
  readonly onQuery?: (ms: number) => void
}

/** One database alias: a pool or a client, opened lazily and shared by all calls. */
export interface DatabaseDriver {
  readonly alias: string
  /** The alias as handlers see it, bound to one call. */
  database(scope: CallScope): Database
  /**
   * Runs a compiled SQL logic and gives its `data`, shaped by `entry.result`.
   *
   * @param values in binding order, already validated.
   * @param tx an open transaction of this alias to run inside of.
   * @throws DatabaseError
   */
  run(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope, tx?: Transaction): Promise<Json>
  /**
   * The same as JSON text. What a client is answered needs no rows as values in between.
   *
   * @throws DatabaseError
   */
  runToJson(entry: SqlLogicEntry, values: readonly SqlValue[], scope: CallScope): Promise<string>
  /**
   * Proves that the database answers.
   *
   * @throws DatabaseError
   */
  ping(signal: AbortSignal): Promise<void>
  /** Connections and the calls that wait for one, now. */
  stats(): { readonly open: number; readonly idle: number; readonly waiting: number; readonly max: number }
  /** Refuses further work, lets what runs finish, and closes every connection. */
  close(): Promise<void>
}

/**
 * Why a statement gave no result:
 *
 * - `unavailable`: no connection, or it broke
 * - `overloaded`: the alias's queue is full
 * - `timeout`, `cancelled`: stopped by a time limit, or because the call is over
 * - `conflict`: another row or transaction is in the way (unique, foreign key, serialisation, deadlock, lock)
 * - `invalid`: the values do not fit (not null, check, out of range, malformed)
 * - `forbidden`: the database does not allow it to the role: a privilege is missing, or a row level security policy refused
 * - `too_large`: the answer has more bytes than the call may have
 * - `no_row`: a row was asked for, and there is none
 * - `row_count`: more rows than were asked for
 * - `failed`: anything else; usually a mistake in the statement
 */
export type DatabaseErrorKind =
  | 'unavailable' | 'overloaded' | 'timeout' | 'cancelled' | 'conflict' | 'invalid' | 'forbidden' | 'too_large' | 'no_row' | 'row_count' | 'failed'

/** A statement that gave no result. Its message may go to the log, which holds no row values; it never goes to a client. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly kind: DatabaseErrorKind
  /** SQLSTATE, or SQLite's extended result code by name. */
  readonly sqlState?: string
  /** The violated constraint, where the database names it. */
  readonly constraint?: string

  constructor(
    kind: DatabaseErrorKind, message: string, details: { readonly sqlState?: string; readonly constraint?: string } = {},
  ) {
    super(message)
    this.kind = kind
    if (details.sqlState !== undefined) this.sqlState = details.sqlState
    if (details.constraint !== undefined) this.constraint = details.constraint
  }
}
