import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './registry/programs.ts'

/** A Docker engine of its own, with nothing in it. */
export interface Engine {
  /** For `DOCKER_HOST`. */
  readonly host: string
  docker(...args: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** Starts `dockerd` without a network of its own: containers use the computer's. Needs root. */
export async function startEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'))
  const host = `unix://${join(folder, 'sock')}`
  const child = spawn('dockerd', [
    '--iptables=false', '--bridge=none', '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid'), '--host', host,
  ], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, HOME: folder } })
  let log = ''
  const ended = once(child, 'close')
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += String(chunk)
      if (log.includes('API listen on')) resolve()
    })
    child.once('close', () => reject(new Error(`dockerd did not start: ${log}`)))
  })
  return {
    host,
    docker: async (...args) => (await run('docker', [...args], { env: { PATH: process.env.PATH, HOME: folder, DOCKER_HOST: host }, maxBuffer: 64 * 1024 * 1024 })).stdout.trim(),
    async close() {
      child.kill('SIGTERM')
      await ended
      // The engine leaves its own network namespace mounted there.
      await run('umount', [join(folder, 'exec/netns/default')]).catch((error: { readonly stderr?: string }) => {
        if (!/not mounted|no mount point|not found/.test(error.stderr ?? '')) throw error as Error
      })
      await rm(folder, { recursive: true, force: true })
    },
  }
}
