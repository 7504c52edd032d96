// Fast reads while one call in ten takes a second in the database.
import { load, wrk, writeScript } from './load.mjs'
import { median } from './report.mjs'
import { DIALECTS, requestsOf, SCENARIOS } from './scenarios.mjs'

const [READ] = SCENARIOS
const SLEEP = { token: false, query: 'sleep', fields: () => ({}) }

/**
 * Two ways to mix, for the Bridge only: the other servers have no such query.
 *
 * - `in turn`: each connection sends nine reads and then one slow call, so that most connections wait. The 99th percentile of
 *   the reads is the 89.1st of all.
 * - `beside`: nine connections in ten send reads only, as fast as they are answered; the others slow calls only.
 */
export async function measureMix(standing, running, { place, connections, seconds, rounds }) {
  const [name] = standing.find(([, { dialect, unchecked }]) => dialect === DIALECTS.call && !unchecked) ?? []
  if (name === undefined) return []
  const server = running[name]
  const reads = requestsOf(READ, DIALECTS.call, [], 900)
  const [slow] = requestsOf(SLEEP, DIALECTS.call, [], 1)
  const fast = writeScript(place, reads)
  const mixed = writeScript(place, reads.flatMap((read, index) => index % 9 === 8 ? [read, slow] : [read]))
  const sleepers = writeScript(place, [slow])
  const few = Math.ceil(connections / 10)
  const results = []
  for (let round = 0; round < rounds; round++) {
    const clean = await load(server, fast, { connections: connections - few, seconds })
    const inTurn = await load(server, mixed, { connections, seconds: Math.max(seconds, 4) })
    const sleeping = wrk(server.port, sleepers, { connections: few, seconds: seconds + 2 })
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const beside = await load(server, fast, { connections: connections - few, seconds })
    await sleeping
    results.push({ clean: clean.p99, inTurn: inTurn.p891, beside: beside.p99, cleanRate: clean.rate, besideRate: beside.rate })
  }
  const of = (key) => median(results.map((result) => result[key]))
  const ratio = (key) => median(results.map((result) => result[key] / result.clean)).toFixed(2)
  console.log(`\n  one-second calls among reads    p99 of reads, ms   of clean`)
  console.log(`  clean                           ${(of('clean') / 1000).toFixed(2).padStart(16)}              ${of('cleanRate').toFixed(0)} req/s`)
  console.log(`  10 % of every connection's calls ${(of('inTurn') / 1000).toFixed(2).padStart(15)}   ${ratio('inTurn').padStart(6)} ×`)
  console.log(`  10 % of the connections          ${(of('beside') / 1000).toFixed(2).padStart(15)}   ${ratio('beside').padStart(6)} ×   ${of('besideRate').toFixed(0)} req/s`)
  return results
}
