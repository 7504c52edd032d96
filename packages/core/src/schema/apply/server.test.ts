import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLibsqlServer, type LibsqlServer } from '../../../../bridge/test/libsql-server.ts'
import { isStkError, type StkError } from '../../diagnostics/index.ts'
import { SecretValue } from '../../secrets/secret-value.ts'
import type { SchemaDatabase } from '../contract.ts'
import { context, rowsOf, run, startDatabases, subject, type Databases } from '../fixtures/databases.ts'
import { smallEngine } from '../fixtures/small-engine.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import { applySchema, type Applied } from './apply-schema.ts'

// Over the protocol of a libSQL server, spoken by a stand-in on a database in memory.

let databases: Databases
let server: LibsqlServer
let database: SchemaDatabase
beforeAll(async () => { databases = await startDatabases() })
afterAll(() => databases.stop())
beforeEach(async () => {
  server = await startLibsqlServer()
  database = { driver: 'libsql', url: new SecretValue(server.url), authToken: new SecretValue('a-token-nobody-sees') }
  return () => server.stop()
})

const planning = (wanted: string): Planning => ({ subject: subject('libsql', wanted), database, engine: smallEngine(databases), ctx: context() })

async function apply(planned: Planning, drops: readonly string[] = []): Promise<Applied> {
  const approved = await planSchema(planned)
  return applySchema({ ...planned, approved, allowed: { drops, statements: [] }, noWait: false, limits: { lockTimeout: 0, statementTimeout: 0 } })
}

const refusal = (work: Promise<unknown>): Promise<StkError> =>
  work.then(() => expect.unreachable(), (error: unknown) => (isStkError(error) ? error : Promise.reject(error)))

test('a plan is applied in one transaction, verified, and then there is nothing to do', async () => {
  const planned = planning('create table a (id integer primary key, x text); create index a_x on a (x); create view v as select x from a')
  expect((await apply(planned)).approval).toBe('as planned')
  await run(database, `insert into a values (1, 'kept')`)
  expect((await planSchema(planned)).statements).toEqual([])
  const more = planning('create table a (id integer primary key, x text); create index a_x on a (x); create view v as select x from a; create table b (n int)')
  expect((await apply(more)).statements.map(({ sql }) => sql)).toEqual(['CREATE TABLE b (n int)'])
  expect(await rowsOf(database, 'select * from a')).toEqual([{ id: 1, x: 'kept' }])
  expect([...server.tokens]).toEqual(['Bearer a-token-nobody-sees'])
})

test('a statement that fails takes the others back, and it says so without the token', async () => {
  await run(database, `create table a (x text); insert into a values ('same'), ('same')`)
  const planned = planning('create table a (x text); create table b (n int); create unique index a_x on a (x)')
  const before = await planSchema(planned)
  const error = await refusal(apply(planned))
  expect(error.code).toBe('STK6011')
  expect(error.message).toMatch(/Statement \d of 2 failed: .*UNIQUE[\s\S]*Nothing was changed/)
  expect(error.message).not.toContain('a-token')
  expect(await planSchema(planned)).toEqual(before)
})

test('a table that another one refers to is not rebuilt, since the server would delete rows of the other', async () => {
  const parents = 'create table parents (id integer primary key)'
  const children = 'create table children (parent int references parents (id) on delete cascade)'
  await run(database, `${parents}; ${children}; insert into parents values (1); insert into children values (1)`)
  const planned = planning(`create table parents (id integer primary key, note text); ${children}`)
  const before = await planSchema(planned)
  const error = await refusal(apply(planned))
  expect(error.code).toBe('STK6011')
  expect(error.message).toMatch(/children refers to parents, and this server enforces foreign keys[\s\S]*Nothing was changed/)
  expect(await planSchema(planned)).toEqual(before)
  expect(await rowsOf(database, 'select * from children')).toEqual([{ parent: 1 }])
})

test('a reference that the same plan makes counts, too', async () => {
  await run(database, 'create table parents (id integer primary key); create table children (parent int); insert into parents values (1); insert into children values (1)')
  const children = 'create table children (parent int references parents (id) on delete cascade)'
  expect((await refusal(apply(planning(`create table parents (id integer primary key, note text); ${children}`)))).message).toMatch(/children refers to parents/)
  expect(await rowsOf(database, 'select * from children')).toEqual([{ parent: 1 }])
})

test('a table that nobody refers to is rebuilt, and one is dropped', async () => {
  await run(database, 'create table a (id integer primary key, x text); create table gone (n int); insert into a values (1, \'kept\')')
  const applied = await apply(planning('create table a (id integer primary key, x text not null)'), ['table:gone'])
  expect(applied.statements.map(({ sql }) => sql)).toContain('drop table "a"')
  expect(await rowsOf(database, 'select * from a')).toEqual([{ id: 1, x: 'kept' }])
})
