// Core alone, over a small engine of the tests; the full counts run through Atlas, in packages/plugin-schema-atlas/test.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isStkError } from '../diagnostics/index.ts'
import { sampleRows, sampleSchema, sampleSql, type SampleSchema } from '../testkit/schema/model.ts'
import { destructiveMutation, safeMutation, sampleDrift } from '../testkit/schema/mutations.ts'
import { randomFrom } from '../testkit/schema/random.ts'
import { applySchema } from './apply/apply-schema.ts'
import { passGates } from './apply/gates.ts'
import type { SchemaDatabase, SchemaEngine } from './contract.ts'
import { context, rowsOf, run, startDatabases, subject, type Databases } from './fixtures/databases.ts'
import { smallEngine } from './fixtures/small-engine.ts'
import { planSchema } from './plan/plan-schema.ts'

let databases: Databases
let engine: SchemaEngine
beforeAll(async () => {
  databases = await startDatabases()
  engine = smallEngine(databases)
})
afterAll(() => databases.stop())

const LIMITS = { lockTimeout: 0, statementTimeout: 0 }

async function databaseOf(schema: SampleSchema, driver: 'pg' | 'libsql', rows: readonly string[] = []): Promise<SchemaDatabase> {
  const database = await databases.create(driver)
  await run(database, `${sampleSql(schema, driver)}${rows.map((row) => `${row};`).join('\n')}`)
  return database
}

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error
  }
}

describe.each([['pg', 25], ['libsql', 75]] as const)('%s, %i times', (driver, count) => {
  test('a drift between plan and apply is refused and named', { timeout: 600_000 }, async () => {
    const perDatabase = 25
    for (let seed = 0; seed < count / perDatabase; seed += 1) {
      const random = randomFrom(seed)
      const schema = sampleSchema(random)
      const wanted = safeMutation(schema, driver, random).schema
      const database = await databaseOf(schema, driver)
      const planning = { subject: subject(driver, sampleSql(wanted, driver)), database, engine, ctx: context() }
      for (let number = 0; number < perDatabase; number += 1) {
        const approved = await planSchema(planning)
        const drift = sampleDrift(schema, driver, number, random)
        await run(database, drift.sql)
        const drops = approved.statements.flatMap((statement) => statement.drops)
        const error = await thrownBy(() => applySchema({ ...planning, approved, allowed: { drops, statements: [] }, noWait: false, limits: LIMITS }))
        expect(isStkError(error) ? error.code : error, `seed ${seed}: ${drift.sql}`).toBe('STK6006')
        expect(String(error), `seed ${seed}: ${drift.sql}`).toContain(drift.names)
      }
    }
  })
})

describe.each([['pg', 10], ['libsql', 30]] as const)('%s, %i times', (driver, count) => {
  test('what takes something away is gated by its name, and nothing else is', { timeout: 600_000 }, async () => {
    for (let seed = 0; seed < count; seed += 1) {
      const random = randomFrom(1000 + seed)
      const schema = sampleSchema(random)
      const database = await databaseOf(schema, driver)
      const safe = safeMutation(schema, driver, random)
      const lost = destructiveMutation(schema, driver, random)
      for (const { schema: wanted, what, drops } of [safe, lost]) {
        const plan = await planSchema({ subject: subject(driver, sampleSql(wanted, driver)), database, engine, ctx: context() })
        const said = `seed ${seed}, ${what}: ${plan.statements.map(({ sql, why }) => `${sql} (${why})`).join('; ')}`
        expect([...new Set(plan.statements.flatMap((statement) => statement.drops))].sort(), said).toEqual(drops)
        const refused = await thrownBy(() => passGates(plan, { drops: [], statements: [] }))
        expect(isStkError(refused) ? refused.code : refused, said).toBe(drops.length === 0 ? undefined : 'STK6008')
        for (const drop of drops) expect(String(refused)).toContain(drop)
        expect(await thrownBy(() => passGates(plan, { drops, statements: [] })), said).toBeUndefined()
      }
    }
  })
})

describe.each([['pg', 5], ['libsql', 20]] as const)('%s, %i times', (driver, count) => {
  test('random changes converge, and what survives is what it was', { timeout: 600_000 }, async () => {
    for (let seed = 0; seed < count; seed += 1) {
      const random = randomFrom(2000 + seed)
      const schema = sampleSchema(random)
      const database = await databaseOf(schema, driver, sampleRows(schema, random))
      let wanted = schema
      for (let steps = 1 + random.below(3); steps > 0; steps -= 1) wanted = (random.oneIn(3) ? destructiveMutation : safeMutation)(wanted, driver, random).schema
      const kept = wanted.tables.flatMap((table) => {
        const old = schema.tables.find(({ name }) => name === table.name)
        const columns = table.columns.filter(({ name, type }) => old?.columns.some((before) => before.name === name && before.type === type)).map(({ name }) => name)
        return old === undefined ? [] : [`select ${['id', ...columns].join(', ')} from ${table.name} order by id`]
      })
      const before = await Promise.all(kept.map((sql) => rowsOf(database, sql)))
      const planning = { subject: subject(driver, sampleSql(wanted, driver)), database, engine, ctx: context() }
      const approved = await planSchema(planning)
      const allowed = { drops: approved.statements.flatMap(({ drops }) => drops), statements: [] }
      const error = await thrownBy(() => applySchema({ ...planning, approved, allowed, noWait: false, limits: LIMITS }))
      // Narrowing may meet a value that does not fit; then everything is as it was.
      if (isStkError(error) && error.code === 'STK6011' && /too long|invalid input/.test(error.message)) expect(await planSchema(planning)).toEqual(approved)
      else {
        expect(error, `seed ${seed}`).toBeUndefined()
        expect((await planSchema(planning)).statements, `seed ${seed}`).toEqual([])
      }
      expect(await Promise.all(kept.map((sql) => rowsOf(database, sql))), `seed ${seed}`).toEqual(before)
    }
  })
})
