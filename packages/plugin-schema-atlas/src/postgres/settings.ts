import type { SchemaDatabase } from '@santokit/core'
import { withConnection, type Connection } from '@santokit/core/schema'
import { quoted } from '../statement.ts'

const SCHEMA = 'stk_scratch_settings'

/**
 * Shows Atlas the settings `lc_collate` and `lc_ctype`, which PostgreSQL 16 took out of `pg_settings` and without which Atlas 0.13 does not
 * begin. Only on a scratch database, for sessions to come.
 */
export async function showSettings(connection: Connection): Promise<void> {
  const [row] = await connection.rows<{ name: string; modern: boolean }>(`select current_database() as name, current_setting('server_version_num')::int >= 160000 as modern`)
  if (row?.modern !== true) return
  await connection.run(`create schema ${SCHEMA}`)
  await connection.run(`create view ${SCHEMA}.pg_settings as select name, setting from pg_catalog.pg_settings
    union all select 'lc_collate', datcollate from pg_catalog.pg_database where datname = current_database()
    union all select 'lc_ctype', datctype from pg_catalog.pg_database where datname = current_database()`)
  await connection.run(`alter database ${quoted(row.name)} set search_path = ${SCHEMA}, pg_catalog, public`)
}

/** Shows them while Atlas works in a database that others will use afterwards, whose search path must stay as it is. */
export async function whileSettingsShow(database: SchemaDatabase, work: () => Promise<void>): Promise<void> {
  await withConnection(database, async (connection) => {
    await showSettings(connection)
    try {
      await work()
    } finally {
      const [row] = await connection.rows<{ name: string }>('select current_database() as name')
      await connection.run(`alter database ${quoted(row?.name ?? '')} reset search_path`)
      await connection.run(`drop schema if exists ${SCHEMA} cascade`)
    }
  })
}
