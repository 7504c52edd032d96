import type { SchemaDatabase, SchemaState, SchemaSubject } from '../contract.ts'
import { withConnection, type Connection } from '../database/connection.ts'
import { readLibsql } from './read-libsql.ts'
import { readPostgres } from './read-postgres.ts'

/** What of a database is looked at. */
export type Scope = Pick<SchemaSubject, 'schemas' | 'exclude'>

/**
 * Reads what a database holds of what a subject manages.
 *
 * @throws StkError STK6004 when it cannot be reached.
 */
export async function inspectSchema(database: SchemaDatabase, scope: Scope, signal?: AbortSignal): Promise<SchemaState> {
  signal?.throwIfAborted()
  return withConnection(database, (connection) => look(connection, scope))
}

/** The same through a session that is open, outside of a transaction. */
export async function look(connection: Connection, scope: Scope): Promise<SchemaState> {
  if (connection.driver === 'libsql') return readState(connection, scope)
  await connection.begin()
  try {
    return await readState(connection, scope)
  } finally {
    await connection.rollback()
  }
}

/** The same inside a transaction. */
export async function readState(connection: Connection, scope: Scope): Promise<SchemaState> {
  return connection.driver === 'pg' ? readPostgres(connection, scope) : readLibsql(connection, scope)
}
