import { expect } from 'vitest'
import type { Answer, StartTestBridge, TestBridge } from '../bridge.ts'
import type { TestProject } from '../bundle.ts'
import { bundleWorker } from './bundle.ts'
import { runWorker, type RunningWorker } from './workerd.ts'

interface Kept {
  readonly worker: RunningWorker
  readonly manifest: TestBridge['manifest']
}

/** Workers of one test file, by what they are made of: starting one takes longer than what most tests do with it. */
const kept = new Map<string, Promise<Kept>>()

/**
 * A project's Worker in workerd, as tests see a Bridge. One that is alike serves several tests, each of which sees only the log lines
 * that come after its start.
 */
export function workerStarter(hyperdrive: Readonly<Record<string, string>> = {}): StartTestBridge {
  return async (project, env = {}) => {
    const key = JSON.stringify([project, env, hyperdrive])
    const found = kept.get(key) ?? start(project, env, hyperdrive)
    kept.set(key, found)
    return bridgeOf(await found)
  }
}

/** Stops every Worker. */
export async function stopWorkers(): Promise<void> {
  await Promise.all([...kept.values()].map(async (started) => (await started).worker.stop()))
  kept.clear()
}

async function start(project: TestProject, env: Readonly<Record<string, string>>, hyperdrive: Readonly<Record<string, string>>): Promise<Kept> {
  const used = Object.fromEntries(Object.entries(hyperdrive).filter(([alias]) => project.manifest?.databases?.[alias]?.driver === 'pg'))
  const { script, manifest } = await bundleWorker(project, used)
  const hyperdrives = Object.fromEntries(Object.entries(used).map(([alias, binding]) => [binding, String(manifest.databases[alias]?.url)]))
  return { worker: await runWorker({ script, bindings: env, hyperdrives }), manifest }
}

function bridgeOf({ worker, manifest }: Kept): TestBridge {
  const { url, readers } = worker
  const log: Record<string, unknown>[] = []
  readers.add((line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as Record<string, unknown>)
  })
  const request = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, init)
    const text = await response.text()
    if (/^\/call(?:[/?]|$)/.test(path)) await lineOf(response.headers.get('x-request-id') ?? '', response.status)
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) as Answer['body'] }
  }
  /** The log comes by another way than the answer. A method that an address does not have is no call, and leaves no line. */
  const lineOf = async (requestId: string, status: number): Promise<void> => {
    if (status === 204 || status === 405) return
    await expect.poll(() => log.some((line) => line.requestId === requestId && line.message === 'call'), { interval: 5 }).toBe(true)
  }
  return {
    url, manifest, request, log,
    port: Number(new URL(url).port),
    close: async () => {},
    call: (path, params, headers = {}) => request('/call', {
      method: 'POST', headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ path, ...(params === undefined ? {} : { params }) }),
    }),
  }
}
