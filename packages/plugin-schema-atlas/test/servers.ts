import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { SecretValue, type SchemaContext, type SchemaDatabase, type SchemaSubject } from '@santokit/core'
import { startCluster } from '@santokit/core/dev'
import { splitStatements, withConnection, type Connection } from '@santokit/core/schema'

const run = promisify(execFile)

const DEBIAN = '/usr/lib/postgresql'

/** Whether Atlas and a Postgres of the system are there; `npm run test:peers` installs them, and says what it could not. */
export const hasPeers = systemMajors().length > 0 && (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'atlas')))

/** A Postgres server, or a folder of libSQL files. */
export interface Server {
  /** `postgres 15`, `postgres 18`, `libsql`. */
  readonly name: string
  readonly driver: SchemaDatabase['driver']
  /** A new, empty database. */
  create(): Promise<SchemaDatabase>
  stop(): Promise<void>
}

/** Debian's server: programs under /usr/lib/postgresql/<major>/bin, run as `postgres` where the tests run as root. */
export async function startSystemPostgres(): Promise<Server> {
  const bin = systemBinaries()
  const folder = await mkdtemp(join(tmpdir(), 'santokit-pg-'))
  const account = process.getuid?.() === 0 ? { uid: await idOf('-u'), gid: await idOf('-g') } : {}
  if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid)
  const password = 'proof-of-the-pudding'
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o644 })
  const data = join(folder, 'data')
  const environment = { ...process.env, LC_ALL: 'C' }
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync'], { ...account, cwd: folder, env: environment })
  const port = await freePort()
  const server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'], {
    ...account, cwd: folder, env: environment, stdio: ['ignore', 'ignore', 'pipe'],
  })
  const gone = once(server, 'exit')
  const end = (): void => { server.kill('SIGQUIT') }
  process.once('exit', end)
  await new Promise<void>((resolve, reject) => {
    let log = ''
    server.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-20_000)
      if (log.includes('ready to accept connections')) resolve()
    })
    server.once('exit', () => { reject(new Error(log)) })
  })
  const url = (database: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  return {
    ...await postgresServer(url),
    async stop() {
      process.removeListener('exit', end)
      server.kill('SIGINT')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The newest server that npm has. */
export async function startEmbeddedPostgres(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-pg-'))
  // As root, Postgres runs as another user, who must be able to walk into the folder.
  await chmod(folder, 0o755)
  const cluster = await startCluster({ root: process.cwd(), dataDir: folder, report() {} })
  return {
    ...await postgresServer((database) => cluster.url(database)),
    async stop() {
      await cluster.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function startLibsql(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-libsql-'))
  let made = 0
  return {
    name: 'libsql',
    driver: 'libsql',
    async create() {
      const file = join(folder, `db ${made++}.db`)
      await writeFile(file, '')
      return { driver: 'libsql', url: new SecretValue(pathToFileURL(file).href) }
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  }
}

async function postgresServer(url: (database: string) => string): Promise<Pick<Server, 'name' | 'driver' | 'create'>> {
  const admin: SchemaDatabase = { driver: 'pg', url: new SecretValue(url('postgres')) }
  const [version] = await withConnection(admin, (connection) => connection.rows<{ major: string }>(`select split_part(current_setting('server_version'), '.', 1) as major`))
  // Nobody will miss these databases after a crash, and each plan makes and drops two.
  await withConnection(admin, async (connection) => {
    for (const setting of ['fsync', 'full_page_writes']) await connection.run(`alter system set ${setting} = off`)
    await connection.run('select pg_reload_conf()')
  })
  let made = 0
  return {
    name: `postgres ${version?.major ?? ''}`,
    driver: 'pg',
    async create() {
      const name = `db_${made++}`
      await withConnection(admin, (connection) => connection.run(`create database ${name}`))
      return { driver: 'pg', url: new SecretValue(url(name)) }
    },
  }
}

function systemMajors(): readonly string[] {
  return existsSync(DEBIAN) ? readdirSync(DEBIAN).filter((major) => existsSync(join(DEBIAN, major, 'bin/initdb'))) : []
}

function systemBinaries(): string {
  const [oldest] = [...systemMajors()].sort((a, b) => Number(a) - Number(b))
  if (oldest === undefined) throw new Error(`There is no Postgres server under ${DEBIAN}: install the Debian package postgresql.`)
  return join(DEBIAN, oldest, 'bin')
}

async function idOf(flag: string): Promise<number> {
  return Number((await run('id', [flag, 'postgres'])).stdout)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Runs a script as its owner would. */
export async function script(database: SchemaDatabase, sql: string): Promise<void> {
  await withConnection(database, async (connection) => {
    for (const { text } of splitStatements(sql, database.driver)) await connection.run(text)
  })
}

export async function query<T extends object>(database: SchemaDatabase, sql: string): Promise<readonly T[]> {
  return withConnection(database, (connection: Connection) => connection.rows<T>(sql))
}

export function subjectOf(driver: SchemaDatabase['driver'], sql: string, more: Partial<SchemaSubject> = {}): SchemaSubject {
  return {
    project: 'shop', alias: 'main', driver, schemas: driver === 'pg' ? ['public'] : [], exclude: [],
    sources: [{ path: 'shop/schema/main.sql', absolute: '/nowhere/main.sql', kind: 'sql', text: sql }], ...more,
  }
}

export function contextOf(more: Partial<SchemaContext> = {}): SchemaContext {
  return { root: process.cwd(), environment: 'production', env: process.env, signal: new AbortController().signal, progress() {}, warn() {}, ...more }
}
