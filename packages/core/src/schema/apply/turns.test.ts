import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isStkError, type StkError } from '../../diagnostics/index.ts'
import type { SchemaDatabase, SchemaEngine } from '../contract.ts'
import { connect, type Connection } from '../database/connection.ts'
import { context, rowsOf, run, startDatabases, subject, type Databases } from '../fixtures/databases.ts'
import { smallEngine } from '../fixtures/small-engine.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import type { SchemaPlan } from '../plan/format.ts'
import { applySchema, type Application, type Applied } from './apply-schema.ts'
import { lockPostgres } from './lock.ts'

let databases: Databases
let engine: SchemaEngine
beforeAll(async () => {
  databases = await startDatabases()
  engine = smallEngine(databases)
})
afterAll(() => databases.stop())

function planning(database: SchemaDatabase, sql: string): Planning {
  return { subject: subject(database.driver, sql), database, engine, ctx: context() }
}

function apply(planned: Planning, approved: SchemaPlan, more: Partial<Application> = {}): Promise<Applied> {
  return applySchema({ ...planned, approved, allowed: { drops: [], statements: [] }, noWait: false, limits: { lockTimeout: 0, statementTimeout: 0 }, ...more })
}

function refusal(work: Promise<unknown>): Promise<StkError> {
  return work.then(() => expect.unreachable(), (error: unknown) => (isStkError(error) ? error : Promise.reject(error)))
}

/** A context, and when it first says something. */
function listening(wanted: string): { readonly ctx: Planning['ctx']; readonly said: Promise<void> } {
  let say = (): void => {}
  const said = new Promise<void>((resolve) => { say = resolve })
  return { said, ctx: context({ progress: (message) => { if (message.includes(wanted)) say() } }) }
}

/** Is in the middle of a change, as a first apply is, until it is closed. */
async function inTheMiddle(database: SchemaDatabase): Promise<Connection> {
  const first = await connect(database)
  if (database.driver === 'pg') await lockPostgres(first, { project: 'shop', alias: 'other', noWait: true }, context())
  await first.begin()
  return first
}

describe.each(['pg', 'libsql'] as const)('%s', (driver) => {
  test('while a change is running, a second one with noWait leaves at once and changes nothing', async () => {
    const database = await databases.create(driver)
    const planned = planning(database, 'create table a (n int)')
    const plan = await planSchema(planned)
    const first = await inTheMiddle(database)
    try {
      const error = await refusal(apply(planned, plan, { noWait: true }))
      expect(error.code).toBe('STK6010')
      expect(error.message).toContain('Nothing was changed')
      expect(error.details).toMatchObject({ project: 'shop', target: 'main', fix: expect.stringContaining('--no-wait') })
    } finally {
      await first.close()
    }
    expect((await planSchema(planned)).statements).toEqual(plan.statements)
    expect((await apply(planned, plan, { noWait: true })).approval).toBe('as planned')
  })

  test('without it, it says that it waits, and then finds what the first one did', async () => {
    const database = await databases.create(driver)
    const planned = planning(database, 'create table a (n int)')
    const plan = await planSchema(planned)
    const first = await inTheMiddle(database)
    const { ctx, said } = listening('waiting for another change')
    const second = apply({ ...planned, ctx }, plan)
    await Promise.race([said, second])
    for (const { sql } of plan.statements) await first.run(sql)
    await first.commit()
    await first.close()
    expect(await second).toEqual({ approval: 'done before', statements: [] })
    expect(await rowsOf(database, 'select * from a')).toEqual([])
  })

  test('what the first one did otherwise makes the plan of the second stale', async () => {
    const database = await databases.create(driver)
    const planned = planning(database, 'create table a (n int)')
    const plan = await planSchema(planned)
    const first = await inTheMiddle(database)
    const { ctx, said } = listening('waiting for another change')
    const second = refusal(apply({ ...planned, ctx }, plan))
    await Promise.race([said, second])
    await first.run('create table a (n int, m int)')
    await first.commit()
    await first.close()
    const error = await second
    expect(error.code).toBe('STK6006')
    expect(error.message).toMatch(/table (public\.)?a/)
  })

  test('waiting ends at Ctrl-C', async () => {
    const database = await databases.create(driver)
    const planned = planning(database, 'create table a (n int)')
    const plan = await planSchema(planned)
    const first = await inTheMiddle(database)
    try {
      const interrupt = new AbortController()
      const ctx = context({ signal: interrupt.signal, progress: (message) => { if (message.includes('waiting')) interrupt.abort() } })
      await expect(apply({ ...planned, ctx }, plan)).rejects.toThrow(/abort/i)
    } finally {
      await first.close()
    }
    expect((await planSchema(planned)).statements).toEqual(plan.statements)
  })
})

test.each([
  ['lockTimeout', { lockTimeout: 50, statementTimeout: 0 }, /lock timeout/],
  ['statementTimeout', { lockTimeout: 0, statementTimeout: 2000 }, /statement timeout/],
])('pg: a table that stays in use ends it after %s, which is named, and nothing was changed', async (name, limits, message) => {
  const database = await databases.create('pg')
  await run(database, 'create table a (n int)')
  const planned = planning(database, 'create table a (n int, m int)')
  const plan = await planSchema(planned)
  const holder = await connect(database)
  try {
    await holder.begin()
    await holder.run('lock table a in share row exclusive mode')
    const error = await refusal(apply(planned, plan, { limits }))
    expect(error.code).toBe('STK6011')
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(/Statement 1 of 1 failed[\s\S]*Nothing was changed/)
    expect(String(error.details.fix)).toContain(`schema.databases.NAME.${name}`)
  } finally {
    await holder.close()
  }
  expect((await apply(planned, plan, { limits: { lockTimeout: 0, statementTimeout: 0 } })).approval).toBe('as planned')
})
