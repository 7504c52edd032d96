import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startPostgres, type TestPostgres } from '../../../test/postgres.ts'
import type { Caller, Transaction } from '../../logic.ts'
import type { PostgresEntry, SqlLogicEntry, SqlResult } from '../../manifest/format.ts'
import { DatabaseError, openDatabase, type CallScope, type DatabaseDriver } from '../index.ts'

let postgres: TestPostgres
let admin: pg.Client
const drivers: DatabaseDriver[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  admin = new pg.Client(postgres.url)
  admin.on('error', () => {})
  await admin.connect()
})

afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()))
  await admin.end()
  await postgres.stop()
})

async function open(settings: Partial<PostgresEntry> = {}, url = postgres.url): Promise<DatabaseDriver> {
  const entry: PostgresEntry = {
    driver: 'pg', url, pool: { max: 4, queue: 100 }, statementTimeout: 10_000, rls: false, prepare: true, ...settings,
  }
  const driver = await openDatabase('main', entry, { url })
  drivers.push(driver)
  return driver
}

const NOBODY: Caller = { sub: null, roles: [], claims: {} }

function scope(settings: Partial<CallScope> = {}): CallScope {
  return { signal: new AbortController().signal, caller: NOBODY, ...settings }
}

function logic(text: string, result: SqlResult, readOnly = true): SqlLogicEntry {
  return {
    kind: 'sql', access: 'public', private: false, source: 'x.sql', params: {}, database: 'main',
    text, bindings: [], inputs: [], result, readOnly,
  }
}

/** Something to wait at until the test says go. */
function newGate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

async function failure(promise: Promise<unknown>): Promise<DatabaseError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(DatabaseError)
  return error as DatabaseError
}

test.each([
  ['smallint', '7', 7], ['integer', '-2147483648', -2147483648], ['oid', '4294967295', 4294967295],
  ['bigint', '9007199254740993', '9007199254740993'], ['numeric', '0.10', '0.10'], ['numeric', 'NaN', 'NaN'],
  ['real', '0.1', 0.1], ['double precision', '1e300', 1e300],
  ['double precision', 'NaN', 'NaN'], ['double precision', '-Infinity', '-Infinity'],
  ['boolean', 'true', true], ['text', 'Grüße, 世界 🎉', 'Grüße, 世界 🎉'], ['varchar(3)', 'abc', 'abc'], ['char(3)', 'a', 'a  '],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['date', '2024-02-29', '2024-02-29'], ['time', '01:02:03.000004', '01:02:03.000004'],
  ['timestamp', '2024-05-06 07:08:09.123456', '2024-05-06T07:08:09.123456'], ['timestamp', '2024-05-06', '2024-05-06T00:00:00'],
  ['timestamptz', '2024-05-06 07:08:09.123456+05:30', '2024-05-06T01:38:09.123456Z'], ['timestamptz', 'infinity', 'infinity'],
  ['timestamptz', '2024-05-06 07:08:09+00', '2024-05-06T07:08:09Z'],
  ['interval', '1 day 2 hours', 'P1DT2H'],
  ['json', '{"a":[1,null,"x"]}', { a: [1, null, 'x'] }], ['jsonb', '"text"', 'text'], ['jsonb', 'null', null],
  ['bytea', '\\x00ff10', 'AP8Q'],
  ['int4range', '[1,5)', '[1,5)'], ['inet', '10.0.0.1', '10.0.0.1'],
  ['integer[]', '{1,NULL,3}', [1, null, 3]], ['integer[]', '{{1,2},{3,4}}', [[1, 2], [3, 4]]], ['integer[]', '[0:1]={1,2}', [1, 2]],
  ['integer[]', '{}', []], ['bigint[]', '{9007199254740993}', ['9007199254740993']],
  ['text[]', '{"a b","NULL",NULL,"q\\"u\\\\o,{}"}', ['a b', 'NULL', null, 'q"u\\o,{}']],
  ['boolean[]', '{t,f}', [true, false]], ['double precision[]', '{1.5,NaN}', [1.5, 'NaN']],
  ['timestamptz[]', '{"2024-05-06 07:08:09+02"}', ['2024-05-06T05:08:09Z']],
  ['jsonb[]', '{"{\\"a\\": 1}"}', [{ a: 1 }]], ['bytea[]', '{"\\\\x00ff"}', ['AP8=']], ['inet[]', '{10.0.0.1}', ['10.0.0.1']],
] as const)('%s %s stands on the wire as %j, for SQL logic and for handlers', async (type, text, wire) => {
  const driver = drivers[0] ?? await open()
  expect(await driver.run(logic(`select $1::text::${type}`, 'value'), [text], scope())).toEqual(wire)
  expect(await driver.database(scope()).value(`select $1::text::${type}`, [text])).toEqual(wire)
})

test('arrays of enums and of domains are arrays, and an enum is its label', async () => {
  await admin.query(`create type mood as enum ('sad', 'so, so', '{odd}'); create domain score as int`)
  const driver = await open()
  const answer = await driver.run(logic(`select '{sad,"so, so"}'::mood[] as many, '{odd}'::mood as one, '{1,2}'::score[] as scores`, 'row'), [], scope())
  expect(answer).toEqual({ many: ['sad', 'so, so'], one: '{odd}', scores: [1, 2] })
})

test('what JavaScript holds arrives as the type of the column', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec(`create table bound (s text, i int, b bigint, f float8, t boolean, d timestamptz, j jsonb, y bytea, a text[], m int[])`)
  await db.exec('insert into bound values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
    "it's", 5, 9007199254740993n, 0.5, true, new Date('2024-05-06T07:08:09.123Z'), { a: [1] }, new Uint8Array([0, 255]), ['a,"b', 'NULL'], [[1, 2], [3, 4]],
  ])
  expect(await db.row('select * from bound')).toEqual({
    s: "it's", i: 5, b: '9007199254740993', f: 0.5, t: true, d: '2024-05-06T07:08:09.123Z', j: { a: [1] }, y: 'AP8=',
    a: ['a,"b', 'NULL'], m: [[1, 2], [3, 4]],
  })
})

test('results take the declared shape', async () => {
  const driver = await open()
  const run = (text: string, result: SqlResult) => driver.run(logic(text, result), [], scope())
  expect(await run('select n from generate_series(1, 2) n', 'rows')).toEqual([{ n: 1 }, { n: 2 }])
  expect(await run('select 1 as n', 'row')).toEqual({ n: 1 })
  expect(await run('select 1 as n where false', 'row?')).toBeNull()
  expect(await run('select 1 as x, 2 as x', 'value')).toBe(1)
  expect(await run('create table shaped (n int)', 'affected')).toBe(0)
  expect(await run('insert into shaped select generate_series(1, 3)', 'affected')).toBe(3)
  expect((await failure(run('select 1 where false', 'row'))).kind).toBe('row_count')
  expect((await failure(run('select generate_series(1, 2)', 'row?'))).kind).toBe('row_count')
  expect((await failure(run('select 1 where false', 'value'))).kind).toBe('row_count')
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
  await admin.query(`create table if not exists parent (id int primary key, name text not null check (name <> ''));
    create table if not exists child (id int, parent int references parent);
    insert into parent values (1, 'one') on conflict do nothing`)
  const driver = await open()
  const error = await failure(driver.database(scope()).exec(text))
  expect(error).toMatchObject({ kind, sqlState })
  if (sqlState === '23505') expect(error.constraint).toBe('parent_pkey')
})

test('an error message holds no value of a row or a parameter', async () => {
  const driver = await open()
  await driver.database(scope()).exec('create table secretive (email text unique)')
  const insert = logic('insert into secretive values ($1)', 'affected', false)
  await driver.run(insert, ['ada@example.com'], scope())
  expect((await failure(driver.run(insert, ['ada@example.com'], scope()))).message).not.toContain('ada')
  const cast = await failure(driver.run(logic('select $1::text::int', 'value'), ['pa"ss"word'], scope()))
  expect(cast.message).not.toMatch(/pa|ss|word/)
})

test('a statement given up is gone from the server, and its connection serves on', async () => {
  const driver = await open({ pool: { max: 1, queue: 10 } })
  const controller = new AbortController()
  const sleeping = failure(driver.run(logic('select pg_sleep(60) as given_up', 'row'), [], scope({ signal: controller.signal })))
  const running = async (): Promise<number> => Number((await admin.query(
    `select count(*) from pg_stat_activity where query like '%as given_up%' and state = 'active' and pid <> pg_backend_pid()`)).rows[0].count)
  await vi.waitUntil(async () => await running() === 1)
  const pid = (await admin.query(`select pid from pg_stat_activity where query like '%as given_up%' and pid <> pg_backend_pid()`)).rows[0].pid
  controller.abort()
  expect((await sleeping).kind).toBe('cancelled')
  await vi.waitUntil(async () => await running() === 0)
  expect(await driver.run(logic('select pg_backend_pid()', 'value'), [], scope())).toBe(pid)
})

test('a call past its time is a timeout, and so is a statement past the database limit', async () => {
  const driver = await open({ statementTimeout: 50 })
  expect((await failure(driver.run(logic('select pg_sleep(60)', 'row'), [], scope({ signal: AbortSignal.timeout(20) })))).kind).toBe('timeout')
  expect(await failure(driver.run(logic('select pg_sleep(60)', 'row'), [], scope()))).toMatchObject({ kind: 'timeout', sqlState: '57014' })
  const unlimited = await open({ statementTimeout: 0 })
  expect(await unlimited.database(scope()).value('show statement_timeout')).toBe('0')
})

test('a call that is over before it began runs nothing', async () => {
  const driver = await open()
  await driver.database(scope()).exec('create table untouched (n int)')
  const given = driver.database(scope({ signal: AbortSignal.abort() }))
  expect((await failure(given.exec('insert into untouched values (1)'))).kind).toBe('cancelled')
  expect(await driver.database(scope()).value('select count(*) from untouched')).toBe('0')
})

test('past the queue a call is refused at once, and those in it are served in order', async () => {
  const driver = await open({ pool: { max: 1, queue: 2 } })
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
  const driver = await open({ pool: { max: 1, queue: 1 } })
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

test('a transaction commits when its work resolves and rolls back when it throws', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec('create table moves (n int)')
  expect(await db.transaction(async (tx) => (await tx.exec('insert into moves values (1)'), 'done'))).toBe('done')
  await expect(db.transaction(async (tx) => {
    await tx.exec('insert into moves values (2)')
    throw new RangeError('changed my mind')
  })).rejects.toThrow(RangeError)
  expect(await db.rows('select n from moves')).toEqual([{ n: 1 }])
  expect(driver.stats()).toMatchObject({ idle: driver.stats().open, waiting: 0 })
})

test('a nested transaction is a savepoint', async () => {
  const db = (await open()).database(scope())
  await db.exec('create table nested (n int)')
  await db.transaction(async (tx) => {
    await tx.exec('insert into nested values (1)')
    await expect(tx.transaction(async (inner) => {
      await inner.exec('insert into nested values (2)')
      await inner.exec('select 1 / 0')
    })).rejects.toMatchObject({ kind: 'invalid' })
    await tx.transaction(async (inner) => {
      await inner.exec('insert into nested values (3)')
      await inner.transaction(async (innermost) => {
        await innermost.exec('insert into nested values (4)')
      })
    })
    const both = tx.transaction(async (inner) => void await inner.exec('select 1'))
    await expect(tx.transaction(async () => {})).rejects.toThrow('open already')
    await both
  })
  expect(await db.rows('select n from nested order by n')).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }])
})

test('a transaction that is over is of no use', async () => {
  const driver = await open()
  let kept: Transaction | undefined
  await driver.database(scope()).transaction(async (tx) => void (kept = tx))
  await expect(kept?.exec('select 1')).rejects.toThrow('is over')
  await expect(kept?.transaction(async () => {})).rejects.toThrow('is over')
  await expect(driver.run(logic('select 1', 'value'), [], scope(), kept)).rejects.toThrow('is over')
})

test('a transaction lost to a swallowed error does not pass for committed', async () => {
  const db = (await open()).database(scope())
  await db.exec('create table swallowed (n int)')
  const error = await failure(db.transaction(async (tx) => {
    await tx.exec('insert into swallowed values (1)')
    await tx.exec('select 1 / 0').catch(() => {})
  }))
  expect(error.message).toContain('rolled back')
  expect(await db.value('select count(*) from swallowed')).toBe('0')
})

test('SQL logic runs inside the transaction it is given, and of no other alias', async () => {
  const driver = await open()
  const other = await openDatabase('other', { driver: 'pg', url: '', pool: { max: 1, queue: 0 }, statementTimeout: 0, rls: false, prepare: true }, { url: postgres.url })
  drivers.push(other)
  const db = driver.database(scope())
  await db.exec('create table inside (n int)')
  await expect(db.transaction(async (tx) => {
    await driver.run(logic('insert into inside values ($1)', 'affected', false), [1], scope(), tx)
    expect(await driver.run(logic('select count(*)::int from inside', 'value'), [], scope(), tx)).toBe(1)
    await expect(other.run(logic('select 1', 'value'), [], scope(), tx)).rejects.toThrow('not one of database "other"')
    throw new Error('undo')
  })).rejects.toThrow('undo')
  expect(await db.value('select count(*)::int from inside')).toBe(0)
})

test('a transaction whose call is given up is rolled back, whatever its work does', async () => {
  const driver = await open({ pool: { max: 1, queue: 10 } })
  await driver.database(scope()).exec('create table abandoned (n int)')
  const controller = new AbortController()
  let late: Promise<unknown> | undefined
  const given = failure(driver.database(scope({ signal: controller.signal })).transaction(async (tx) => {
    await tx.exec('insert into abandoned values (1)')
    controller.abort()
    late = tx.exec('insert into abandoned values (2)')
    await late.catch(() => {})
    await new Promise(() => {})
  }))
  expect((await given).kind).toBe('cancelled')
  await expect(late).rejects.toBeInstanceOf(DatabaseError)
  expect(await driver.database(scope()).value('select count(*)::int from abandoned')).toBe(0)
})

test('statements at once in one transaction take turns', async () => {
  const db = (await open()).database(scope())
  const answers = await db.transaction((tx) => Promise.all([1, 2, 3].map((n) => tx.value('select $1::int', [n]))))
  expect(answers).toEqual([1, 2, 3])
})

test('twenty buyers at once never sell more than there is', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec('create table stock (item text primary key, left_over int not null check (left_over >= 0))')
  await db.exec(`insert into stock values ('ticket', 7)`)
  const buy = (): Promise<boolean> => driver.database(scope()).transaction(async (tx) => {
    const left = await tx.value<number>(`select left_over from stock where item = 'ticket' for update`)
    if (left === undefined || left === 0) return false
    await tx.exec(`update stock set left_over = $1 where item = 'ticket'`, [left - 1])
    return true
  })
  const bought = await Promise.all(Array.from({ length: 20 }, buy))
  expect(bought.filter(Boolean)).toHaveLength(7)
  expect(await db.value('select left_over from stock')).toBe(0)
})

test('after the server has ended its connections the next call gets a new one', async () => {
  const driver = await open({ pool: { max: 2, queue: 10 } })
  const pid = await driver.run(logic('select pg_backend_pid()', 'value'), [], scope())
  await admin.query('select pg_terminate_backend($1)', [pid])
  await vi.waitUntil(() => driver.stats().open === 0)
  const next = await driver.run(logic('select pg_backend_pid()', 'value'), [], scope())
  expect(next).not.toBe(pid)
})

test('a connection that ends under a statement makes it unavailable, and the next call is served', async () => {
  const driver = await open({ pool: { max: 1, queue: 10 } })
  const sleeping = failure(driver.run(logic('select pg_sleep(60) as cut_off', 'row'), [], scope()))
  await vi.waitUntil(async () => (await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like '%as cut_off%' and state = 'active' and pid <> pg_backend_pid()`)).rowCount === 1)
  expect((await sleeping).kind).toBe('unavailable')
  expect(await driver.run(logic('select 1', 'value'), [], scope())).toBe(1)
})

test('a server that is not there, or that refuses the login, is unavailable', async () => {
  const nowhere = await open({}, 'postgres://postgres:hidden@127.0.0.1:1/postgres')
  expect((await failure(nowhere.ping(AbortSignal.timeout(5_000)))).kind).toBe('unavailable')
  const wrong = await open({}, postgres.url.replace('postgres:postgres@', 'postgres:wrong-password@'))
  const error = await failure(wrong.run(logic('select 1', 'value'), [], scope()))
  expect(error).toMatchObject({ kind: 'unavailable', sqlState: '28P01' })
  expect(error.message).not.toContain('wrong-password')
  expect(wrong.stats()).toMatchObject({ open: 0, waiting: 0 })
})

test('a malformed URL is refused without being repeated', async () => {
  const error = await failure(open({}, 'not a url: hunter2'))
  expect(error.message).not.toContain('hunter2')
})

test('prepared statements are named once, and not at all without `prepare`', async () => {
  const named = await open({ pool: { max: 1, queue: 10 } })
  const entry = logic('select $1::int as twice', 'value')
  await named.run(entry, [1], scope())
  await named.run(entry, [2], scope())
  const prepared = 'select count(*)::int from pg_prepared_statements where statement like \'%as twice%\''
  expect(await named.database(scope()).value(prepared)).toBe(1)
  const unnamed = await open({ pool: { max: 1, queue: 10 }, prepare: false })
  await unnamed.run(entry, [1], scope())
  expect(await unnamed.database(scope()).value(prepared)).toBe(0)
})

test('a schema change under a prepared statement is not seen by the caller', async () => {
  await admin.query('create table changing (id int); insert into changing values (1)')
  const entry = logic('select * from changing', 'row')
  const plain = await open({ pool: { max: 1, queue: 10 } })
  const secured = await open({ pool: { max: 1, queue: 10 }, rls: true })
  for (const driver of [plain, secured]) expect(await driver.run(entry, [], scope())).toEqual({ id: 1 })
  await admin.query(`alter table changing add column name text default 'new'`)
  for (const driver of [plain, secured]) expect(await driver.run(entry, [], scope())).toEqual({ id: 1, name: 'new' })
  for (const driver of [plain, secured]) expect(await driver.run(entry, [], scope())).toEqual({ id: 1, name: 'new' })
})

test('row level security sees the claims and the role of each caller, and nobody else', async () => {
  await admin.query(`create role member nologin; create table notes (owner text, body text); grant select, insert on notes to member;
    alter table notes enable row level security;
    create policy own on notes to member using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
    insert into notes values ('ada', 'a1'), ('bob', 'b1'), ('bob', 'b2')`)
  const driver = await open({ rls: true, pool: { max: 2, queue: 100 } })
  const as = (sub: string): CallScope => scope({ caller: { sub, roles: [], claims: { sub, role: 'member', note: `it's \\ "odd"` } } })
  const list = logic('select body from notes order by body', 'rows')
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => driver.run(list, [], as(n % 2 ? 'ada' : 'bob'))))
  for (const [n, answer] of answers.entries()) expect(answer).toEqual(n % 2 ? [{ body: 'a1' }] : [{ body: 'b1' }, { body: 'b2' }])
  expect(await driver.database(as('ada')).value('select current_user')).toBe('member')
  expect(await driver.database(as('ada')).transaction((tx) => tx.value('select count(*)::int from notes'))).toBe(1)
  expect(await driver.database(scope()).value(`select current_user || coalesce(current_setting('request.jwt.claims', true), '')`)).toBe('postgres{}')
  expect(await failure(driver.database(as('ada')).exec(`insert into notes values ('bob', 'forged')`))).toMatchObject({ kind: 'failed', sqlState: '42501' })
  const ghost = scope({ caller: { sub: 'x', roles: [], claims: { role: `no'such"role` } } })
  expect((await failure(driver.run(list, [], ghost))).kind).not.toBe('unavailable')
  expect(await driver.run(list, [], as('ada'))).toEqual([{ body: 'a1' }])
})

test('a call that may only read cannot write', async () => {
  const driver = await open()
  await driver.database(scope()).exec('create table readable (n int)')
  const reader = driver.database(scope({ readOnly: true }))
  expect(await failure(reader.exec('insert into readable values (1)'))).toMatchObject({ kind: 'failed', sqlState: '25006' })
  expect(await failure(reader.transaction((tx) => tx.exec('delete from readable')))).toMatchObject({ sqlState: '25006' })
  expect(await reader.value('select count(*)::int from readable')).toBe(0)
})

test('a transaction opened by hand does not reach the next call', async () => {
  const driver = await open({ pool: { max: 1, queue: 10 } })
  await driver.database(scope()).exec('create table by_hand (n int)')
  await driver.database(scope()).exec('begin')
  await driver.database(scope()).exec('insert into by_hand values (1)')
  expect((await admin.query('select n from by_hand')).rows).toEqual([{ n: 1 }])
})

test('every statement reports its duration', async () => {
  const driver = await open()
  const took: number[] = []
  const watched = scope({ onQuery: (ms) => void took.push(ms) })
  await driver.run(logic('select 1', 'value'), [], watched)
  await failure(driver.database(watched).exec('selec'))
  await driver.database(watched).transaction((tx) => tx.exec('select 1'))
  expect(took).toHaveLength(3)
  expect(took.every((ms) => ms > 0)).toBe(true)
})

test('ping answers past a full queue, and closing waits for what runs', async () => {
  const driver = await open({ pool: { max: 2, queue: 0 } })
  await driver.ping(AbortSignal.timeout(5_000))
  const running = driver.database(scope()).value('select pg_sleep(0.05)::text')
  await vi.waitUntil(() => driver.stats().open > driver.stats().idle)
  const closing = driver.close()
  expect((await failure(driver.run(logic('select 1', 'value'), [], scope()))).kind).toBe('unavailable')
  expect(await running).toBe('')
  await closing
  drivers.splice(drivers.indexOf(driver), 1)
  expect(driver.stats().open).toBe(0)
})
