import { afterAll, beforeAll, expect, test } from 'vitest'
import { isStkError, type StkError } from '../../diagnostics/index.ts'
import { context, rowsOf, run, startDatabases, subject, type Databases } from '../fixtures/databases.ts'
import { smallEngine } from '../fixtures/small-engine.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import { applySchema, type Applied } from './apply-schema.ts'

// SQLite rebuilds tables with foreign keys switched off: these tests are about what that could do to rows.

let databases: Databases
beforeAll(async () => { databases = await startDatabases() })
afterAll(() => databases.stop())

async function made(before: string, wanted: string): Promise<Planning> {
  const database = await databases.create('libsql')
  await run(database, `pragma foreign_keys = off; ${before}`)
  return { subject: subject('libsql', wanted), database, engine: smallEngine(databases), ctx: context() }
}

async function apply(planning: Planning): Promise<Applied> {
  const approved = await planSchema(planning)
  return applySchema({ ...planning, approved, allowed: { drops: [], statements: [] }, noWait: false, limits: { lockTimeout: 0, statementTimeout: 0 } })
}

const PARENTS = 'create table parents (id integer primary key, note text)'
const CHILDREN = 'create table "my children" (id integer primary key, parent int references parents (id) on delete cascade)'

test('rebuilding a table leaves the rows that refer to it', async () => {
  const planning = await made(
    `${PARENTS}; ${CHILDREN}; insert into parents values (1, 'a'), (2, 'b'); insert into "my children" values (10, 1), (20, 2)`,
    `create table parents (id integer primary key, note text not null); ${CHILDREN}`,
  )
  expect((await apply(planning)).statements.map(({ sql }) => sql)).toContain('drop table "parents"')
  expect(await rowsOf(planning.database, 'select * from "my children"')).toEqual([{ id: 10, parent: 1 }, { id: 20, parent: 2 }])
})

test('a new reference that a row does not meet takes everything back, and the row\'s table is named', async () => {
  const planning = await made(
    `${PARENTS}; create table "my children" (id integer primary key, parent int); insert into parents values (1, 'a'); insert into "my children" values (10, 1), (20, 2)`,
    `${PARENTS}; ${CHILDREN}; create table more (n int)`,
  )
  const before = await planSchema(planning)
  const error = await apply(planning).then(() => expect.unreachable(), (thrown: unknown) => (isStkError(thrown) ? thrown as StkError : Promise.reject(thrown)))
  expect(error.code).toBe('STK6011')
  expect(error.message).toContain('a row of my children would refer to a row of parents that is not there')
  expect(error.message).toContain('Nothing was changed')
  expect(error.message).not.toContain('Statement')
  expect(await planSchema(planning)).toEqual(before)
  await run(planning.database, 'insert into parents values (2, \'b\')')
  expect((await apply(planning)).approval).toBe('as planned')
})

test('a row that referred to nothing before the change does not stop it', async () => {
  const planning = await made(
    `${PARENTS}; ${CHILDREN}; insert into "my children" values (10, 99)`,
    `create table parents (id integer primary key, note text not null default ''); ${CHILDREN}`,
  )
  expect((await apply(planning)).approval).toBe('as planned')
  expect(await rowsOf(planning.database, 'select * from "my children"')).toEqual([{ id: 10, parent: 99 }])
})
