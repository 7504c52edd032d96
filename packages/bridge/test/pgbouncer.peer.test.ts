import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { CallScope, DatabaseDriver } from '../src/database/index.ts'
import { failure, logic, scope } from './database.ts'
import { type TestPooler, startPooler } from './pgbouncer.ts'
import { postgresDrivers } from './postgres-drivers.ts'

const postgres = postgresDrivers()
let pooler: TestPooler

beforeAll(async () => {
  // One connection to the server: whatever a client leaves on it, the next one finds.
  pooler = await startPooler(postgres.url, 1)
  await postgres.admin.query(`alter database postgres set datestyle = 'German'; alter database postgres set bytea_output = 'escape'`)
})

afterAll(() => pooler.stop())

const open = (settings: Parameters<typeof postgres.open>[0] = {}): Promise<DatabaseDriver> =>
  postgres.open({ prepare: false, ...settings }, pooler.url)

test('without named statements many calls share one connection of a pooler', async () => {
  const driver = await open()
  const entry = logic('select $1::int as n, pg_backend_pid() as pid', 'row')
  const rows = await Promise.all(Array.from({ length: 40 }, (_, n) => driver.run(entry, [n], scope()))) as { n: number; pid: number }[]
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n))
  expect(new Set(rows.map(({ pid }) => pid)).size).toBe(1)
})

test('text forms hold behind a pooler, in and outside of a transaction', async () => {
  const driver = await open()
  const text = `select '2024-05-06 07:08:09+00'::timestamptz as t, '2024-05-06'::date as d, '\\x00ff'::bytea as b`
  const wire = { t: '2024-05-06T07:08:09Z', d: '2024-05-06', b: 'AP8=' }
  expect(JSON.parse(await driver.runToJson(logic(text, 'row'), [], scope()))).toEqual(wire)
  expect(await driver.database(scope()).row(text)).toEqual(wire)
  expect(await driver.database(scope()).transaction((tx) => tx.row(text))).toEqual(wire)
})

test('the statement timeout holds behind a pooler, and nobody else gets it', async () => {
  const driver = await open({ statementTimeout: 100 })
  expect(await failure(driver.run(logic('select pg_sleep(60)', 'row'), [], scope()))).toMatchObject({ kind: 'timeout', sqlState: '57014' })
  const inTransaction = driver.database(scope()).transaction((tx) => tx.exec('select pg_sleep(60)'))
  expect(await failure(inTransaction)).toMatchObject({ kind: 'timeout', sqlState: '57014' })
  const neighbour = new pg.Client(pooler.url)
  await neighbour.connect()
  expect((await neighbour.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
  await neighbour.end()
})

test('row level security behind a pooler keeps callers apart', async () => {
  await postgres.admin.query(`create role member nologin; create table notes (owner text); grant select on notes to member;
    alter table notes enable row level security;
    create policy own on notes to member using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
    insert into notes values ('ada'), ('bob')`)
  const driver = await open({ rls: true })
  const as = (sub: string): CallScope => scope({ caller: { sub, roles: [], claims: { sub, role: 'member' } } })
  const list = logic('select owner from notes', 'rows')
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => driver.run(list, [], as(n % 2 ? 'ada' : 'bob'))))
  for (const [n, answer] of answers.entries()) expect(answer).toEqual([{ owner: n % 2 ? 'ada' : 'bob' }])
  expect(await driver.database(scope()).value('select current_user::text')).toBe('postgres')
})

test('a call given up behind a pooler is gone from the server', async () => {
  const driver = await open()
  const controller = new AbortController()
  const given = failure(driver.run(logic('select pg_sleep(60) as behind_pooler', 'row'), [], scope({ signal: controller.signal })))
  const running = async (): Promise<number> => Number((await postgres.admin.query(
    `select count(*) from pg_stat_activity where query like '%as behind_pooler%' and state = 'active' and pid <> pg_backend_pid()`)).rows[0].count)
  await vi.waitUntil(async () => await running() === 1)
  controller.abort()
  expect((await given).kind).toBe('cancelled')
  await vi.waitUntil(async () => await running() === 0)
  expect(await driver.run(logic('select 1', 'value'), [], scope())).toBe(1)
})
