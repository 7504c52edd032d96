import type { InArgs, InStatement, ResultSet, Transaction } from '@libsql/client'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaDatabase } from '../contract.ts'
import type { Connection } from './connection.ts'
import { withoutSecrets } from './redact.ts'

/** @throws StkError STK6004 */
export async function openLibsql(database: SchemaDatabase): Promise<Connection> {
  const { createClient } = await import('@libsql/client')
  const client = await open(database, async () => {
    // One connection, so that pragmas hold for the transaction; a file that is locked is asked for again by whoever waits.
    const opened = createClient({
      url: database.url.reveal(), concurrency: 1, timeout: 0,
      ...(database.authToken === undefined ? {} : { authToken: database.authToken.reveal() }),
    })
    await opened.execute('select 1')
    return opened
  })
  let tx: Transaction | undefined
  const execute = (statement: InStatement): Promise<ResultSet> => (tx ?? client).execute(statement)
  return {
    driver: 'libsql',
    async rows<T extends object>(sql: string, params: readonly unknown[] = []) {
      const { columns, rows } = await execute({ sql, args: params as InArgs })
      return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))) as unknown as readonly T[]
    },
    async script(statements) {
      const results: (readonly object[])[] = []
      for (const statement of statements) results.push((await execute(statement)).rows)
      return results
    },
    run: async (sql) => { await execute(sql) },
    async begin() {
      await client.execute('pragma foreign_keys = off')
      tx = await client.transaction('write')
    },
    async commit() {
      await tx?.commit()
      tx = undefined
    },
    async rollback() {
      tx?.close()
      tx = undefined
    },
    async close() {
      tx?.close()
      client.close()
    },
  }
}

async function open<T>(database: SchemaDatabase, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const message = withoutSecrets(cause instanceof Error ? cause.message : String(cause), database)
    throw new StkError('STK6004', { why: message, fix: 'Check the URL and the token: stk secrets check' })
  }
}

/** The file behind a `file:` URL. `undefined` for a server or a database in memory. */
export function fileOf({ driver, url }: SchemaDatabase): string | undefined {
  const text = url.reveal()
  if (driver !== 'libsql' || !text.startsWith('file:')) return undefined
  const path = text.replace(/^file:(\/\/(localhost)?(?=\/))?/, '').replace(/[?#].*$/, '')
  return path === ':memory:' || path === '' ? undefined : decodeURIComponent(path)
}
