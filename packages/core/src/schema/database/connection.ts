import type { SchemaDatabase } from '../contract.ts'
import { openLibsql } from './libsql.ts'
import { openPostgres } from './postgres.ts'

export type Param = string | number | boolean | null | readonly string[]
export type Row = Readonly<Record<string, unknown>>

/** One session on a database, for reading its catalogue and for changing it. */
export interface Connection {
  readonly driver: SchemaDatabase['driver']
  /** The first statement's rows. Parameters are `$1` for pg, `?` for libsql. */
  rows<T extends object = Row>(sql: string, params?: readonly Param[]): Promise<readonly T[]>
  /** Runs statements without parameters in one go, where the driver can. The rows of each. */
  script(statements: readonly string[]): Promise<readonly (readonly object[])[]>
  /** Runs one statement. */
  run(sql: string): Promise<void>
  /**
   * Begins a transaction. For libsql it holds the database's one write lock from the start, and enforces no foreign keys, so that a
   * table can be rebuilt.
   */
  begin(): Promise<void>
  commit(): Promise<void>
  /** Ends a transaction, if there is one. Never throws. */
  rollback(): Promise<void>
  /** Rolls back what was not committed. Never throws. */
  close(): Promise<void>
}

/** @throws StkError STK6004 */
export async function connect(database: SchemaDatabase): Promise<Connection> {
  return database.driver === 'pg' ? openPostgres(database) : openLibsql(database)
}

/** Connects, works, and disconnects in any case. @throws StkError STK6004 */
export async function withConnection<T>(database: SchemaDatabase, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connect(database)
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
