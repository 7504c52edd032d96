import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type RunningBridge, startBridge } from '../src/node.ts'
import { bundleFiles, makeFolder, type TestProject, writeBundle } from './bundle.ts'

/** What a client sees of an answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The parsed body; `undefined` if there is none. */
  readonly body: Record<string, unknown> | undefined
}

export interface TestBridge extends RunningBridge {
  /** The log so far, one object a line. */
  readonly log: readonly Record<string, unknown>[]
  /** `POST /call` */
  call(path: string, params?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answer>
  request(path: string, init?: RequestInit): Promise<Answer>
}

/** Starts a Bridge for a project. */
export type StartTestBridge = (project: TestProject, env?: Readonly<Record<string, string>>) => Promise<TestBridge>

/** Starts a Bridge for a project on a free loopback port; closed when the test is over. */
export const startTestBridge: StartTestBridge = async (project, env = {}) => {
  const folder = await makeFolder()
  await writeBundle(folder.path, bundleFiles(project))
  const log: Record<string, unknown>[] = []
  const bridge = await startBridge({
    env: { HOST: '127.0.0.1', PORT: '0', MANIFEST_PATH: join(folder.path, 'manifest.json'), ...env },
    log: (line) => log.push(JSON.parse(line) as Record<string, unknown>),
  })
  onTestFinished(async () => {
    await bridge.close()
    await folder.remove()
  })
  const request = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${bridge.url}${path}`, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) as Answer['body'] }
  }
  return {
    ...bridge, log, request,
    call: (path, params, headers = {}) => request('/call', {
      method: 'POST', headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ path, ...(params === undefined ? {} : { params }) }),
    }),
  }
}

/** The `Authorization` header for a token. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** A promise and the way to settle it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  return { opened, open }
}
