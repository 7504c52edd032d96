// The load: wrk, which is lighter than any server here, with requests written beforehand.
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function requireWrk() {
  if (spawnSync('wrk', ['--version']).error === undefined) return
  console.error('✖ The bench needs wrk: apt-get install wrk, brew install wrk, or see its own page.')
  process.exit(2)
}

let scripts = 0

/** Writes the Lua script that sends `requests` in turn, each connection from another place on. */
export function writeScript(folder, requests) {
  const path = join(folder, `load-${scripts++}.lua`)
  const quoted = requests.map((request) => `[==[\n${request.replaceAll('\r\n', '\n')}]==]`)
  writeFileSync(path, `local requests = {\n${quoted.join(',\n')}\n}
for i, text in ipairs(requests) do
  local head, body = text:match("^(.-)\\n\\n(.*)$")
  requests[i] = head:gsub("\\n", "\\r\\n") .. "\\r\\n\\r\\n" .. body
end
local at = 0
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"us":%d,"p50":%d,"p99":%d,"p891":%d,"failed":%d}\\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(89.1), summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
`)
  return path
}

/** Loads a server, and measures what it costs it. Times in microseconds. */
export async function load(server, script, { connections = 64, seconds }) {
  const cpu = server.cpu()
  const result = await wrk(server.port, script, { connections, seconds })
  return { ...result, rate: result.requests / (result.us / 1e6), cpu: (server.cpu() - cpu) / result.requests, rss: server.rss() }
}

export function wrk(port, script, { connections, seconds }) {
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, `http://127.0.0.1:${port}`])
    let output = ''
    child.stdout.on('data', (chunk) => { output += chunk })
    child.stderr.on('data', (chunk) => { output += chunk })
    child.once('error', reject).once('close', () => {
      const [, json] = /^RESULT (.*)$/m.exec(output) ?? []
      if (json === undefined) reject(new Error(`wrk: ${output}`))
      else resolve(JSON.parse(json))
    })
  })
}
