import { afterAll, beforeAll, expect, test } from 'vitest'
import { SecretValue } from '../../secrets/secret-value.ts'
import { context, run, startDatabases, subject, type Databases } from '../fixtures/databases.ts'
import { smallEngine } from '../fixtures/small-engine.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import { applySchema } from './apply-schema.ts'

let databases: Databases
beforeAll(async () => { databases = await startDatabases() })
afterAll(() => databases.stop())

test('a role that may neither read rows nor change anything plans what the owner applies', async () => {
  const owners = await databases.create('pg')
  await run(owners, `create table users (id int primary key, email text); create view v as select email from users; create role planner login password 'only-plans'`)
  const url = new URL(owners.url.reveal())
  url.username = 'planner'
  url.password = 'only-plans'
  const planners = { driver: 'pg', url: new SecretValue(url.href) } as const
  await expect(run(planners, 'select * from users')).rejects.toThrow('permission denied')
  await expect(run(planners, 'create table mine (n int)')).rejects.toThrow('permission denied')

  const wanted = 'create table users (id int primary key, email text, name text); create view v as select email from users; create index users_email on users (email)'
  const planning: Planning = { subject: subject('pg', wanted), database: planners, engine: smallEngine(databases), ctx: context() }
  const approved = await planSchema(planning)
  expect(approved.statements.length).toBeGreaterThan(0)
  const applying = { ...planning, database: owners }
  expect(await planSchema(applying)).toEqual(approved)
  const limits = { lockTimeout: 0, statementTimeout: 0 }
  expect((await applySchema({ ...applying, approved, allowed: { drops: [], statements: [] }, noWait: false, limits })).approval).toBe('as planned')
})
