import { createClient } from '@libsql/client'
import type { SqlLogicEntry } from '@santokit/bridge/manifest'
import type pg from 'pg'
import type { Spot } from '../logic/locate.ts'
import type { DevDatabase } from './embedded-databases.ts'
import { withClient } from './postgres/client.ts'

/** Why a database does not take a statement, in its own words. */
export interface Refusal {
  readonly message: string
  readonly hint?: string
  /** What it points at in the statement. */
  readonly spot?: Spot
}

/** Has the database read a statement without running it. @throws whatever says nothing of the statement, a lost connection for one. */
export type Prepare = (statement: Pick<SqlLogicEntry, 'text' | 'bindings'>) => Promise<Refusal | undefined>

/** Connects to `database`, prepares statements, and disconnects in any case. */
export function withPrepare<T>(database: Pick<DevDatabase, 'driver' | 'url'>, work: (prepare: Prepare) => Promise<T>): Promise<T> {
  return database.driver === 'pg' ? withClient(database.url, (client) => work(preparePostgres(client))) : withLibsql(database.url, work)
}

function preparePostgres(client: pg.Client): Prepare {
  return async ({ text }) => {
    const error = await parse(client, text)
    return error === undefined ? undefined : postgresRefusal(error, text)
  }
}

interface PostgresError extends Error {
  readonly code?: string
  /** In characters, from 1. */
  readonly position?: string
  readonly detail?: string
  readonly hint?: string
}

/** SQLSTATE classes that speak of the server, the connection or other sessions. */
const NOT_OF_THE_STATEMENT = /^(08|40|53|55|57|58|F0|XX)/

function postgresRefusal(error: PostgresError, text: string): Refusal {
  if (error.code === undefined || NOT_OF_THE_STATEMENT.test(error.code)) throw error
  const position = Number(error.position)
  const placeholder = /parameter (\$\d+)/.exec(error.message)?.[1]
  const spot = Number.isInteger(position) && position > 0 ? unitsBefore(text, position - 1) : placeholder === undefined ? -1 : text.indexOf(placeholder)
  return {
    message: error.detail === undefined ? error.message : `${error.message} (${error.detail})`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(spot === -1 ? {} : { spot: { offset: spot } }),
  }
}

function unitsBefore(text: string, characters: number): number {
  return Array.from(text).slice(0, characters).join('').length
}

/**
 * Sends the statement as the Bridge does, to be parsed and no more. `prepare … as` would take fewer kinds of statements than that, and
 * what `client.query` sends is run.
 */
function parse(client: pg.Client, text: string): Promise<PostgresError | undefined> {
  return new Promise((resolve) => {
    client.query({
      submit(connection: pg.Connection) {
        connection.parse({ name: '', text, types: [] }, true)
        connection.sync()
      },
      handleError: resolve,
      handleReadyForQuery: () => resolve(undefined),
    })
  })
}

async function withLibsql<T>(url: string, work: (prepare: Prepare) => Promise<T>): Promise<T> {
  const client = createClient({ url, timeout: 10_000 })
  try {
    return await work(async ({ text, bindings }) => {
      try {
        // To explain a statement is to prepare it: its program is listed instead of run.
        await client.execute({ sql: EXPLAINS.test(text) ? text : `explain ${text}`, args: bindings.map(() => null) })
        return undefined
      } catch (error) {
        return libsqlRefusal(error)
      }
    })
  } finally {
    client.close()
  }
}

const EXPLAINS = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*explain\b/i

function libsqlRefusal(error: unknown): Refusal {
  const { code, message } = error as Error & { readonly code?: string }
  if (code !== 'SQLITE_ERROR') throw error
  const said = message.replace(/^(?:SQLITE_ERROR: )+/, '')
  const token = /^near "(.+)": syntax error/s.exec(said)?.[1]
  const name = NAMED.exec(said)?.[1]
  const spot = token === undefined ? name && { name } : { token }
  return { message: said, ...(spot ? { spot } : {}) }
}

/** The name that SQLite does not know, or knows twice. It never says where it stands. */
const NAMED = /(?:no such (?:column|table|view|function|collation sequence|module|index): "?|ambiguous column name: |has no column named |arguments to function )([^\s"()]+)/
