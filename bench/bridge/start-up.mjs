// From the start of a process to its first answer from the database.
import { join } from 'node:path'
import { send } from './check.mjs'
import { startServer } from './process.mjs'
import { SCENARIOS } from './scenarios.mjs'

const [READ] = SCENARIOS

/** @returns milliseconds by server and round. */
export async function measureStarts(servers, { place, rounds }) {
  const starts = Object.fromEntries(servers.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { start, dialect }] of servers) {
      const server = await startServer(start, join(place, 'start.log'))
      const { method, path, body } = dialect(READ, READ.fields(0))
      const { status } = await send(server.port, method, path, body)
      // The first round warms the disk cache.
      if (round > 0) starts[name].push(performance.now() - server.startedAt)
      await server.stop()
      if (status !== 200) throw new Error(`${name} answers ${status} after its start.`)
    }
  }
  return starts
}
