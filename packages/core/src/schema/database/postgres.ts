import type pg from 'pg'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaDatabase } from '../contract.ts'
import type { Connection } from './connection.ts'
import { withoutSecrets } from './redact.ts'

/** How long a server may take to let us in, in milliseconds. */
const CONNECT_TIMEOUT = 15_000

/** @throws StkError STK6004, without anything of the URL but its host. */
export async function openPostgres(database: SchemaDatabase): Promise<Connection> {
  const { default: driver } = await import('pg')
  const client = clientOf(driver.Client, database)
  // A server that goes away makes the running query fail; the event says the same once more.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    throw unreachable(database, cause)
  }
  const query = async (sql: string, params?: readonly unknown[]): Promise<readonly object[]> =>
    (await client.query(sql, params as unknown[] | undefined)).rows as object[]
  return {
    driver: 'pg',
    rows: async <T extends object>(sql: string, params?: readonly unknown[]) => await query(sql, params) as readonly T[],
    async script(statements) {
      const results: unknown = await client.query(statements.join(';\n'))
      return [results].flat().map((result) => (result as { readonly rows: readonly object[] }).rows)
    },
    run: async (sql) => { await query(sql) },
    begin: async () => { await query('begin') },
    commit: async () => { await query('commit') },
    rollback: async () => { await query('rollback').catch(() => {}) },
    close: () => client.end().catch(() => {}),
  }
}

function clientOf(Client: typeof pg.Client, database: SchemaDatabase): pg.Client {
  try {
    return new Client({ connectionString: database.url.reveal(), connectionTimeoutMillis: CONNECT_TIMEOUT, application_name: 'stk schema' })
  } catch (cause) {
    throw unreachable(database, cause)
  }
}

function unreachable(database: SchemaDatabase, cause: unknown): StkError {
  return new StkError('STK6004', {
    why: `${hostOf(database)}: ${withoutSecrets(messageOf(cause), database)}`,
    fix: 'Check the URL, that this machine may reach the server, and that the role may log in: stk secrets check',
  })
}

/** Where a database is, for a message. */
export function hostOf({ url }: SchemaDatabase): string {
  const text = url.reveal()
  return URL.canParse(text) ? new URL(text).host || 'the local server' : 'its URL is not one'
}

/** What went wrong; Node gives several attempts at one name as an error without a message. */
function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(messageOf).join('; ')
  return cause instanceof Error ? cause.message : String(cause)
}
