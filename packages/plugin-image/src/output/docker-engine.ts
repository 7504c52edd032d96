import { request } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { StkError } from '@santokit/core'

/**
 * The socket of the local engine: what `DOCKER_HOST` says, else docker's own place.
 *
 * @throws StkError STK4123 if it names an engine elsewhere.
 */
export function engineSocket(env: Readonly<Record<string, string | undefined>>): string {
  const host = env.DOCKER_HOST
  if (host === undefined || host === '') return '/var/run/docker.sock'
  if (host.startsWith('unix://')) return host.slice('unix://'.length)
  throw new StkError('STK4123', { why: `DOCKER_HOST is ${host}, and images are only given to an engine of this computer, through its socket.`, fix: 'Push to a registry that the engine can pull from.' })
}

/**
 * Gives an archive to a container engine: `POST /images/load`, Docker Engine API since version 1.7. Podman's socket takes it, too.
 *
 * @throws StkError STK4123 if the engine is not there or refuses it.
 */
export async function loadIntoEngine(socketPath: string, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const answer = await new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path: '/images/load?quiet=1', headers: { 'content-type': 'application/x-tar', 'host': 'docker' }, signal })
    call.on('error', reject)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
    })
    pipeline(Readable.from(archive, { objectMode: false }), call).catch(reject)
  }).catch((error: NodeJS.ErrnoException) => {
    if (signal.aborted) throw error
    const isAbsent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'EACCES'
    throw isAbsent ? notThere(socketPath, error) : error
  })
  // The engine says 200 before it has read everything; what went wrong then stands in the stream.
  const problem = /"error"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(answer.text)?.[1] ?? (answer.status === 200 ? undefined : `HTTP ${answer.status} ${answer.text.slice(0, 200)}`)
  if (problem !== undefined) throw new StkError('STK4123', { why: `The engine at ${socketPath} does not take the image: ${problem}.`, fix: 'Look into the engine\'s log.' })
}

function notThere(socketPath: string, error: NodeJS.ErrnoException): StkError {
  return new StkError('STK4123', {
    why: `There is no container engine at ${socketPath} (${error.code}).`,
    fix: error.code === 'EACCES' ? 'Join the group that may use it, such as `docker`.' : ['Start it: sudo systemctl start docker', 'Or say where it is: DOCKER_HOST=unix:///run/user/1000/podman/podman.sock'],
    cause: error,
  })
}
