import { testSchemaEngine } from '@santokit/core/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { atlasEngine } from '../src/engine.ts'
import { hasPeers, startEmbeddedPostgres, startLibsql, startSystemPostgres, type Server } from './servers.ts'

/** Under way on a slow machine; the tests wait for conditions and not for time. */
const TIMEOUT = 900_000

describe.skipIf(!hasPeers).each([
  ['system Postgres', 'pg', startSystemPostgres],
  ['embedded Postgres', 'pg', startEmbeddedPostgres],
  ['libSQL', 'libsql', startLibsql],
] as const)('%s', (_, driver, start) => {
  let server: Server
  beforeAll(async () => { server = await start() })
  afterAll(() => server.stop())

  testSchemaEngine({
    test: (name, body) => { test(name, { timeout: TIMEOUT }, body) },
    driver, engine: atlasEngine({}), cases: 6,
    create: async () => ({ createDatabase: () => server.create() }),
  })
})
