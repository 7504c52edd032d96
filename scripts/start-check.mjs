// Runs `npm start` as a newcomer would, uses the addresses it prints, and stops it with Ctrl-C.
import { spawn } from 'node:child_process'
import { ROOT } from './prepare.mjs'

const child = spawn('npm', ['start'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
let output = ''
child.stdout.on('data', (chunk) => {
  output += chunk
  process.stdout.write(chunk)
})
const ended = new Promise((resolve) => child.on('close', resolve))
const shown = await Promise.race([waitFor(/Ctrl-C stops everything/), ended.then(() => false)])
let ok = shown !== false
if (ok) {
  const [, url] = /curl (http:\/\/\S+)\/call -H/.exec(output)
  const answer = await fetch(`${url}/call`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path: 'products/search', params: { q: 'lamp' } }),
  })
  const { data } = await answer.json()
  ok = answer.status === 200 && Array.isArray(data) && data.length > 0
  process.kill(-child.pid, 'SIGINT')
  await ended
  const gone = await fetch(`${url}/health`).then(() => false, () => true)
  ok &&= gone
}
console.log(ok ? '  ✔ npm start answers and stops' : '  ✖ npm start')
process.exit(ok ? 0 : 1)

function waitFor(pattern) {
  return new Promise((resolve) => child.stdout.on('data', () => pattern.test(output) && resolve(true)))
}
