import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Answer, startTestBridge, type TestBridge } from './bridge.ts'
import { module, sql } from './bundle.ts'
import { startPostgres, startRestartablePostgres, type TestPostgres } from './postgres.ts'

const entry = { driver: 'pg', pool: { max: 2, queue: 2 }, statementTimeout: 5000, rls: false, prepare: true } as const
const open = { access: 'public', result: 'value' } as const
const logic = {
  'l/lane': sql(`select current_setting('statement_timeout')`, open),
  'l/sleep': sql(`select pg_sleep($1)::text`, { ...open, params: { seconds: { type: 'number' } } }),
  'l/refused': sql('select n from refused', { ...open, result: 'rows' }),
  'l/transaction': module('transaction.mjs', { access: 'public' }),
  'l/hold': module('hold.mjs', { access: 'public' }),
  'l/cachedWrite': module('write.mjs', { access: 'public', cache: { ttl: 1000 } }),
}
const modules = {
  'transaction.mjs': `export default { handler: ({ db }) => db.main.transaction((tx) => tx.value('select 1')) }`,
  'hold.mjs': `export default { handler: ({ db }) => db.main.value('select pg_advisory_xact_lock(1)::text as hold') }`,
  'write.mjs': `export default { handler: ({ db }) => db.main.transaction((tx) => tx.exec('create table written (n int)')) }`,
}
let postgres: TestPostgres
let admin: Client

beforeAll(async () => {
  postgres = await startPostgres()
  admin = new Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query(`create table refused (n int); create role visitor login password 'visitor'`)
})

afterAll(async () => {
  await admin.end()
  await postgres.stop()
})

async function start(url = postgres.url, settings: Partial<typeof entry> = {}): Promise<TestBridge> {
  const bridge = await startTestBridge({ logic, modules, manifest: { databases: { main: { ...entry, url, ...settings } } } })
  await untilFast(bridge)
  return bridge
}

async function untilFast({ call }: TestBridge): Promise<void> {
  await vi.waitUntil(async () => (await call('l/lane')).body?.data === '50ms', { timeout: 20_000 })
}

test('both lanes are opened again after the database has restarted', async () => {
  const restartable = await startRestartablePostgres()
  try {
    const bridge = await start(restartable.url)
    expect((await bridge.call('l/transaction')).body).toEqual({ data: 1 })
    const cut = bridge.call('l/sleep', { seconds: 4 })
    await restartable.halt()
    expect(await cut).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
    const down = await Promise.all([bridge.call('l/lane'), bridge.call('l/transaction')])
    for (const answer of down) expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
    expect(down[0]?.headers.get('retry-after')).toBe('1')
    expect((await bridge.request('/ready')).status).toBe(503)
    await restartable.resume()
    expect((await bridge.call('l/transaction')).body).toEqual({ data: 1 })
    await untilFast(bridge)
    expect((await bridge.request('/ready')).status).toBe(200)
  } finally {
    await restartable.stop()
  }
})

test('what the database does not allow is forbidden', async () => {
  const url = new URL(postgres.url)
  url.username = url.password = 'visitor'
  const bridge = await start(url.href)
  const answer = await bridge.call('l/refused')
  expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  expect(JSON.stringify(answer.body)).not.toContain('refused')
  expect(bridge.log.find(({ logic: path }) => path === 'l/refused')).toMatchObject({ error: { sqlState: '42501' } })
})

test('a full isolated lane refuses at once, and the fast lane goes on', async () => {
  const bridge = await start()
  await admin.query('select pg_advisory_lock(1)')
  // One has the connection, two wait: the others are refused, whichever they are.
  const refused: Answer[] = []
  const calls = Array.from({ length: 9 }, async () => {
    const answer = await bridge.call('l/hold')
    if (answer.status === 503) refused.push(answer)
  })
  await vi.waitUntil(() => refused.length === 6)
  for (const { body, headers } of refused) expect([body?.code, headers.get('retry-after')]).toEqual(['overloaded', '1'])
  for (let answered = 0; answered < 20;) if ((await bridge.call('l/lane')).body?.data === '50ms') answered++
  await admin.query('select pg_advisory_unlock(1)')
  await Promise.all(calls)
  expect(refused).toHaveLength(6)
})

test('clients that go while their statements share a connection take no neighbour with them', async () => {
  const bridge = await start()
  const controller = new AbortController()
  const calls = Array.from({ length: 40 }, (_, n) => bridge.request('/call', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path: 'l/lane' }),
    ...(n % 2 ? { signal: controller.signal } : {}),
  }))
  controller.abort()
  const answers = await Promise.allSettled(calls)
  for (const [n, answer] of answers.entries()) {
    if (n % 2 === 0) expect(answer).toMatchObject({ status: 'fulfilled', value: { status: 200 } })
  }
  await untilFast(bridge)
})

test('a slow statement is answered 504 when its time is over', async () => {
  const bridge = await start(postgres.url, { statementTimeout: 100 as never })
  expect(await bridge.call('l/sleep', { seconds: 4 })).toMatchObject({ status: 504, body: { code: 'timeout' } })
  for (let n = 0; n < 5; n++) await bridge.call('l/sleep', { seconds: 0 })
  expect(await bridge.call('l/sleep', { seconds: 4 })).toMatchObject({ status: 504, body: { code: 'timeout' } })
})

test('logic in TypeScript cannot write for the cache, either', async () => {
  const bridge = await start()
  expect((await bridge.call('l/cachedWrite')).status).toBe(500)
  expect((await admin.query(`select to_regclass('written') as found`)).rows).toEqual([{ found: null }])
})
