// What a project's Worker weighs, how fast it starts and answers, in workerd: `npm run bench:worker`.
//
//   --quick            five starts of each, three rounds of one second
//   --only a,b         these measurements, by parts of their names: size, start, read, token, logic
//   --starts N  --rounds N  --seconds N  --connections N
//
// Beside it stand a Hono Worker written by hand with the same features, and the same handler behind Nitro's preset for Cloudflare.
// Each is a workerd of its own. Starts alternate; for load all stand at once and are loaded one after the other, round by round in
// changing order: machines drift, so ratios are taken within a round, and medians over the rounds.
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from '../bridge/database.mjs'
import { startIssuer } from '../bridge/issuer.mjs'
import { load, requireWrk, writeScript } from '../bridge/load.mjs'
import { median } from '../bridge/report.mjs'
import { ITEMS } from '../bridge/scenarios.mjs'
import { startWorkerd, writeConfig } from './workerd.mjs'
import { buildWorkers, sizeOf } from './workers.mjs'

const { values: options } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, only: { type: 'string' }, starts: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' },
  connections: { type: 'string', default: '16' },
} })
const starts = Number(options.starts ?? (options.quick ? 5 : 25))
const rounds = Number(options.rounds ?? (options.quick ? 3 : 7))
const seconds = Number(options.seconds ?? (options.quick ? 1 : 3))
const connections = Number(options.connections)
const isAsked = (name) => options.only === undefined || options.only.split(',').some((word) => name.includes(word))

/** What is asked: one row by its key, the same by somebody with a token, and logic that needs no database. */
const SCENARIOS = [
  { name: 'read', path: 'open/item', params: (index) => ({ id: ((index * 7919) % ITEMS) + 1 }) },
  { name: 'read + token', path: 'mine/item', params: (index) => ({ id: ((index * 7919) % ITEMS) + 1 }), token: true },
  { name: 'logic', path: 'open/hello', params: (index) => ({ name: `user ${index}` }) },
]

requireWrk()
const place = mkdtempSync(join(tmpdir(), 'santokit-bench-'))
const closing = [() => rmSync(place, { recursive: true, force: true })]
const closeAll = async () => { for (const close of closing.splice(0).reverse()) await close() }
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void closeAll().finally(() => process.exit(1)))
try {
  const database = await openDatabase()
  closing.push(database.stop)
  const issuer = await startIssuer()
  closing.push(issuer.stop)
  const workers = await buildWorkers(issuer)
  const bindings = { DATABASE_URL: database.url, ISSUER: issuer.issuer, JWKS: issuer.jwks }
  const configs = Object.fromEntries(Object.entries(workers).map(([name, modules]) => [name, writeConfig(place, modules, bindings)]))
  if (isAsked('size')) printSizes(workers)
  if (isAsked('start')) printStarts(await measureStarts(configs))
  await measureLoad(configs, issuer)
} finally {
  await closeAll()
}

function printSizes(workers) {
  console.log(`\n  ${'size'.padEnd(16)}       KB   gzip KB   Santokit is`)
  for (const [name, modules] of Object.entries(workers)) {
    if (name === 'empty') continue
    const { raw, gzip } = sizeOf(modules)
    console.log(`  ${name.padEnd(16)} ${(raw / 1000).toFixed(1).padStart(8)}  ${(gzip / 1000).toFixed(1).padStart(8)}   ${ratio(sizeOf(workers.Santokit).gzip / gzip)}`)
  }
}

/** From spawning workerd to the first answers: of `/health`, which is the Worker's own start, and of a row, with its login. */
async function measureStarts(configs) {
  const results = Object.fromEntries(Object.keys(configs).map((name) => [name, []]))
  for (let round = -1; round < starts; round++) {
    for (const [name, config] of rotate(Object.entries(configs), Math.max(0, round))) {
      const server = await startWorkerd(config, join(place, 'start.log'))
      try {
        await ask(server.port, 'GET', '/health')
        const healthy = performance.now() - server.startedAt
        const cpu = server.cpu() / 1000
        await ask(server.port, 'POST', '/call', JSON.stringify({ path: 'open/item', params: { id: 1 } }))
        // The first round finds nothing in the disk's cache.
        if (round >= 0) results[name].push({ healthy, cpu, row: performance.now() - server.startedAt })
      } finally {
        await server.stop()
      }
    }
  }
  return results
}

function printStarts(results) {
  console.log(`\n  ${'start, medians'.padEnd(16)}  first answer ms   Santokit is   first row ms   Santokit is   CPU ms   beyond an empty Worker   Santokit is`)
  for (const [name, times] of Object.entries(results)) {
    const of = (key) => median(times.map((time) => time[key])).toFixed(1)
    const own = (list) => list.map(({ cpu }, round) => cpu - results.empty[round].cpu)
    const against = (key) => ratio(median(results.Santokit.map((time, round) => time[key] / times[round][key])))
    const beyond = median(own(times))
    console.log(`  ${name.padEnd(16)}  ${of('healthy').padStart(15)}   ${name === 'empty' ? ' '.repeat(11) : against('healthy')}   ${of('row').padStart(12)}   ${name === 'empty' ? ' '.repeat(11) : against('row')}   ${of('cpu').padStart(6)}`
      + (name === 'empty' ? '' : `   ${beyond.toFixed(1).padStart(22)}   ${ratio(median(own(results.Santokit)) / beyond)}`))
  }
}

async function measureLoad(configs, issuer) {
  const running = {}
  for (const [name, config] of Object.entries(configs)) {
    if (name === 'empty') continue
    running[name] = await startWorkerd(config, join(place, `${name}.log`))
    closing.push(() => running[name].stop())
  }
  for (const scenario of SCENARIOS.filter(({ name }) => isAsked(name))) {
    const script = writeScript(place, Array.from({ length: 500 }, (_, index) => requestOf(scenario, index, issuer.tokens)))
    for (const [name, { port }] of Object.entries(running)) {
      const given = await ask(port, 'POST', '/call', JSON.stringify({ path: scenario.path, params: scenario.params(1) }), scenario.token && issuer.tokens[0])
      if (scenario.name === 'read' && JSON.parse(given).data?.id !== scenario.params(1).id) throw new Error(`${name} answers ${given}`)
    }
    const measured = Object.fromEntries(Object.keys(running).map((name) => [name, []]))
    for (let round = 0; round <= rounds; round++) {
      for (const [name, server] of rotate(Object.entries(running), round)) {
        const result = await load(server, script, { connections, seconds })
        if (result.failed > 0) console.log(`  ! ${name}, ${scenario.name}: ${result.failed} requests failed`)
        if (round > 0) measured[name].push(result)
      }
    }
    printLoad(scenario, measured)
  }
}

function printLoad({ name }, measured) {
  console.log(`\n  ${name.padEnd(16)}    req/s   Santokit is     p50 ms   p99 ms   CPU µs/req   RSS MB`)
  for (const [server, results] of Object.entries(measured)) {
    const of = (key) => median(results.map((result) => result[key]))
    const against = median(measured.Santokit.map((result, round) => result.rate / results[round].rate))
    console.log(`  ${server.padEnd(16)} ${of('rate').toFixed(0).padStart(8)}   ${ratio(against)}   ${(of('p50') / 1000).toFixed(2).padStart(8)} ${(of('p99') / 1000).toFixed(2).padStart(8)}`
      + `   ${of('cpu').toFixed(1).padStart(10)}   ${(of('rss') / 2 ** 20).toFixed(0).padStart(6)}`)
  }
}

function requestOf({ path, params, token }, index, tokens) {
  const body = JSON.stringify({ path, params: params(index) })
  const authorization = token ? `authorization: Bearer ${tokens[index % tokens.length]}\r\n` : ''
  return `POST /call HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${authorization}\r\n${body}`
}

/** Asks once, on a connection of its own. */
function ask(port, method, path, body, token) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
    const sent = request({ port, host: '127.0.0.1', method, path, agent: false, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => response.statusCode === 200 ? resolve(text) : reject(new Error(`${path} is answered ${response.statusCode}: ${text}`)))
    })
    sent.on('error', reject).end(body)
  })
}

function ratio(value) {
  return `${value.toFixed(2)} ×`.padStart(11)
}

function rotate(list, by) {
  const from = by % list.length
  return [...list.slice(from), ...list.slice(0, from)]
}
