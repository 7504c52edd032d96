import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

export const run = promisify(execFile)

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}

export interface RunningRegistry {
  /** `127.0.0.1:port` */
  readonly host: string
  /** A folder of its own, removed with it. */
  readonly folder: string
  /** What it has written to its log. */
  log(): string
  close(): Promise<void>
}

/** Starts Debian's docker-registry (distribution 2.8) on a free port. `auth` is the `auth:` section of its config, in lines. */
export async function startDistribution(auth: (folder: string) => Promise<readonly string[]> = () => Promise.resolve([])): Promise<RunningRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'distribution-'))
  const port = await freePort()
  const config = join(folder, 'config.yml')
  await writeFile(config, [
    'version: 0.1',
    'log: { level: info }',
    `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(folder, 'data'))} }, delete: { enabled: false } }`,
    `http: { addr: "127.0.0.1:${port}", secret: tests }`,
    ...await auth(folder),
  ].join('\n'))
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } })
  let log = ''
  const ended = once(child, 'close')
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      log += chunk.toString()
      if (log.includes('listening on')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('close', () => { reject(new Error(`docker-registry did not start: ${log}`)) })
  })
  return {
    host: `127.0.0.1:${port}`, folder, log: () => log,
    async close() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A key and a certificate of its own, in the folder: `key.pem`, `cert.pem`. */
export async function makeCertificate(folder: string): Promise<{ readonly key: string; readonly certificate: string }> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=tests'])
  return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') }
}
