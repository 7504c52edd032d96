import type { Bound } from '../values.ts'
import type { Column } from './server-messages.ts'

/** A statement as it is sent. */
export interface Statement {
  readonly text: string
  readonly values: readonly Bound[]
  /** Names it as a prepared statement, parsed and described once a connection. */
  readonly name?: string
}

/** Takes the rows of an answer as they arrive. */
export interface RowSink {
  /** One DataRow: `at` is where its count of columns stands. The bytes hold only until this returns. */
  row(bytes: Buffer, at: number, columns: readonly Column[]): void
}

/** What came of an exchange. */
export interface Outcome {
  /** The server's error, or what happened to the connection. */
  readonly error?: unknown
  /** True if {@link error} came before the last statement: it has not run. */
  readonly early: boolean
  /** The command tag of the last statement. */
  readonly tag: string
  readonly columns: readonly Column[]
  /** Milliseconds in which nothing else was before it on the connection. */
  readonly took: number
}

/**
 * Statements with one Sync at their end: one round trip and one implicit transaction (manual, "Pipelining"). The answer is
 * that of the last statement; those before it make settings for it, which end with the transaction.
 */
export interface Exchange {
  readonly statements: readonly Statement[]
  readonly sink: RowSink
  /** Called once. Must not throw. */
  done(outcome: Outcome): void
}
