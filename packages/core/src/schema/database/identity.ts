import { realpath, stat } from 'node:fs/promises'
import { digestOf, type Digest } from '@santokit/bridge/manifest'
import type { SchemaDatabase } from '../contract.ts'
import type { Connection } from './connection.ts'
import { fileOf } from './libsql.ts'

/**
 * Tells one database from another, whatever it is reached by: for pg the cluster's own identifier and the database's name, for a file its
 * real path and inode, for a libSQL server its host and path. Never made of a password or token.
 *
 * @param connection to it, outside of a transaction. For a file that is not there it is of no account.
 */
export async function identify(database: SchemaDatabase, connection: Connection): Promise<Digest> {
  if (database.driver === 'pg') return identifyPostgres(connection, database)
  const file = fileOf(database)
  const parts = file === undefined ? serverOf(database) : await fileIdentity(file)
  return digest(['libsql', ...parts])
}

async function identifyPostgres(connection: Connection, database: SchemaDatabase): Promise<Digest> {
  const [{ name } = { name: '' }] = await connection.rows<{ name: string }>('select current_database() as name')
  // Some hosts keep it to themselves; then it is the server's address that tells.
  const cluster = await connection.rows<{ id: string }>('select system_identifier::text as id from pg_control_system()').catch(() => [])
  return digest(['pg', cluster[0]?.id ?? addressOf(database), name])
}

function addressOf({ url }: SchemaDatabase): string {
  const text = url.reveal()
  return URL.canParse(text) ? new URL(text).host : ''
}

function serverOf({ url }: SchemaDatabase): readonly string[] {
  const text = url.reveal()
  if (!URL.canParse(text)) return ['']
  const { host, pathname } = new URL(text)
  return [host, pathname]
}

/** A file that is not there yet has a place only. */
async function fileIdentity(file: string): Promise<readonly string[]> {
  const found = await stat(file, { bigint: true }).catch(() => undefined)
  return found === undefined ? [file] : [await realpath(file), String(found.ino)]
}

function digest(parts: readonly string[]): Digest {
  return digestOf(JSON.stringify(parts))
}
