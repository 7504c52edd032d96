import { expect, test, vi } from 'vitest'
import { failure, logic, newGate, scope } from '../../../test/database.ts'
import { postgresDrivers } from '../../../test/postgres-drivers.ts'
import type { SqlResult } from '../../manifest/format.ts'

const postgres = postgresDrivers()

test('results take the declared shape', async () => {
  const driver = await postgres.open()
  const run = (text: string, result: SqlResult) => driver.run(logic(text, result), [], scope())
  expect(await run('select n from generate_series(1, 2) n', 'rows')).toEqual([{ n: 1 }, { n: 2 }])
  expect(await run('select 1 as n', 'row')).toEqual({ n: 1 })
  expect(await run('select 1 as n where false', 'row?')).toBeNull()
  expect(await run('select 1 as x, 2 as x', 'value')).toBe(1)
  expect(await run('create table shaped (n int)', 'affected')).toBe(0)
  expect(await run('insert into shaped select generate_series(1, 3)', 'affected')).toBe(3)
  expect((await failure(run('select 1 where false', 'row'))).kind).toBe('no_row')
  expect((await failure(run('select generate_series(1, 2)', 'row?'))).kind).toBe('row_count')
  expect((await failure(run('select 1 where false', 'value'))).kind).toBe('no_row')
  const row = await run(`select 1 as "__proto__"`, 'row') as object
  expect(Object.keys(row)).toEqual(['__proto__'])
})

test.each([
  ['insert into child values (1, 99)', 'conflict', '23503'],
  ["insert into parent values (1, 'x')", 'conflict', '23505'],
  ['insert into parent values (2, null)', 'invalid', '23502'],
  ["insert into parent values (3, '')", 'invalid', '23514'],
  ["select 'abc'::text::int", 'invalid', '22P02'],
  ['select 1 / 0', 'invalid', '22012'],
  ['select nope', 'failed', '42703'],
  ['selec', 'failed', '42601'],
  ['select 1; select 2', 'failed', '42601'],
] as const)('%s is %s', async (text, kind, sqlState) => {
  await postgres.admin.query(`create table if not exists parent (id int primary key, name text not null check (name <> ''));
    create table if not exists child (id int, parent int references parent);
    insert into parent values (1, 'one') on conflict do nothing`)
  const driver = await postgres.open()
  const error = await failure(driver.database(scope()).exec(text))
  expect(error).toMatchObject({ kind, sqlState })
  if (sqlState === '23505') expect(error.constraint).toBe('parent_pkey')
})

test.each([
  ['23001', 'conflict'], ['40001', 'conflict'], ['40P01', 'conflict'], ['55P03', 'conflict'], ['23P01', 'conflict'],
  ['44000', 'invalid'], ['22023', 'invalid'], ['42501', 'forbidden'], ['25P03', 'timeout'], ['53200', 'unavailable'], ['58030', 'unavailable'],
  ['25006', 'failed'], ['42P01', 'failed'], ['54000', 'failed'], ['P0001', 'failed'], ['XX000', 'failed'], ['0A000', 'failed'],
])('SQLSTATE %s is %s', async (sqlState, kind) => {
  const driver = await postgres.open()
  const raised = driver.database(scope()).exec(`do $$ begin raise exception 'no' using errcode = '${sqlState}'; end $$`)
  expect(await failure(raised)).toMatchObject({ kind, sqlState })
  expect(await driver.database(scope()).value('select 1')).toBe(1)
})

test('an error message holds no value of a row or a parameter', async () => {
  const driver = await postgres.open()
  await driver.database(scope()).exec('create table secretive (email text unique)')
  const insert = logic('insert into secretive values ($1)', 'affected', { readOnly: false })
  await driver.run(insert, ['ada@example.com'], scope())
  expect((await failure(driver.run(insert, ['ada@example.com'], scope()))).message).not.toContain('ada')
  const cast = await failure(driver.run(logic('select $1::text::int', 'value'), ['pa"ss"word'], scope()))
  expect(cast.message).not.toMatch(/pa|ss|word/)
})

test('a statement given up is gone from the server, and its connection serves on', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  const controller = new AbortController()
  const sleeping = failure(driver.run(logic('select pg_sleep(60) as given_up', 'row'), [], scope({ signal: controller.signal })))
  const running = async (): Promise<number> => Number((await postgres.admin.query(
    `select count(*) from pg_stat_activity where query like '%as given_up%' and state = 'active' and pid <> pg_backend_pid()`)).rows[0].count)
  await vi.waitUntil(async () => await running() === 1)
  const { rows: [{ pid }] } = await postgres.admin.query(
    `select pid from pg_stat_activity where query like '%as given_up%' and pid <> pg_backend_pid()`)
  controller.abort()
  expect((await sleeping).kind).toBe('cancelled')
  await vi.waitUntil(async () => await running() === 0)
  expect(await driver.run(logic('select pg_backend_pid()', 'value'), [], scope())).toBe(pid)
})

test('a call past its time is a timeout, and so is a statement past the database limit', async () => {
  const driver = await postgres.open({ statementTimeout: 50 })
  expect((await failure(driver.run(logic('select pg_sleep(60)', 'row'), [], scope({ signal: AbortSignal.timeout(20) })))).kind).toBe('timeout')
  expect(await failure(driver.run(logic('select pg_sleep(60)', 'row'), [], scope()))).toMatchObject({ kind: 'timeout', sqlState: '57014' })
  const unlimited = await postgres.open({ statementTimeout: 0 })
  expect(await unlimited.database(scope()).value('show statement_timeout')).toBe('0')
})

test('a call that is over before it began runs nothing', async () => {
  const driver = await postgres.open()
  await driver.database(scope()).exec('create table untouched (n int)')
  const given = driver.database(scope({ signal: AbortSignal.abort() }))
  expect((await failure(given.exec('insert into untouched values (1)'))).kind).toBe('cancelled')
  expect(await driver.database(scope()).value('select count(*) from untouched')).toBe('0')
})

test('past the queue a call is refused at once, and those in it are served in order', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 2 } })
  const served: number[] = []
  const gate = newGate()
  const holding = driver.database(scope()).transaction(() => gate.opened)
  await vi.waitUntil(() => driver.stats().open === 1 && driver.stats().idle === 0)
  const waiting = [1, 2].map((n) => driver.run(logic('select 1', 'value'), [], scope()).then(() => served.push(n)))
  expect(driver.stats()).toMatchObject({ waiting: 2, max: 1 })
  expect((await failure(driver.run(logic('select 1', 'value'), [], scope()))).kind).toBe('overloaded')
  gate.open()
  await Promise.all([holding, ...waiting])
  expect(served).toEqual([1, 2])
})

test('a call leaves the queue when it is given up', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 1 } })
  const gate = newGate()
  const holding = driver.database(scope()).transaction(() => gate.opened)
  const controller = new AbortController()
  await vi.waitUntil(() => driver.stats().open === 1)
  const waiting = failure(driver.run(logic('select 1', 'value'), [], scope({ signal: controller.signal })))
  controller.abort()
  expect((await waiting).kind).toBe('cancelled')
  expect(driver.stats().waiting).toBe(0)
  gate.open()
  await holding
})

test('after the server has ended its connections the next call gets a new one', async () => {
  const driver = await postgres.open({ pool: { max: 2, queue: 10 } })
  const pid = await driver.run(logic('select pg_backend_pid()', 'value'), [], scope())
  await postgres.admin.query('select pg_terminate_backend($1)', [pid])
  await vi.waitUntil(() => driver.stats().open === 0)
  const next = await driver.run(logic('select pg_backend_pid()', 'value'), [], scope())
  expect(next).not.toBe(pid)
})

test('a connection that ends under a statement makes it unavailable, and the next call is served', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  const sleeping = failure(driver.run(logic('select pg_sleep(60) as cut_off', 'row'), [], scope()))
  await vi.waitUntil(async () => (await postgres.admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like '%as cut_off%' and state = 'active' and pid <> pg_backend_pid()`)).rowCount === 1)
  expect((await sleeping).kind).toBe('unavailable')
  expect(await driver.run(logic('select 1', 'value'), [], scope())).toBe(1)
})

test('a server that is not there, or that refuses the login, is unavailable', async () => {
  const nowhere = await postgres.open({}, 'postgres://postgres:hidden@127.0.0.1:1/postgres')
  expect((await failure(nowhere.ping(AbortSignal.timeout(5_000)))).kind).toBe('unavailable')
  const url = new URL(postgres.url)
  url.password = 'wrong-password'
  const wrong = await postgres.open({}, url.href)
  const error = await failure(wrong.run(logic('select 1', 'value'), [], scope()))
  expect(error).toMatchObject({ kind: 'unavailable', sqlState: '28P01' })
  expect(error.message).not.toContain('wrong-password')
  expect(wrong.stats()).toMatchObject({ open: 0, waiting: 0 })
})

test('a malformed URL is refused without being repeated', async () => {
  const error = await failure(postgres.open({}, 'not a url: hunter2'))
  expect(error.message).not.toContain('hunter2')
})

test('prepared statements are named once, and not at all without `prepare`', async () => {
  const named = await postgres.open({ pool: { max: 1, queue: 10 } })
  const entry = logic('select $1::int as twice', 'value')
  await named.run(entry, [1], scope())
  await named.run(entry, [2], scope())
  const prepared = 'select count(*)::int from pg_prepared_statements where statement like \'%as twice%\''
  expect(await named.database(scope()).value(prepared)).toBe(1)
  const unnamed = await postgres.open({ pool: { max: 1, queue: 10 }, prepare: false })
  await unnamed.run(entry, [1], scope())
  expect(await unnamed.database(scope()).value(prepared)).toBe(0)
})

test('a prepared statement that failed runs again on its connection', async () => {
  const divide = logic('select 12 / $1::int as part', 'row')
  for (const rls of [false, true]) {
    const driver = await postgres.open({ pool: { max: 1, queue: 10 }, rls })
    expect((await failure(driver.run(divide, [0], scope()))).sqlState).toBe('22012')
    expect(await driver.run(divide, [4], scope())).toEqual({ part: 3 })
    expect(await driver.run(divide, [6], scope())).toEqual({ part: 2 })
    expect((await failure(driver.run(divide, [0], scope()))).sqlState).toBe('22012')
    expect(await driver.run(divide, [2], scope())).toEqual({ part: 6 })
  }
})

test('statements without rows, without text, and those that copy leave the connection usable', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  const db = driver.database(scope())
  expect(await db.rows('create table plain (n int)')).toEqual([])
  expect(await db.exec('')).toBe(0)
  expect((await failure(db.exec('copy plain from stdin'))).kind).toBe('failed')
  await db.exec('copy plain to stdout')
  expect(await db.exec('insert into plain values (1), (2)')).toBe(2)
  const touch = logic('update plain set n = n', 'affected', { readOnly: false })
  expect([await driver.run(touch, [], scope()), await driver.run(touch, [], scope())]).toEqual([2, 2])
  expect(driver.stats().open).toBe(1)
})

test('what a pooler has forgotten is prepared anew', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  const entry = logic('select 1 as kept', 'row')
  await driver.run(entry, [], scope())
  await driver.database(scope()).exec('deallocate all')
  for (let n = 0; n < 3; n++) expect(await driver.run(entry, [], scope())).toEqual({ kept: 1 })
})

test('a schema change under a prepared statement is not seen by the caller', async () => {
  await postgres.admin.query('create table changing (id int); insert into changing values (1)')
  const entry = logic('select * from changing', 'row')
  const plain = await postgres.open({ pool: { max: 1, queue: 10 } })
  const secured = await postgres.open({ pool: { max: 1, queue: 10 }, rls: true })
  for (const driver of [plain, secured]) expect(await driver.run(entry, [], scope())).toEqual({ id: 1 })
  await postgres.admin.query(`alter table changing add column name text default 'new'`)
  for (const driver of [plain, secured]) expect(await driver.run(entry, [], scope())).toEqual({ id: 1, name: 'new' })
  for (const driver of [plain, secured]) expect(await driver.run(entry, [], scope())).toEqual({ id: 1, name: 'new' })
})

test('an answer that grows too large is given up, and its connection serves on', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  const pid = await driver.database(scope()).value('select pg_backend_pid()')
  const entry = logic(`select repeat('x', 1000) as x from generate_series(1, $1::int)`, 'rows')
  const small = scope({ maxBytes: 10_000 })
  for (let n = 0; n < 3; n++) expect((await failure(driver.runToJson(entry, [100], small))).kind).toBe('too_large')
  expect(JSON.parse(await driver.runToJson(entry, [5], small))).toHaveLength(5)
  expect(await driver.database(scope()).value('select pg_backend_pid()')).toBe(pid)
})

test('every statement reports its duration', async () => {
  const driver = await postgres.open()
  const took: number[] = []
  const watched = scope({ onQuery: (ms) => void took.push(ms) })
  await driver.run(logic('select 1', 'value'), [], watched)
  await failure(driver.database(watched).exec('selec'))
  await driver.database(watched).transaction((tx) => tx.exec('select 1'))
  expect(took).toHaveLength(3)
  expect(took.every((ms) => ms > 0)).toBe(true)
})

test.each([1, 2])('ping answers while all of %i connections are at long statements, and keeps none', async (max) => {
  const driver = await postgres.open({ pool: { max, queue: 0 } })
  const gate = newGate()
  const holding = driver.database(scope()).transaction((tx) => tx.exec('select 1').then(() => gate.opened))
  await vi.waitUntil(() => driver.stats().open > driver.stats().idle)
  for (let n = 0; n < 3; n++) await driver.ping(AbortSignal.timeout(5_000))
  await vi.waitUntil(() => driver.stats().open <= max)
  gate.open()
  await holding
})

test('ping answers past a full queue, and closing waits for what runs', async () => {
  const driver = await postgres.open({ pool: { max: 2, queue: 0 } })
  await driver.ping(AbortSignal.timeout(5_000))
  const other = await postgres.open({})
  // Runs until the other connection lets go of the lock.
  const { running, closing } = await other.database(scope()).transaction(async (tx) => {
    await tx.exec('select pg_advisory_xact_lock(4711)')
    const running = driver.database(scope()).value('select pg_advisory_lock(4711)::text')
    await vi.waitUntil(() => driver.stats().open > driver.stats().idle)
    const closing = driver.close()
    expect((await failure(driver.run(logic('select 1', 'value'), [], scope()))).kind).toBe('unavailable')
    return { running, closing }
  })
  expect(await running).toBe('')
  await closing
  expect(driver.stats().open).toBe(0)
})
