import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isStkError, type StkError } from '../../diagnostics/index.ts'
import type { SchemaDatabase, SchemaEngine } from '../contract.ts'
import { context, rowsOf, run, startDatabases, subject, type Databases } from '../fixtures/databases.ts'
import { smallEngine } from '../fixtures/small-engine.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import { readPlanFile, writePlanFile, type SchemaPlan } from '../plan/format.ts'
import { applySchema, type Application } from './apply-schema.ts'

let databases: Databases
let engine: SchemaEngine
beforeAll(async () => {
  databases = await startDatabases()
  engine = smallEngine(databases)
})
afterAll(() => databases.stop())

const LIMITS = { lockTimeout: 5000, statementTimeout: 0 }

function planning(database: SchemaDatabase, sql: string, more: Parameters<typeof subject>[2] = {}): Planning {
  return { subject: subject(database.driver, sql, more), database, engine, ctx: context() }
}

async function apply(planned: Planning, approved: SchemaPlan, more: Partial<Application> = {}) {
  return applySchema({ ...planned, approved, allowed: { drops: [], statements: [] }, noWait: false, limits: LIMITS, ...more })
}

function refusal(work: Promise<unknown>): Promise<StkError> {
  return work.then(() => expect.unreachable(), (error: unknown) => (isStkError(error) ? error : Promise.reject(error)))
}

describe.each(['pg', 'libsql'] as const)('%s', (driver) => {
  const before = 'create table users (id int primary key, email text, old text); create table gone (n int)'
  const after = `create table users (id int primary key, email text not null, name text default 'drop table users'); create index users_email on users (email); create table posts (id int primary key, author int references users (id)); create view names as select name from users`

  test('what is planned is written to a file, read back, applied exactly, and then there is nothing to do', async () => {
    const database = await databases.create(driver)
    await run(database, `${before}; insert into users values (1, 'a@b', 'x'), (2, 'c@d', null)`)
    const planned = planning(database, after)
    const plan = await planSchema(planned)
    expect(plan.statements.flatMap(({ drops }) => drops).toSorted()).toEqual(['column:users.old', 'table:gone'])
    expect(plan.unplanned).toEqual([])
    const file = writePlanFile('test', [plan])
    expect(writePlanFile('test', [await planSchema(planned)])).toBe(file)
    const [approved] = readPlanFile(file, 'plan.json').plans
    const drops = ['column:users.old', 'table:gone']
    const closed = await refusal(apply(planned, approved!))
    expect(closed.code).toBe('STK6008')
    expect(closed.message).toContain('column:users.old')
    expect(closed.message).toContain('table:gone')
    expect((await refusal(apply(planned, approved!, { allowed: { drops: ['table:gone'], statements: [] } }))).message).not.toContain('table:gone')
    expect((await apply(planned, approved!, { allowed: { drops, statements: [] }, dryRun: true })).statements.length).toBe(plan.statements.length)
    expect((await planSchema(planned)).statements.length).toBe(plan.statements.length)

    expect((await apply(planned, approved!, { allowed: { drops, statements: [] } })).approval).toBe('as planned')
    expect(await rowsOf(database, 'select id, email, name from users order by id')).toEqual(
      ['a@b', 'c@d'].map((email, at) => ({ id: at + 1, email, name: 'drop table users' })))
    expect((await planSchema(planned)).statements).toEqual([])
    expect((await apply(planned, approved!, { allowed: { drops, statements: [] } })).approval).toBe('done before')
  })

  test('a statement that fails takes the others back, and it says so', async () => {
    const database = await databases.create(driver)
    await run(database, `create table users (id int primary key, email text); insert into users values (1, null)`)
    const planned = planning(database, 'create table a (n int); create table users (id int primary key, email text not null)')
    const plan = await planSchema(planned)
    const error = await refusal(apply(planned, plan))
    expect(error.code).toBe('STK6011')
    expect(error.message).toMatch(/Statement \d of \d failed: .*(null|NOT NULL)[\s\S]*Nothing was changed/)
    expect(await planSchema(planned)).toEqual(plan)
    await run(database, `update users set email = 'x'`)
    expect((await apply(planned, plan)).approval).toBe('as planned')
  })

  test('two at a time take turns: one does it, the other finds it done', async () => {
    const database = await databases.create(driver)
    const planned = planning(database, 'create table a (n int); create table b (n int)')
    const plan = await planSchema(planned)
    const done = await Promise.all([apply(planned, plan), apply(planned, plan), apply(planned, plan)])
    expect(done.map(({ approval }) => approval).toSorted()).toEqual(['as planned', 'done before', 'done before'])
  })

  test('what the sources do not manage is neither seen nor touched', async () => {
    const database = await databases.create(driver)
    await run(database, `create table audit_log (n int); create table a (n int)${driver === 'pg' ? '; create schema other; create table other.b (n int)' : ''}`)
    const planned = planning(database, 'create table a (n int, m int)', { exclude: ['audit_*'] })
    const plan = await planSchema(planned)
    expect(Object.keys(plan.live)).toEqual([driver === 'pg' ? 'table public.a' : 'table a'])
    await run(database, 'drop table audit_log; create table audit_log (n int, m int)')
    expect((await apply(planned, plan)).approval).toBe('as planned')
    expect(await rowsOf(database, 'select * from audit_log')).toEqual([])
  })
})
