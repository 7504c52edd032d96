// Whether the Bridge's memory stays what it is: `npm run bench:soak [-- --calls 1000000] [--step 4]`.
//
// Reads, lists, inserts and RLS reads, with tokens of a thousand users and without, with metrics and the log on, over 64
// connections. Prints what the process holds about every hundred thousand calls, and at the end how the last third compares
// with the third before it: the first one is V8 warming up. `BRIDGE=path/to/node.mjs` soaks another build.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from './bridge/database.mjs'
import { startIssuer } from './bridge/issuer.mjs'
import { requireWrk, wrk, writeScript } from './bridge/load.mjs'
import { startServer } from './bridge/process.mjs'
import { DIALECTS, requestsOf, SCENARIOS } from './bridge/scenarios.mjs'
import { describeServers } from './bridge/servers.mjs'
import { prepare } from '../scripts/prepare.mjs'

const { values: options } = parseArgs({ options: { calls: { type: 'string', default: '1000000' }, step: { type: 'string', default: '4' } } })
const wanted = Number(options.calls)
const PRINT_EVERY = 100_000
const MB = 1024 * 1024

requireWrk()
if (process.env.BRIDGE === undefined) prepare()
const place = mkdtempSync(join(tmpdir(), 'santokit-soak-'))
const closing = [() => rmSync(place, { recursive: true, force: true })]
const closeAll = async () => {
  for (const close of closing.splice(0).reverse()) await close()
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void closeAll().then(() => process.exit(130)))
try {
  const database = await openDatabase()
  closing.push(database.stop)
  const issuer = await startIssuer()
  closing.push(issuer.stop)
  const { Bridge: { start } } = await describeServers({ place, database: database.url, issuer, wanted: () => false })
  const bridge = await startServer({ ...start, env: { ...start.env, METRICS_PORT: '0' } }, join(place, 'bridge.log'))
  closing.push(bridge.stop)
  // One list of requests for each connection to go round in: every scenario in turn.
  const all = SCENARIOS.map((scenario) => requestsOf(scenario, DIALECTS.call, issuer.tokens))
  const requests = all[0].flatMap((_, index) => all.map((each) => each[index]))
  await soak(bridge, writeScript(place, requests))
} finally {
  await closeAll()
}

async function soak(bridge, script) {
  console.log(`\n  ${'calls'.padStart(10)}  ${'RSS'.padStart(9)}  ${'calls/s'.padStart(8)}  failed`)
  const samples = []
  let calls = 0
  let failed = 0
  let printed = 0
  while (calls < wanted) {
    const result = await wrk(bridge.port, script, { connections: 64, seconds: Number(options.step) })
    calls += result.requests
    failed += result.failed
    samples.push({ calls, rss: bridge.rss() })
    if (calls - printed < PRINT_EVERY && calls < wanted) continue
    printed = calls
    const rate = Math.round(result.requests / (result.us / 1e6))
    console.log(`  ${String(calls).padStart(10)}  ${(bridge.rss() / MB).toFixed(1).padStart(6)} MB  ${String(rate).padStart(8)}  ${failed}`)
  }
  const third = (from, to) => samples.filter((sample) => sample.calls > wanted * from && sample.calls <= Math.max(wanted, calls) * to).map(({ rss }) => rss)
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const [middle, last] = [mean(third(1 / 3, 2 / 3)), mean(third(2 / 3, 1))]
  console.log(`\n  mean of the second third ${(middle / MB).toFixed(1)} MB, of the last ${(last / MB).toFixed(1)} MB: ${((last / middle - 1) * 100).toFixed(1)} %\n`)
  if (failed > 0) throw new Error(`${failed} calls failed.`)
}
