import { createClient, type Client, type InArgs, type Transaction } from '@libsql/client'
import type { Queryable, Row, SqlValue } from '@santokit/bridge'
import type pg from 'pg'
import type { DevDatabase } from './embedded-databases.ts'
import { withClient } from './postgres/client.ts'

/** A database while its schema and seed are loaded, in one transaction. */
export interface LoadSession {
  /** Whether it has neither a table nor a view of anybody's. */
  isEmpty(): Promise<boolean>
  /** What {@link remember} was told last. */
  remembered(): Promise<string | undefined>
  /** Removes everything, what {@link remember} was told too. */
  clear(): Promise<void>
  /** Runs one statement. */
  run(statement: string): Promise<void>
  remember(loaded: string): Promise<void>
  /** For seed modules. */
  readonly db: Queryable
}

/** Opens a transaction on `database` and commits it when `work` is done; when it throws, the database is as it was. */
export function inLoadSession<T>(database: DevDatabase, work: (session: LoadSession) => Promise<T>): Promise<T> {
  return database.driver === 'pg'
    ? withClient(database.url, (client) => inPostgresSession(client, work))
    : inLibsqlSession(database.url, work)
}

async function inPostgresSession<T>(client: pg.Client, work: (session: LoadSession) => Promise<T>): Promise<T> {
  await client.query('begin')
  const query = (sql: string, values?: readonly SqlValue[]) => client.query(sql, values as unknown[] | undefined)
  const db = queryable(
    async (sql, values) => (await query(sql, values)).rows as Row[],
    async (sql, values) => (await query(sql, values)).rowCount ?? 0,
  )
  try {
    const result = await work({
      db,
      isEmpty: async () => (await db.rows(`${PG_OBJECTS} limit 1`)).length === 0,
      remembered: async () => {
        const known = await db.value(`select to_regclass('public._santokit_dev')`)
        return known === null ? undefined : db.value<string>('select loaded from public._santokit_dev')
      },
      async clear() {
        const schemas = await db.rows<{ name: string }>(
          `select nspname as name from pg_namespace where nspname <> 'information_schema' and nspname !~ '^pg_'`,
        )
        for (const { name } of schemas) await client.query(`drop schema ${client.escapeIdentifier(name)} cascade`)
        await client.query('create schema public')
      },
      async run(statement) {
        await client.query(statement)
      },
      async remember(loaded) {
        await client.query('create table if not exists public._santokit_dev (loaded text not null)')
        await client.query('delete from public._santokit_dev')
        await client.query('insert into public._santokit_dev values ($1)', [loaded])
      },
    })
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

const PG_OBJECTS = `select relname from pg_class join pg_namespace n on n.oid = relnamespace
  where relkind in ('r', 'p', 'v', 'm', 'f') and nspname <> 'information_schema' and nspname !~ '^pg_' and relname <> '_santokit_dev'`

async function inLibsqlSession<T>(url: string, work: (session: LoadSession) => Promise<T>): Promise<T> {
  // One connection, so that the pragmas hold for the transaction.
  const client = createClient({ url, concurrency: 1, timeout: 10_000 })
  let tx: Transaction | undefined
  try {
    if (url.startsWith('file:')) await prepareFile(client)
    tx = await client.transaction('write')
    const result = await work(libsqlSession(tx))
    await tx.commit()
    return result
  } finally {
    // Rolls back what was not committed.
    tx?.close()
    client.close()
  }
}

async function prepareFile(client: Client): Promise<void> {
  // Kept in the file: readers do not wait for a writer.
  await client.execute('pragma journal_mode = wal')
  await client.execute('pragma foreign_keys = on')
}

function libsqlSession(tx: Transaction): LoadSession {
  const execute = (sql: string, args: readonly SqlValue[] = []) => tx.execute({ sql, args: args as InArgs })
  const db = queryable(
    async (sql, values) => {
      const { columns, rows } = await execute(sql, values)
      return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])))
    },
    async (sql, values) => (await execute(sql, values)).rowsAffected,
  )
  return {
    db,
    isEmpty: async () => (await db.rows(`${LIBSQL_OBJECTS} limit 1`)).length === 0,
    remembered: async () => {
      const known = await db.value(`select count(*) from sqlite_master where name = '_santokit_dev'`)
      return known === 0 ? undefined : db.value<string>('select loaded from _santokit_dev')
    },
    async clear() {
      // Lets a table go before those that refer to it.
      await tx.execute('pragma defer_foreign_keys = on')
      for (const type of ['view', 'table']) {
        const objects = await db.rows<{ name: string }>(`${LIBSQL_OBJECTS} and type = ?`, [type])
        for (const { name } of objects) await tx.execute(`drop ${type} if exists "${name.replaceAll('"', '""')}"`)
      }
      await tx.execute('drop table if exists _santokit_dev')
      await tx.execute('pragma defer_foreign_keys = off')
    },
    async run(statement) {
      await tx.execute(statement)
    },
    async remember(loaded) {
      await tx.execute('create table if not exists _santokit_dev (loaded text not null)')
      await tx.execute('delete from _santokit_dev')
      await tx.execute({ sql: 'insert into _santokit_dev values (?)', args: [loaded] })
    },
  }
}

const LIBSQL_OBJECTS = `select name from sqlite_master
  where type in ('table', 'view') and name <> '_santokit_dev'
  and name not like 'sqlite\\_%' escape '\\' and name not like 'libsql\\_%' escape '\\'`

function queryable(
  rows: (sql: string, values?: readonly SqlValue[]) => Promise<Row[]>,
  exec: (sql: string, values?: readonly SqlValue[]) => Promise<number>,
): Queryable {
  const row = async (sql: string, values?: readonly SqlValue[]): Promise<Row | undefined> => {
    const found = await rows(sql, values)
    if (found.length > 1) throw new Error(`Expected one row at most; the statement gave ${found.length}.`)
    return found[0]
  }
  return {
    rows: rows as Queryable['rows'],
    row: row as Queryable['row'],
    value: (async (sql: string, values?: readonly SqlValue[]) => Object.values((await row(sql, values)) ?? {})[0]) as Queryable['value'],
    exec,
  }
}
