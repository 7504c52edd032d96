import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A Worker to run. */
export interface WorkerSetup {
  readonly script: string
  readonly bindings: Readonly<Record<string, unknown>>
  /** Connection strings by the name of their binding. */
  readonly hyperdrives?: Readonly<Record<string, string>>
  readonly compatibilityDate?: string
}

export interface RunningWorker {
  /** Its base URL, without a slash at the end. */
  readonly url: string
  /** Told each line that it writes from now on. */
  readonly readers: Set<(line: string) => void>
  stop(): Promise<void>
}

interface Message {
  readonly id: number
  readonly url?: string
  readonly line?: string
  readonly failed?: string
  readonly stopped?: true
}

let host: ChildProcess | undefined
let started = 0

/** Runs a Worker in workerd on a free loopback port. */
export async function runWorker({ script, bindings, hyperdrives = {}, compatibilityDate = '2026-05-03' }: WorkerSetup): Promise<RunningWorker> {
  const child = host ??= fork(fileURLToPath(new URL('host.mjs', import.meta.url)), { stdio: 'inherit' })
  const id = ++started
  const lines: string[] = []
  const readers: RunningWorker['readers'] = new Set([(line) => lines.push(line)])
  const heard = new Set<(message: Message) => void>()
  const listen = (message: Message): void => {
    if (message.id !== id) return
    if (message.line !== undefined) for (const read of readers) read(message.line)
    for (const listener of heard) listener(message)
  }
  child.on('message', listen)
  const told = <T>(read: (message: Message) => T | undefined): Promise<T> => new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('the process that runs workerd has ended'))
    child.once('exit', onExit)
    const listener = (message: Message): void => {
      const found = read(message)
      if (found === undefined && message.failed === undefined) return
      heard.delete(listener)
      child.off('exit', onExit)
      if (found !== undefined) resolve(found)
      else reject(new Error(`${message.failed}\n${lines.join('\n')}`))
    }
    heard.add(listener)
  })
  const ready = told(({ url }) => url)
  child.send({ id, start: { script, bindings, hyperdrives, compatibilityDate, compatibilityFlags: ['nodejs_compat', 'enable_request_signal'] } })
  const url = (await ready).replace(/\/$/, '')
  return {
    url, readers,
    async stop() {
      const stopped = told((message) => message.stopped)
      child.send({ id, stop: true })
      await stopped
      child.off('message', listen)
    },
  }
}

/** Ends the process that runs Workers. */
export async function closeWorkerd(): Promise<void> {
  const child = host
  host = undefined
  if (child === undefined || child.exitCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.disconnect()
  await gone
}
