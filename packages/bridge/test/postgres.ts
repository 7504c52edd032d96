import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// Tests may reach into core, which knows how to run the embedded binaries as any user from any folder.
import { startCluster, type Cluster } from '../../core/src/dev/postgres/cluster.ts'
import { startTcpProxy } from './tcp-proxy.ts'

/** A Postgres server of its own for one test file. */
export interface TestPostgres {
  /** As superuser `postgres`, to the database `postgres`. */
  readonly url: string
  /** Stops the server and removes its files. */
  stop(): Promise<void>
}

/** A Postgres that can be stopped and started again, at one address. */
export interface RestartablePostgres extends TestPostgres {
  /** Stops the server in the middle of whatever it does; connections are refused then. */
  halt(): Promise<void>
  /** Starts it again, with its data. */
  resume(): Promise<void>
}

/** Starts an embedded Postgres behind a relay that keeps its address when it is started again. */
export async function startRestartablePostgres(): Promise<RestartablePostgres> {
  const { start, remove } = await newCluster()
  let cluster = await start()
  const portOf = ({ url }: Cluster): number => Number(new URL(url('postgres')).port)
  const proxy = await startTcpProxy(portOf(cluster))
  const url = new URL(cluster.url('postgres'))
  url.port = String(proxy.port)
  return {
    url: url.href,
    halt: () => cluster.stop(),
    async resume() {
      cluster = await start()
      proxy.target = portOf(cluster)
    },
    async stop() {
      await proxy.stop()
      await cluster.stop()
      await remove()
    },
  }
}

/** Starts an embedded Postgres on a free loopback port. */
export async function startPostgres(): Promise<TestPostgres> {
  const { start, remove } = await newCluster()
  const cluster = await start()
  return {
    url: cluster.url('postgres'),
    async stop() {
      await cluster.stop()
      await remove()
    },
  }
}

async function newCluster(): Promise<{ start(): Promise<Cluster>; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-pg-'))
  // As root, the server runs as another user, who must be able to walk into the folder.
  await chmod(folder, 0o755)
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  return {
    start: () => startCluster({ root, dataDir: folder, report: () => {} }),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
