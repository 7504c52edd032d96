import { createClient, type Client } from '@libsql/client'
import { join } from 'node:path'
import { startTestBridge as startOnNode, type StartTestBridge } from '../bridge.ts'
import { makeFolder } from '../bundle.ts'
import { startLibsqlServer } from '../libsql-server.ts'
import { startPostgres, type TestPostgres } from '../postgres.ts'

/** Where the suite runs: on Node, in workerd, or in workerd with Postgres behind Hyperdrive. */
export type Entry = 'node' | 'worker' | 'worker with hyperdrive'

let entry: Entry = 'node'
let start: StartTestBridge = startOnNode

/** Says what the suites of this test file run against, before they are imported. */
export function runAgainst(name: Entry, starter: StartTestBridge): void {
  entry = name
  start = starter
}

export function isWorker(): boolean {
  return entry !== 'node'
}

/** Starts a Bridge for a project, on the entry that this file's suites run against. */
export const startTestBridge: StartTestBridge = (project, env) => start(project, env)

/** A SQLite database of a test, and a client beside the Bridge. */
export interface TestSqlite {
  readonly url: string
  readonly client: Client
  stop(): Promise<void>
}

/** Opens a SQLite database as the entry can have one: a file, or a server over HTTP. */
export async function openSqlite(statements: readonly string[]): Promise<TestSqlite> {
  const { url, stop } = await (isWorker() ? openServer() : openFile())
  const client = createClient({ url })
  for (const statement of statements) await client.execute(statement)
  return {
    url, client,
    async stop() {
      client.close()
      await stop()
    },
  }
}

async function openServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = await startLibsqlServer()
  return { url: server.url, stop: () => server.stop() }
}

async function openFile(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = await makeFolder()
  return { url: `file:${join(folder.path, 'test.db')}`, stop: () => folder.remove() }
}

let postgres: Promise<TestPostgres> | undefined

/** The Postgres that the suites of this file share. */
export function sharedPostgres(): Promise<TestPostgres> {
  postgres ??= startPostgres()
  return postgres
}

export async function stopSharedPostgres(): Promise<void> {
  await (await postgres)?.stop()
}
