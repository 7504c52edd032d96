import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startCluster } from '../dev/postgres/cluster.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import type { SchemaContext, SchemaDatabase, SchemaSource, SchemaSubject } from './contract.ts'
import { withConnection } from './database/connection.ts'
import { splitStatements } from './sources/statements.ts'

/** Databases for tests: SQLite files, and a Postgres when one is asked for. */
export interface Databases {
  readonly folder: string
  /** A new, empty database. */
  create(driver: SchemaDatabase['driver']): Promise<SchemaDatabase>
  stop(): Promise<void>
}

export async function startDatabases(): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-schema-'))
  // As root, Postgres runs as another user, who must be able to walk into the folder.
  await chmod(folder, 0o755)
  let cluster: ReturnType<typeof startCluster> | undefined
  let made = 0
  return {
    folder,
    async create(driver) {
      const name = `db_${made++}`
      if (driver === 'libsql') {
        await writeFile(join(folder, `${name}.db`), '')
        return { driver, url: new SecretValue(pathToFileURL(join(folder, `${name}.db`)).href) }
      }
      cluster ??= startCluster({ root: process.cwd(), dataDir: folder, report() {} })
      const { url } = await cluster
      await withConnection({ driver, url: new SecretValue(url('postgres')) }, (connection) => connection.run(`create database ${name}`))
      return { driver, url: new SecretValue(url(name)) }
    },
    async stop() {
      await (await cluster)?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs a script as its owner would, without any of what is tested. */
export async function run(database: SchemaDatabase, script: string): Promise<void> {
  await withConnection(database, async (connection) => {
    for (const { text } of splitStatements(script, database.driver)) await connection.run(text)
  })
}

export async function rowsOf(database: SchemaDatabase, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return withConnection(database, async (connection) => (await connection.rows(sql)).map((row) => ({ ...row })))
}

export function subject(driver: SchemaDatabase['driver'], sql: string, more: Partial<SchemaSubject> = {}): SchemaSubject {
  const source: SchemaSource = { path: 'projects/shop/schema/main.sql', absolute: '/nowhere/main.sql', kind: 'sql', text: sql }
  return { project: 'shop', alias: 'main', driver, sources: [source], schemas: driver === 'pg' ? ['public'] : [], exclude: [], ...more }
}

export function context(more: Partial<SchemaContext> = {}): SchemaContext {
  return { root: process.cwd(), environment: 'test', env: process.env, signal: new AbortController().signal, progress() {}, warn() {}, ...more }
}
