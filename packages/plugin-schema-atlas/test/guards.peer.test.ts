import type { SchemaDatabase, SchemaSubject, StkError } from '@santokit/core'
import { isStkError } from '@santokit/core'
import { inspectSchema } from '@santokit/core/schema'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applySchema } from '../../core/src/schema/apply/apply-schema.ts'
import type { SchemaPlan } from '../../core/src/schema/plan/format.ts'
import { planSchema, type Planning } from '../../core/src/schema/plan/plan-schema.ts'
import { atlasEngine } from '../src/engine.ts'
import { changed, extended, id, randomModel, writeSchema, type Model } from './random-schema.ts'
import { Random } from './random.ts'
import { contextOf, hasPeers, script, startEmbeddedPostgres, startLibsql, startSystemPostgres, subjectOf, type Server } from './servers.ts'

const engine = atlasEngine({})
const SEED = 20_261

function planning(database: SchemaDatabase, model: Model): Planning {
  const subject: SchemaSubject = subjectOf(database.driver, writeSchema(model, database.driver))
  return { subject, database, engine, ctx: contextOf() }
}

function apply(planned: Planning, approved: SchemaPlan, drops: readonly string[] = [], dryRun = false): ReturnType<typeof applySchema> {
  return applySchema({ ...planned, approved, allowed: { drops, statements: [] }, noWait: false, limits: { lockTimeout: 10_000, statementTimeout: 0 }, dryRun })
}

async function refusal(work: Promise<unknown>): Promise<StkError> {
  try {
    await work
  } catch (error) {
    if (isStkError(error)) return error
    throw error
  }
  throw new Error('It was not refused.')
}

describe.skipIf(!hasPeers).each([
  ['system Postgres', startSystemPostgres, { drifts: 60, plans: 22 }],
  ['embedded Postgres', startEmbeddedPostgres, { drifts: 60, plans: 22 }],
  ['libSQL', startLibsql, { drifts: 180, plans: 60 }],
] as const)('%s', (_, start, counts) => {
  let server: Server
  let database: SchemaDatabase
  let model: Model
  beforeAll(async () => {
    server = await start()
    database = await server.create()
    model = bigModel(new Random(SEED))
    await script(database, writeSchema(model, server.driver))
  })
  afterAll(() => server.stop())

  test('every drift between plan and apply is refused and named', { timeout: 1_800_000 }, async () => {
    const random = new Random(SEED)
    const planned = planning(database, extended(model, random))
    const plan = await planSchema(planned)
    expect(plan.statements).not.toEqual([])
    for (let at = 1; at <= counts.drifts; at += 1) {
      const drift = randomDrift(server.driver, model, random, at)
      await script(database, drift.apply)
      const present = await inspectSchema(database, planned.subject)
      const error = await refusal(apply(planned, plan))
      const told = `${server.name}, seed ${SEED}, drift ${at}: ${drift.apply}`
      expect(error.code, told).toBe('STK6006')
      for (const name of drift.names) expect(error.message, told).toContain(name)
      expect(await inspectSchema(database, planned.subject), told).toEqual(present)
      await script(database, drift.undo)
    }
    expect((await apply(planned, plan, [], true)).approval).toBe('as planned')
  })

  test('what destroys has to be allowed by name, and what does not goes through', { timeout: 1_800_000 }, async () => {
    const random = new Random(SEED)
    const count = { destructive: 0, safe: 0 }
    for (let at = 1; count.destructive < counts.plans || count.safe < counts.plans; at += 1) {
      const next = count.safe < count.destructive ? extended(model, random) : changed(model, random)
      const drops = dropped(model, next)
      if (drops.length === 0 ? count.safe >= counts.plans : count.destructive >= counts.plans) continue
      const planned = planning(database, next)
      const plan = await planSchema(planned)
      const told = `${server.name}, seed ${SEED}, plan ${at}:\n${plan.statements.map(({ sql }) => sql).join(';\n')}`
      if (plan.statements.length === 0) continue
      expect([...new Set(plan.statements.flatMap((statement) => statement.drops))].sort(), told).toEqual(drops)
      expect(plan.statements.filter(({ risk }) => risk === 'unknown'), told).toEqual([])
      if (drops.length === 0) {
        expect((await apply(planned, plan, [], true)).approval, told).toBe('as planned')
        count.safe += 1
      } else {
        const error = await refusal(apply(planned, plan))
        expect(error.code, told).toBe('STK6008')
        for (const drop of drops) expect(error.message, told).toContain(drop)
        // All but one are not enough.
        expect((await refusal(apply(planned, plan, drops.slice(1)))).message, told).toContain(drops[0])
        count.destructive += 1
      }
    }
  })
})

/** Enough of everything. */
function bigModel(random: Random): Model {
  let model = randomModel(random)
  for (let at = 0; at < 12; at += 1) model = extended(model, random)
  return model
}

/** What a person would say is lost on the way from one to the other. */
function dropped(from: Model, to: Model): readonly string[] {
  return from.tables.flatMap((table) => {
    const after = to.tables.find(({ name }) => name === table.name)
    if (after === undefined) return [`table:${table.name}`]
    return table.columns.filter(({ name }) => !after.columns.some((column) => column.name === name)).map(({ name }) => `column:${table.name}.${name}`)
  }).sort()
}

interface RandomDrift {
  readonly apply: string
  readonly undo: string
  /** What a message has to name. */
  readonly names: readonly string[]
}

function randomDrift(driver: Server['driver'], model: Model, random: Random, at: number): RandomDrift {
  const table = random.pick(model.tables)
  const on = id(table.name)
  const name = `drift_${at}`
  const drifts: RandomDrift[] = [
    { apply: `alter table ${on} add column ${name} integer`, undo: `alter table ${on} drop column ${name}`, names: [table.name, `column ${name}`] },
    { apply: `create table ${name} (id integer primary key)`, undo: `drop table ${name}`, names: [`${name} is new`] },
    { apply: `create index ${name} on ${on} (id)`, undo: `drop index ${name}`, names: [table.name, `index ${name}`] },
    { apply: `create view ${name} as select 1 as one`, undo: `drop view ${name}`, names: [`${name} is new`] },
    { apply: `alter table ${on} rename to ${name}`, undo: `alter table ${name} rename to ${on}`, names: [`${table.name} is gone`, `${name} is new`] },
  ]
  const column = table.columns.length === 0 ? undefined : random.pick(table.columns)
  if (column !== undefined) {
    const c = id(column.name)
    drifts.push({ apply: `alter table ${on} rename column ${c} to ${name}`, undo: `alter table ${on} rename column ${name} to ${c}`, names: [table.name, `column ${column.name}`, `column ${name}`] })
    if (driver === 'pg') {
      drifts.push(
        column.nullable
          ? { apply: `alter table ${on} alter column ${c} set not null`, undo: `alter table ${on} alter column ${c} drop not null`, names: [table.name, `column ${column.name}`] }
          : { apply: `alter table ${on} alter column ${c} drop not null`, undo: `alter table ${on} alter column ${c} set not null`, names: [table.name, `column ${column.name}`] },
        { apply: `comment on column ${on}.${c} is 'drop ${at}'`, undo: `comment on column ${on}.${c} is null`, names: [table.name, `column ${column.name}`] },
      )
    }
  }
  if (driver === 'pg') {
    drifts.push(
      { apply: `alter table ${on} add constraint ${name} check (id > -${at})`, undo: `alter table ${on} drop constraint ${name}`, names: [table.name, `constraint ${name}`] },
      { apply: `create type ${name} as enum ('drop')`, undo: `drop type ${name}`, names: [`${name} is new`] },
      { apply: `create function ${name}() returns int language sql as 'select ${at}'`, undo: `drop function ${name}()`, names: [`${name}() is new`] },
      { apply: `create sequence ${name}`, undo: `drop sequence ${name}`, names: [`${name} is new`] },
      { apply: `alter table ${on} enable row level security`, undo: `alter table ${on} disable row level security`, names: [table.name, 'row security'] },
      { apply: `create policy ${name} on ${on} using (true)`, undo: `drop policy ${name} on ${on}`, names: [table.name, `policy ${name}`] },
    )
  } else {
    drifts.push({ apply: `create trigger ${name} after insert on ${on} begin select 1; end`, undo: `drop trigger ${name}`, names: [table.name, `trigger ${name}`] })
  }
  for (const index of table.indexes) {
    const restore = writeSchema({ tables: [{ ...table, columns: [], indexes: [index] }], views: [] }, driver).split('\n').findLast((line) => line.startsWith('create')) ?? ''
    drifts.push({ apply: `drop index ${id(index.name)}`, undo: restore, names: [table.name, `index ${index.name}`] })
  }
  return random.pick(drifts)
}
