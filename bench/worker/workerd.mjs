// workerd itself, without what tools put around it.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const BINARY = createRequire(require.resolve('miniflare'))('workerd').default

/** Writes what workerd serves a Worker by. */
export function writeConfig(place, modules, bindings) {
  const folder = mkdtempSync(join(place, 'worker-'))
  for (const { name, text } of modules) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const list = (items) => `[\n${items.map((item) => `    ${item}`).join(',\n')}\n  ]`
  const path = join(folder, 'config.capnp')
  writeFileSync(path, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = ${list(modules.map(({ name }) => `(name = ${JSON.stringify(name)}, esModule = embed ${JSON.stringify(name)})`))},
  bindings = ${list(Object.entries(bindings).map(([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`))},
  compatibilityDate = "2026-05-03",
  compatibilityFlags = ["nodejs_compat", "enable_request_signal"],
  globalOutbound = "internet"
);
`)
  return path
}

/** @returns once it listens; `startedAt` is when it was spawned, on the clock of `performance.now()`. */
export async function startWorkerd(config, output) {
  const file = openSync(output, 'w')
  const startedAt = performance.now()
  const child = spawn(BINARY, ['serve', config, '--control-fd=3'], { stdio: ['ignore', file, file, 'pipe'] })
  closeSync(file)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const port = await Promise.race([portOf(child.stdio[3]), exited.then(() => { throw new Error(`workerd ended.\n${readFileSync(output, 'utf8').slice(-4000)}`) })])
  return {
    port, startedAt, pid: child.pid,
    /** CPU time so far of all threads, in microseconds. */
    cpu: () => readdirSync(`/proc/${child.pid}/task`).reduce((sum, task) => sum + Number(readFileSync(`/proc/${child.pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1000, 0),
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) * 1024,
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function portOf(stream) {
  return new Promise((resolve) => {
    let text = ''
    stream.on('data', (chunk) => {
      text += chunk
      for (const line of text.split('\n').slice(0, -1)) {
        const { event, port } = JSON.parse(line)
        if (event === 'listen') resolve(port)
      }
    })
  })
}
