// How fast the Bridge answers, beside other ways to put HTTP in front of Postgres: `npm run bench:bridge`.
//
//   --quick            three rounds of one second, and of the scenarios the reads only
//   --only a,b         these servers, by parts of their names: bridge, ceiling, node:http, h3, fastify, hono, postgraphile
//   --scenario a,b     these scenarios, by parts of their names: read, list, insert, rls, token, mix, start
//   --rounds N  --seconds N  --connections N
//   --json FILE        every single result, too
//
// All servers stand at once, each a process of its own, and are loaded one after the other, round by round in changing
// order: machines drift, so ratios are taken within a round, and medians over the rounds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkAnswers } from './check.mjs'
import { openDatabase } from './database.mjs'
import { startIssuer } from './issuer.mjs'
import { load, requireWrk, writeScript } from './load.mjs'
import { measureMix } from './mix.mjs'
import { startServer } from './process.mjs'
import { printScenario, printStarts } from './report.mjs'
import { requestsOf, SCENARIOS } from './scenarios.mjs'
import { describeServers } from './servers.mjs'
import { measureStarts } from './start-up.mjs'

const { values: options } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, only: { type: 'string' }, scenario: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' },
  connections: { type: 'string', default: '64' }, json: { type: 'string' },
} })
const rounds = Number(options.rounds ?? (options.quick ? 3 : 5))
const seconds = Number(options.seconds ?? (options.quick ? 1 : 3))
const connections = Number(options.connections)
/** Whether a name has one of the words that an option gives. */
const filter = (given, otherwise) => {
  const words = given?.toLowerCase().split(',')
  return (name) => words === undefined ? otherwise(name) : words.some((word) => name.toLowerCase().includes(word.trim()))
}
const isWanted = filter(options.only, () => true)
const isAsked = filter(options.scenario, (name) => !options.quick || name.startsWith('read'))

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
  await bench(await describeServers({ place, database: database.url, issuer, wanted: isWanted }), { database, issuer })
} finally {
  await closeAll()
}

async function bench(all, { database, issuer }) {
  const servers = Object.entries(all).filter(([name]) => name === 'bare' ? isAsked('start') : isWanted(name))
  const scenarios = SCENARIOS.filter(({ name }) => isAsked(name))
  console.log(`\n  Node ${process.versions.node} · Postgres ${database.version} · ${connections} connections · ${rounds} rounds of ${seconds} s, medians`)
  const running = {}
  for (const [name, { start, startOnly, why }] of servers) {
    if (start === undefined) console.log(`  – ${name} is left out: ${why}`)
    else if (!startOnly) {
      running[name] = await startServer(start, join(place, `${name.replaceAll(/\W+/g, '-')}.log`))
      closing.push(() => running[name].stop())
    }
  }
  const standing = servers.filter(([name]) => running[name])
  const results = []
  for (const scenario of scenarios) {
    const measured = await measure(scenario, standing, running, issuer)
    printScenario(scenario, measured)
    results.push({ scenario: scenario.name, measured })
  }
  if (isAsked('mix')) results.push({ scenario: 'mix', measured: await measureMix(standing, running, { place, connections, seconds, rounds }) })
  if (isAsked('start')) {
    const starts = await measureStarts(servers.filter(([, { start }]) => start), { place, rounds: Math.max(rounds, 5) })
    printStarts(starts)
    results.push({ scenario: 'start', measured: starts })
  }
  if (options.json) writeFileSync(options.json, JSON.stringify(results, undefined, 1))
}

/** Every round of a scenario, by server: the first is for warming up, and not counted. */
async function measure(scenario, standing, running, issuer) {
  const able = []
  for (const [name, server] of standing) {
    const problem = await checkAnswers(running[name], server, scenario, issuer)
    if (problem === undefined) able.push([name, writeScript(place, requestsOf(scenario, server.dialect, issuer.tokens))])
    else console.log(`  – ${name} is left out of "${scenario.name}": ${problem}`)
  }
  const measured = Object.fromEntries(able.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, script] of rotate(able, round)) {
      const result = await load(running[name], script, { connections, seconds: round === 0 ? Math.max(2, seconds) : seconds })
      if (result.failed > 0) console.log(`  ! ${name}, ${scenario.name}: ${result.failed} requests failed`)
      if (round > 0) measured[name].push(result)
    }
  }
  return measured
}

function rotate(list, by) {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
