import { expect, test } from 'vitest'
import { failure, logic, scope } from '../../../test/database.ts'
import { postgresDrivers } from '../../../test/postgres-drivers.ts'
import type { CallScope } from '../index.ts'

const postgres = postgresDrivers()

test('row level security sees the claims and the role of each caller, and nobody else', async () => {
  await postgres.admin.query(`create role member nologin; create table notes (owner text, body text); grant select, insert on notes to member;
    alter table notes enable row level security;
    create policy own on notes to member using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
    insert into notes values ('ada', 'a1'), ('bob', 'b1'), ('bob', 'b2')`)
  const driver = await postgres.open({ rls: true, pool: { max: 2, queue: 100 } })
  const as = (sub: string): CallScope => scope({ caller: { sub, roles: [], claims: { sub, role: 'member', note: `it's \\ "odd"` } } })
  const list = logic('select body from notes order by body', 'rows')
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => driver.run(list, [], as(n % 2 ? 'ada' : 'bob'))))
  for (const [n, answer] of answers.entries()) expect(answer).toEqual(n % 2 ? [{ body: 'a1' }] : [{ body: 'b1' }, { body: 'b2' }])
  expect(await driver.database(as('ada')).value('select current_user')).toBe('member')
  expect(await driver.database(as('ada')).transaction((tx) => tx.value('select count(*)::int from notes'))).toBe(1)
  expect(await driver.database(scope()).value(`select current_user || coalesce(current_setting('request.jwt.claims', true), '')`)).toBe('postgres{}')
  const forging = driver.database(as('ada')).exec(`insert into notes values ('bob', 'forged')`)
  expect(await failure(forging)).toMatchObject({ kind: 'forbidden', sqlState: '42501' })
  const ghost = scope({ caller: { sub: 'x', roles: [], claims: { role: `no'such"role` } } })
  expect((await failure(driver.run(list, [], ghost))).kind).toBe('failed')
  expect((await failure(driver.database(ghost).transaction(async () => {}))).kind).toBe('failed')
  expect(await driver.run(list, [], as('ada'))).toEqual([{ body: 'a1' }])
})

test('a call that may only read cannot write', async () => {
  const driver = await postgres.open()
  await driver.database(scope()).exec('create table readable (n int)')
  const reader = driver.database(scope({ readOnly: true }))
  expect(await failure(reader.exec('insert into readable values (1)'))).toMatchObject({ kind: 'failed', sqlState: '25006' })
  expect(await failure(reader.transaction((tx) => tx.exec('delete from readable')))).toMatchObject({ sqlState: '25006' })
  expect(await reader.value('select count(*)::int from readable')).toBe(0)
})
