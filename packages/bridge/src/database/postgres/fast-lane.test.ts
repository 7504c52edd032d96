import { expect, onTestFinished, test, vi } from 'vitest'
import { failure, logic, newGate, scope } from '../../../test/database.ts'
import { postgresDrivers } from '../../../test/postgres-drivers.ts'
import { startTcpProxy } from '../../../test/tcp-proxy.ts'
import type { SqlLogicEntry } from '../../manifest/format.ts'
import type { CallScope, DatabaseDriver } from '../index.ts'
import { FastLane } from './fast-lane.ts'
import { NO_ROWS } from './rows/no-rows.ts'

const postgres = postgresDrivers()
/** One connection in each lane. */
const TWO = { pool: { max: 2, queue: 100 } }
const LANE = logic(`select current_setting('statement_timeout')`, 'value')

/** Runs logic until it takes the fast lane. `lane` tells which one a run took. */
async function untilFast(driver: DatabaseDriver, lane: () => Promise<unknown>): Promise<void> {
  while (await lane() !== '50ms') await driver.ping(AbortSignal.timeout(5_000))
}

/** A driver whose fast lane stands, and what a logic needs to be in it. */
async function openFast(settings: Parameters<typeof postgres.open>[0] = {}): Promise<DatabaseDriver> {
  const driver = await postgres.open({ ...TWO, ...settings })
  await untilFast(driver, () => driver.run(LANE, [], scope()))
  return driver
}

/** A logic that takes the fast lane, for as long as `values` make it short. Its text is ended by a column that tells the lane. */
async function fastLogic(driver: DatabaseDriver, columns: string, rest: string, values: readonly string[], readOnly = true): Promise<SqlLogicEntry> {
  const entry = logic(`${columns}, current_setting('statement_timeout') as lane${rest}`, 'row', { readOnly })
  await untilFast(driver, async () => (await driver.run(entry, values, scope()) as { lane: unknown }).lane)
  return entry
}

test('callers on one connection do not see one another, whatever fails between them', async () => {
  await postgres.admin.query(`create role member nologin; create role reader nologin; create role stranger nologin;
    create table notes (owner text, body text); grant select on notes to member;
    alter table notes enable row level security;
    create policy own on notes to member using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
    insert into notes values ('ada', 'a'), ('bob', 'b')`)
  const driver = await openFast({ rls: true })
  const as = (sub: string, role?: string): CallScope => scope({ caller: { sub, roles: [], claims: { sub, ...(role && { role }) } } })
  const who = await fastLogic(driver, `select pg_backend_pid() as pid, current_user::text as role,
    current_setting('request.jwt.claims', true)::json ->> 'sub' as sub, 12 / $1::int as part`, '', ['4'])
  const notes = logic(`select body, current_setting('statement_timeout') as lane from notes`, 'rows')
  await untilFast(driver, async () => (await driver.run(notes, [], as('ada', 'member')) as { lane: string }[])[0]?.lane)
  const calls = Array.from({ length: 60 }, (_, n) => {
    const sub = n % 2 ? 'ada' : 'bob'
    switch (n % 6) {
      case 0: return driver.run(who, ['0'], as(sub, 'member')).then(() => 'no error', ({ kind }: { kind: string }) => kind)
      case 1: return driver.run(who, ['4'], as(sub, 'nobody at all')).then(() => 'no error', ({ kind }: { kind: string }) => kind)
      case 2: case 3: return driver.run(notes, [], as(sub, 'member'))
      case 4: return driver.run(who, ['4'], as(sub))
      default: return driver.run(who, ['4'], as(sub, 'reader'))
    }
  })
  const answers = await Promise.all(calls)
  // On a machine that is very busy a statement may have been sent away for its time: then it is right all the same.
  const shared = new Set<unknown>()
  for (const [n, answer] of answers.entries()) {
    const sub = n % 2 ? 'ada' : 'bob'
    const { pid, lane, ...seen } = answer as { readonly pid?: number; readonly lane?: string }
    if (lane === '50ms') shared.add(pid)
    switch (n % 6) {
      case 0: expect(answer).toBe('invalid'); break
      case 1: expect(answer).toBe('failed'); break
      case 2: case 3: expect(answer).toMatchObject([{ body: sub[0] }]); break
      case 4: expect(seen).toEqual({ role: 'postgres', sub, part: 3 }); break
      default: expect(seen).toEqual({ role: 'reader', sub, part: 3 })
    }
  }
  expect(shared.size).toBe(1)
})

test('a role that the connection may not take, and a privilege that a role lacks, are forbidden', async () => {
  await postgres.admin.query(`create role guarded nologin; create role plain login password 'plain'; create table locked (n int)`)
  const url = new URL(postgres.url)
  url.username = url.password = 'plain'
  const driver = await postgres.open({ rls: true }, url.href)
  const one = logic('select 1', 'value')
  const as = (role: string): CallScope => scope({ caller: { sub: 'x', roles: [], claims: { role } } })
  for (let n = 0; n < 5; n++) expect(await failure(driver.run(one, [], as('guarded')))).toMatchObject({ kind: 'forbidden', sqlState: '42501' })
  expect(await failure(driver.run(logic('select n from locked', 'rows'), [], scope()))).toMatchObject({ kind: 'forbidden', sqlState: '42501' })
  expect(await driver.run(one, [], as('plain'))).toBe(1)
})

test('a statement that holds up others is done on a connection of its own, once', async () => {
  const driver = await openFast({ statementTimeout: 10_000 })
  await postgres.admin.query('create table written (n int)')
  const write = await fastLogic(driver, 'insert into written select 1 from pg_sleep($1::float8) returning n', '', ['0'], false)
  const before = await driver.run(logic('select count(*)::int from written', 'value'), [], scope()) as number
  // Longer than anything may take in the fast lane.
  const slow = driver.run(write, ['0.3'], scope())
  const quick = Array.from({ length: 20 }, () => driver.run(LANE, [], scope()))
  expect(await slow).toEqual({ n: 1, lane: '10s' })
  expect(await Promise.all(quick)).toHaveLength(20)
  expect(await driver.run(logic('select count(*)::int from written', 'value'), [], scope())).toBe(before + 1)
})

test('a statement that waits for a lock leaves the fast lane to others', async () => {
  const driver = await openFast({ pool: { max: 4, queue: 100 } })
  await postgres.admin.query('create table held (id int primary key, n int); insert into held values (1, 0)')
  const touch = await fastLogic(driver, 'update held set n = n + 1 where id = $1::int returning n', '', ['1'], false)
  const n = Number((await postgres.admin.query('select n from held')).rows[0].n)
  const gate = newGate()
  const holding = driver.database(scope()).transaction(async (tx) => {
    await tx.exec('select n from held for update')
    await gate.opened
  })
  await vi.waitUntil(async () => (await postgres.admin.query(`select 1 from pg_locks where mode = 'RowShareLock' and relation = 'held'::regclass`)).rowCount === 1)
  const touching = driver.run(touch, ['1'], scope())
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'update held%'`
  await vi.waitUntil(async () => (await postgres.admin.query(waiting)).rowCount === 1)
  for (let at = 0; at < 20; at++) await driver.run(LANE, [], scope())
  gate.open()
  await holding
  expect(await touching).toMatchObject({ n: n + 1 })
})

test('logic that has been slow stays out of the fast lane, and comes back when it is short again', async () => {
  const driver = await openFast()
  const sleeper = await fastLogic(driver, 'select pg_sleep($1::float8)::text as slept', '', ['0'])
  const lane = async (seconds: string): Promise<unknown> => (await driver.run(sleeper, [seconds], scope()) as { lane: string }).lane
  // Both attempts were stopped by the limit of the lane, and done again without it.
  expect([await lane('0.1'), await lane('0.1')]).toEqual(['10s', '10s'])
  expect(await lane('0')).toBe('10s')
  await untilFast(driver, () => lane('0'))
})

test('the limit of the database holds in the fast lane, too', async () => {
  const driver = await postgres.open({ ...TWO, statementTimeout: 40 })
  const entry = logic(`select pg_sleep($1::float8)::text, current_setting('statement_timeout') as limit`, 'row')
  while (driver.stats().open < 2) expect(await driver.run(entry, ['0'], scope())).toMatchObject({ limit: '40ms' })
  for (let n = 0; n < 3; n++) expect(await failure(driver.run(entry, ['1'], scope()))).toMatchObject({ kind: 'timeout', sqlState: '57014' })
})

test('a lost connection fails what was on it, and the lane is opened again', async () => {
  const driver = await openFast({ pool: { max: 2, queue: 100 } })
  const entry = await fastLogic(driver, 'select pg_backend_pid() as pid, pg_sleep($1::float8)::text as slept', '', ['0'])
  const { pid } = await driver.run(entry, ['0'], scope()) as { readonly pid: number }
  const calls = Promise.all(Array.from({ length: 8 }, () => driver.run(entry, ['0.02'], scope()).then(() => 'answered', ({ kind }: { kind: string }) => kind)))
  await postgres.admin.query('select pg_terminate_backend($1)', [pid])
  for (const outcome of await calls) expect(['answered', 'unavailable']).toContain(outcome)
  await untilFast(driver, () => driver.run(LANE, [], scope()))
  expect(await driver.run(entry, ['0'], scope())).not.toMatchObject({ pid })
})

test('a connection on which the server has gone silent is given up', async () => {
  const url = new URL(postgres.url)
  const proxy = await startTcpProxy(Number(url.port))
  onTestFinished(() => proxy.stop())
  url.port = String(proxy.port)
  const lane = new FastLane(url.href, 1, 0, 200)
  const connection = await vi.waitUntil(() => lane.pick())
  await connection.send([{ text: 'select 1', values: [] }], NO_ROWS)
  proxy.silent = true
  await expect(connection.send([{ text: 'select 1', values: [] }], NO_ROWS)).rejects.toThrow('does not answer')
  expect(lane.stats.open).toBe(0)
  await lane.close()
})

test('what was forgotten or went stale under many calls at once is prepared anew', async () => {
  await postgres.admin.query('create table shifting (id int); insert into shifting values (1)')
  const driver = await openFast()
  const entry = logic('select * from shifting', 'row')
  const forget = logic('select 1 as forgotten', 'row')
  for (let n = 0; n < 5; n++) await Promise.all([driver.run(entry, [], scope()), driver.run(forget, [], scope())])
  await postgres.admin.query(`alter table shifting add column name text default 'new'`)
  const rows = await Promise.all(Array.from({ length: 30 }, () => driver.run(entry, [], scope())))
  for (const row of rows) expect(row).toEqual({ id: 1, name: 'new' })
  for (let n = 0; n < 5; n++) expect(JSON.parse(await driver.runToJson(entry, [], scope()))).toEqual({ id: 1, name: 'new' })
})

test('statements that could leave something behind never share a connection', async () => {
  const driver = await openFast()
  for (const text of ['begin', ' -- a comment\n begin', 'set search_path = x', 'listen news', 'discard all', 'do $$ begin end $$']) {
    const entry = logic(text, 'affected')
    for (let n = 0; n < 5; n++) await driver.run(entry, [], scope())
  }
  const seen = await Promise.all(Array.from({ length: 10 }, () => driver.run(logic(`select current_setting('search_path')`, 'value'), [], scope())))
  await untilFast(driver, () => driver.run(LANE, [], scope()))
  expect(new Set(seen).size).toBeLessThanOrEqual(2)
  const fast = await fastLogic(driver, `select current_setting('search_path') as path`, '', [])
  const path = async (): Promise<{ path: string; lane: string }> => await driver.run(fast, [], scope()) as { path: string; lane: string }
  let seenFast = await path()
  while (seenFast.lane !== '50ms') seenFast = await path()
  expect(seenFast.path).toBe('"$user", public')
})

test('a read for the cache cannot write, in either lane', async () => {
  const driver = await openFast()
  await postgres.admin.query(`create table counted (n int); create function sneak() returns int language sql as 'insert into counted values (1) returning n'`)
  const entry = logic('select sneak()', 'value')
  for (let n = 0; n < 5; n++) expect(await failure(driver.run(entry, [], scope({ readOnly: true })))).toMatchObject({ sqlState: '25006' })
  const read = logic(`select current_setting('transaction_read_only') || current_setting('statement_timeout')`, 'value')
  await untilFast(driver, async () => String(await driver.run(read, [], scope({ readOnly: true }))).replace(/^on/, ''))
  expect((await postgres.admin.query('select count(*)::int as n from counted')).rows).toEqual([{ n: 0 }])
  expect(await driver.run(entry, [], scope())).toBe(1)
})

test('behind a pooler each statement brings its settings, in both lanes', async () => {
  // Like a pooler in transaction mode, it gives a process id that is not the backend's. Session settings would be lost there.
  const { port } = new URL(postgres.url)
  const proxy = await startTcpProxy(Number(port), (chunk) => {
    // BackendKeyData: K, length 12, process id, key.
    const at = chunk.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
    if (at !== -1) chunk.writeInt32BE(1, at + 5)
    return chunk
  })
  onTestFinished(() => proxy.stop())
  const url = new URL(postgres.url)
  url.port = String(proxy.port)
  const driver = await postgres.open({ ...TWO, statementTimeout: 1234 }, url.href)
  const entry = logic(`select current_setting('statement_timeout') as lane, '2024-05-06 07:08:09+00'::timestamptz as t,
    (select reset_val from pg_settings where name = 'statement_timeout') as session`, 'row')
  const lanes = new Set<unknown>()
  while (lanes.size < 2) {
    const answer = await driver.run(entry, [], scope()) as { readonly lane: string }
    expect(answer).toMatchObject({ t: '2024-05-06T07:08:09Z', session: '0' })
    lanes.add(answer.lane)
  }
  expect(lanes).toEqual(new Set(['1234ms', '50ms']))
  expect(await failure(driver.run(logic('select pg_sleep(60)', 'row'), [], scope()))).toMatchObject({ kind: 'timeout' })
  expect(await driver.database(scope()).transaction((tx) => tx.value(`show statement_timeout`))).toBe('1234ms')
})
