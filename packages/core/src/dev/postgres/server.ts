import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { childEnvironment } from '../../secrets/child-environment.ts'
import type { Account } from './account.ts'

/** A running Postgres server. */
export interface PostgresServer {
  readonly port: number
  /** Ends connections and waits until the server is gone. */
  stop(): Promise<void>
}

/** The server went before it was ready. {@link log} is what it said. */
export class ServerExit extends Error {
  override readonly name = 'ServerExit'

  constructor(readonly log: string) {
    super(log.trim().split('\n').at(-1) ?? 'The server ended without a word.')
  }
}

/**
 * Starts `postgres` on a free port of loopback and waits until it accepts connections.
 *
 * The server lives in a process group of its own, so that Ctrl-C reaches the Bridges first, and ends with this process even if
 * that is killed: a guardian shell stops it when the pipe to it closes.
 *
 * @throws ServerExit when it ends before it is ready.
 */
export async function startPostgresServer(postgres: string, dataDir: string, account: Account | undefined): Promise<PostgresServer> {
  const port = await freePort()
  const args = [
    '-D', dataDir, '-p', String(port),
    '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'timezone=UTC',
    // A crash of the machine may lose the last writes, never the database.
    '-c', 'synchronous_commit=off',
  ]
  const [command, ...commandArgs] = process.platform === 'win32' ? [postgres, ...args] : ['/bin/sh', '-c', GUARDIAN, postgres, ...args]
  const child = spawn(command as string, commandArgs, {
    ...(account && { uid: account.uid, gid: account.gid }),
    cwd: dataDir, env: childEnvironment(process.env), detached: process.platform !== 'win32', stdio: ['pipe', 'ignore', 'pipe'],
  })
  const gone = once(child, 'exit')
  child.stdin.on('error', () => {})
  const stop = async (): Promise<void> => {
    child.stdin.end()
    if (process.platform === 'win32') child.kill()
    await gone
  }

  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.stderr.on('data', (chunk: Buffer) => {
      // The pipe is read for as long as the server lives, for a full one would block it.
      if (log.length < 100_000) log += chunk.toString()
      if (log.includes('database system is ready to accept connections')) resolve()
    })
    child.on('close', () => {
      child.stdin.end()
      reject(new ServerExit(log))
    })
  })
  return { port, stop }
}

/** Runs its arguments; asks them to stop (SIGINT: a fast shutdown) when standard input ends. */
const GUARDIAN = `
exec 3<&0
"$0" "$@" </dev/null 3<&- &
server=$!
(cat <&3 >/dev/null 2>&1; kill -INT $server 2>/dev/null) 2>/dev/null &
exec 3<&-
wait $server
`

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
