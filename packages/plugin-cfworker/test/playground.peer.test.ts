import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { playgroundSuite } from './playground/suite.ts'
import type { LibsqlServer } from './playground/workers.ts'

playgroundSuite(startSqld)

/** A libSQL server on a free loopback port. */
async function startSqld(): Promise<LibsqlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-sqld-'))
  const port = await freePort()
  const child = spawn('sqld', ['-d', join(folder, 'data'), '--http-listen-addr', `127.0.0.1:${port}`], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  for (;;) {
    if (child.exitCode !== null) throw new Error(`sqld ended with ${child.exitCode}`)
    if (await fetch(`${url}/health`).then(({ ok }) => ok, () => false)) return { url, stop }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** sqld takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
