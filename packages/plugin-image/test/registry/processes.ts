import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import nodeResolve from '@rollup/plugin-node-resolve'
import { transformSync } from 'oxc-transform'
import { rollup, type Plugin } from 'rollup'
import type { Task } from './push-process.ts'

const source = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** A program that pushes, as one file that starts fast. */
export interface Pusher {
  /** Starts one process for several pushes side by side. `onDone` is told which of them ended. */
  start(tasks: readonly Task[], onDone?: (index: number) => void): { readonly child: ChildProcess; readonly ended: Promise<Ending> }
  remove(): Promise<void>
}

export interface Ending {
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
  readonly errors: string
}

/** Bundles `push-process.ts` with the sources as they are, as in vitest.config.ts. */
export async function bundlePusher(): Promise<Pusher> {
  const folder = await mkdtemp(join(tmpdir(), 'pusher-'))
  const file = join(folder, 'push.mjs')
  const typescript: Plugin = {
    name: 'typescript',
    resolveId: (id) => (id === '@santokit/core' ? source('core/src/index.ts') : null),
    transform: (code, id) => (id.endsWith('.ts') ? { code: transformSync(id, code).code, map: null } : null),
  }
  const bundle = await rollup({
    input: source('plugin-image/test/registry/push-process.ts'),
    plugins: [typescript, nodeResolve({ preferBuiltins: true, extensions: ['.ts', '.mjs', '.js'] })],
    external: (id) => id.startsWith('node:'),
    onwarn: () => {},
  })
  await bundle.write({ file, format: 'esm' })
  await bundle.close()
  return {
    start(tasks, onDone = () => {}) {
      const child = spawn(process.execPath, [file, JSON.stringify(tasks)], { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] })
      createInterface(child.stdout).on('line', (line) => { onDone(Number(line)) })
      let errors = ''
      child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
      const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null, errors }))
      return { child, ended }
    },
    remove: () => rm(folder, { recursive: true }),
  }
}
