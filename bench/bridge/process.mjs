// A server as a process of its own, and what the kernel tells of it.
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** Clock ticks a second in /proc; Linux has had 100 on every platform Node runs on. */
const TICKS = 100

/**
 * Starts a server and waits until it says where it listens, in a line with `http://127.0.0.1:<port>`.
 *
 * Its output goes to a file, as the log of a server does, so that reading it costs nothing while it is measured.
 *
 * @returns once it listens; `startedAt` is when it was spawned, on the clock of `performance.now()`.
 */
export async function startServer({ command = process.execPath, args, env }, output) {
  const file = openSync(output, 'w')
  const startedAt = performance.now()
  const child = spawn(command, args, { env: { ...process.env, NODE_ENV: 'production', ...env }, stdio: ['ignore', file, file] })
  closeSync(file)
  let ended = false
  const exited = new Promise((resolve) => child.once('exit', () => { ended = true; resolve() }))
  let port
  while (port === undefined) {
    if (ended) throw new Error(`${args.join(' ')} ended.\n${readFileSync(output, 'utf8').slice(-4000)}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
    port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(output, 'utf8'))?.[1]
  }
  return {
    port: Number(port), startedAt, pid: child.pid,
    /** CPU time so far, user and system, in microseconds. */
    cpu() {
      if (ended) throw new Error(`${args.join(' ')} ended.\n${readFileSync(output, 'utf8').slice(-4000)}`)
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) * (1e6 / TICKS)
    },
    /** Memory it holds, in bytes. */
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) * 1024,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exited
      clearTimeout(timer)
    },
  }
}
