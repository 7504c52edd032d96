import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Release } from '@santokit/core'
import type { Task } from './release-process.ts'

export interface Outcome {
  readonly signal: NodeJS.Signals | null
  readonly release?: Release
  readonly code?: string
  readonly message?: string
  /** The calls that changed the file system, in order. */
  readonly calls?: readonly string[]
}

export interface RunningRelease {
  /** Resolves once it has planned, for a task that waits. */
  planned(): Promise<void>
  /** Lets it go on. */
  proceed(): void
  readonly outcome: Promise<Outcome>
}

const source = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The sources as they are, as in vitest.config.ts. */
const ALIASES = {
  '@santokit/bridge/manifest': source('bridge/src/manifest/index.ts'),
  '@santokit/core/testkit': source('core/src/testkit/index.ts'),
  '@santokit/core': source('core/src/index.ts'),
}

/** Releases to `<root>/releases` in a process of its own. */
export function startRelease(task: Task): RunningRelease {
  const register = import.meta.resolve('jiti/register')
  const child = spawn(process.execPath, ['--import', register, source('plugin-tarball/test/release-process.ts'), JSON.stringify(task)], {
    env: { PATH: process.env.PATH, JITI_ALIAS: JSON.stringify(ALIASES) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const planned = task.waits ? once(child.stdout, 'data').then(() => {}) : Promise.resolve()
  return {
    planned: () => planned,
    proceed: () => { child.stdin.end('go\n') },
    outcome: outcomeOf(child, () => output, () => errors),
  }
}

async function outcomeOf(child: ChildProcess, output: () => string, errors: () => string): Promise<Outcome> {
  const [exitCode, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null]
  if (signal !== null) return { signal }
  if (exitCode !== 0) throw new Error(`The process failed: ${errors()}`)
  return { signal, ...JSON.parse(output().replace(/^planned\n/, '')) as object }
}
