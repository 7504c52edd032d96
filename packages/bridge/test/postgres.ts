import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// Tests may reach into core, which knows how to run the embedded binaries as any user from any folder.
import { startCluster } from '../../core/src/dev/postgres/cluster.ts'

/** A Postgres server of its own for one test file. */
export interface TestPostgres {
  /** As superuser `postgres`, to the database `postgres`. */
  readonly url: string
  /** Stops the server and removes its files. */
  stop(): Promise<void>
}

/** Starts an embedded Postgres on a free loopback port. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-pg-'))
  // As root, the server runs as another user, who must be able to walk into the folder.
  await chmod(folder, 0o755)
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const cluster = await startCluster({ root, dataDir: folder, report: () => {} })
  return {
    url: cluster.url('postgres'),
    async stop() {
      await cluster.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
