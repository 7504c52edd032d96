// One release in a process of its own, which may be killed. Run by processes.ts.
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { sampleBundle } from '@santokit/core/testkit'
import { tarballTarget } from '../src/target.ts'
import { contextOn } from './worlds.ts'

export interface Task {
  readonly root: string
  readonly seed: string
  /** Kills the process (SIGKILL) at the nth call that changes the file system. */
  readonly kill?: { readonly call: number; readonly when: 'before' | 'halfway' | 'after' }
  /** Waits for a line on standard input between plan and release. */
  readonly waits?: boolean
}

const task = JSON.parse(process.argv[2] ?? '') as Task

const fs = createRequire(import.meta.url)('node:fs/promises') as Record<string, (...args: unknown[]) => Promise<unknown>>
const calls: string[] = []
for (const name of ['mkdir', 'writeFile', 'link', 'rename', 'rm', 'open']) {
  const real = fs[name] as (...args: unknown[]) => Promise<unknown>
  fs[name] = async (...args) => {
    if (name !== 'open' || args[1] !== 'r') calls.push(name)
    const due = calls.length === task.kill?.call
    if (due && task.kill?.when === 'before') process.kill(process.pid, 'SIGKILL')
    if (due && task.kill?.when === 'halfway' && name === 'writeFile') {
      const [path, bytes, options] = args as [string, Uint8Array, object]
      await real(path, bytes.subarray(0, Math.floor(bytes.length / 2)), options)
      process.kill(process.pid, 'SIGKILL')
    }
    const result = await real(...args)
    if (due) process.kill(process.pid, 'SIGKILL')
    return result
  }
}
syncBuiltinESMExports()

const ctx = contextOn({ root: task.root, options: { to: 'file:./releases' } })
const pkg = await tarballTarget.package(await sampleBundle({ seed: task.seed }), ctx)
const plan = await tarballTarget.plan(pkg, ctx)
if (task.waits) {
  process.stdout.write('planned\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  process.stdin.destroy()
}
try {
  process.stdout.write(JSON.stringify({ release: await tarballTarget.release(plan, pkg, ctx), calls }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { readonly code?: string }).code, message: String(error), calls }))
}
