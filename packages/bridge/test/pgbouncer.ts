import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real PgBouncer in transaction mode. */
export interface TestPooler {
  /** As whoever the server's own URL names. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts PgBouncer in front of a server, with `size` connections to it. */
export async function startPooler(serverUrl: string, size: number): Promise<TestPooler> {
  const server = new URL(serverUrl)
  const folder = await mkdtemp(join(tmpdir(), 'santokit-pooler-'))
  await chmod(folder, 0o755)
  const port = await freePort()
  const config = join(folder, 'pgbouncer.ini')
  await writeFile(config, `
    [databases]
    * = host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}
    [pgbouncer]
    listen_addr = 127.0.0.1
    listen_port = ${port}
    unix_socket_dir =
    auth_type = any
    pool_mode = transaction
    default_pool_size = ${size}
    ${process.getuid?.() === 0 ? 'user = nobody' : ''}
  `.replace(/^ +/gm, ''))
  const process_ = spawn('pgbouncer', [config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const log: Buffer[] = []
  process_.stderr.on('data', (chunk: Buffer) => log.push(chunk))
  const exited = once(process_, 'exit')
  while (!await accepts(port)) {
    if (process_.exitCode !== null) throw new Error(`PgBouncer has stopped: ${Buffer.concat(log).toString()}`)
  }
  return {
    url: `postgres://nobody@127.0.0.1:${port}/postgres`,
    async stop() {
      process_.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
