import assert from 'node:assert/strict'
import { inspect, isDeepStrictEqual } from 'node:util'
import { isStkError } from '../diagnostics/index.ts'
import { applySchema } from '../schema/apply/apply-schema.ts'
import type { SchemaContext, SchemaDatabase, SchemaEngine, SchemaSource, SchemaSubject } from '../schema/contract.ts'
import { withConnection } from '../schema/database/connection.ts'
import type { SchemaPlan } from '../schema/plan/format.ts'
import { planSchema, type Planning } from '../schema/plan/plan-schema.ts'
import { splitStatements } from '../schema/sources/statements.ts'
import { inspectSchema } from '../schema/state/inspect.ts'
import { appearances, encodings } from './appearances.ts'
import { schemaContext } from './contexts.ts'
import { sampleRows, sampleSchema, sampleSql } from './schema/model.ts'
import { destructiveMutation, sampleDrift, safeMutation } from './schema/mutations.ts'
import { randomFrom } from './schema/random.ts'

/** Where an engine is tried. */
export interface SchemaEngineWorld {
  /** A new, empty database. Called often. */
  createDatabase(): Promise<SchemaDatabase>
  /**
   * Puts a schema into files, if the engine reads files and not {@link SchemaSource.text}.
   *
   * @param sql the whole schema, in SQL.
   */
  writeSources?(sql: string): Promise<readonly SchemaSource[]>
  cleanup?(): Promise<void>
}

/** An engine under test. */
export interface SchemaEngineSuite {
  /** Declares a test: `test` of vitest, `node:test`, jest, … */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  /** What stands before each test's name, if a suite is declared more than once. */
  readonly label?: string
  readonly driver: SchemaSubject['driver']
  readonly engine: SchemaEngine
  /** Called once for each test. */
  readonly create: () => Promise<SchemaEngineWorld>
  /** What differs from a plain context. */
  readonly context?: Partial<SchemaContext>
  /** How many random cases each of the random tests takes. @default 20 */
  readonly cases?: number
  /** Other cases for another number. @default 1 */
  readonly seed?: number
}

/**
 * Declares the tests that every schema engine must pass. They plan and apply through core, on real databases.
 *
 * @example
 * testSchemaEngine({ test, driver: 'libsql', engine: myEngine(), create: async () => ({ createDatabase: newFile }) })
 */
export function testSchemaEngine(suite: SchemaEngineSuite): void {
  const { driver, engine, cases = 20, seed = 1, label } = suite
  const declare = (name: string, body: (bench: Bench) => Promise<void>): void => {
    suite.test(label === undefined ? name : `${label}: ${name}`, async () => {
      const world = await suite.create()
      try {
        await body(new Bench(suite, world))
      } finally {
        await world.cleanup?.()
      }
    })
  }

  declare('supports SQL for its driver, and has a name', async (bench) => {
    assert.match(engine.name, /^[a-z][a-z0-9-]*$/)
    assert.ok(engine.supports(await bench.subject('create table a (id integer primary key)')))
  })

  declare('says which version it is', async (bench) => {
    const found = await engine.preflight?.(bench.context())
    if (found !== undefined) assert.match(`${found.version} ${found.summary}`, /\S+ \S/)
  })

  declare('plans without writing, and the same each time', async (bench) => {
    const planning = await bench.planning(sampleSql(sampleSchema(randomFrom(seed)), driver))
    const before = await inspectSchema(planning.database, planning.subject)
    const drafts = [await engine.plan(planning.database, planning.subject, bench.context()), await engine.plan(planning.database, planning.subject, bench.context())]
    assert.deepEqual(drafts[1], drafts[0])
    assert.ok((drafts[0]?.statements.length ?? 0) > 0, 'a schema for an empty database takes statements')
    assert.deepEqual(await inspectSchema(planning.database, planning.subject), before, 'planning changed the database')
  })

  declare('knows the state that the sources ask for', async (bench) => {
    const sql = sampleSql(sampleSchema(randomFrom(seed)), driver)
    const planning = await bench.planning(sql)
    const { to } = await engine.plan(planning.database, planning.subject, bench.context())
    const made = await bench.database(sql)
    assert.deepEqual(to, await inspectSchema(made, planning.subject))
  })

  declare(`${cases} random changes converge, and rows that stay are what they were`, async (bench) => {
    for (let at = 0; at < cases; at += 1) await bench.converges(seed * 100_000 + at)
  })

  declare(`${cases} changes that take something away are gated by its name, and ${cases} others are not`, async (bench) => {
    for (let at = 0; at < cases; at += 1) await bench.gates(seed * 200_000 + at)
  })

  declare(`${cases} drifts between plan and apply are refused and named`, async (bench) => {
    for (let at = 0; at * DRIFTS < cases; at += 1) await bench.refusesDrifts(seed * 300_000 + at, Math.min(DRIFTS, cases - at * DRIFTS))
  })

  declare('leaves alone what is excluded', async (bench) => {
    const planning = await bench.planning('create table mine (id integer primary key)', 'create table audit_log (id integer primary key); insert into audit_log values (7)', ['audit_*'])
    await bench.apply(planning, await planSchema(planning))
    assert.deepEqual(await bench.rows(planning.database, 'select id from audit_log'), [{ id: 7 }])
  })

  declare('says where a source is wrong', async (bench) => {
    const planning = await bench.planning('create table a (id integer primary key);\n\ncreate table oops (\n')
    const error = await engine.plan(planning.database, planning.subject, bench.context()).then(() => undefined, (thrown: unknown) => thrown)
    assert.ok(isStkError(error) && error.code === 'STK6003', `must be refused with STK6003, not with ${inspect(error)}`)
  })

  declare('stops when it is interrupted', async (bench) => {
    const planning = await bench.planning('create table a (id integer primary key)')
    const work = engine.plan(planning.database, planning.subject, bench.context({ signal: AbortSignal.abort(new Error('interrupted')) }))
    await assert.rejects(work)
  })
}

/** How many drifts one database takes. */
const DRIFTS = 20

class Bench {
  readonly #said: string[] = []

  constructor(private readonly suite: SchemaEngineSuite, private readonly world: SchemaEngineWorld) {}

  context(more: Partial<SchemaContext> = {}): SchemaContext {
    const say = (message: string): void => { this.#said.push(message) }
    return schemaContext({ progress: say, warn: say, ...this.suite.context, ...more })
  }

  async subject(sql: string, exclude: readonly string[] = []): Promise<SchemaSubject> {
    const { driver } = this.suite
    const sources = await this.world.writeSources?.(sql) ?? [{ path: 'schema/main.sql', absolute: '/nowhere/schema/main.sql', kind: 'sql', text: sql }]
    return { project: 'sample', alias: 'main', driver, sources, schemas: driver === 'pg' ? ['public'] : [], exclude }
  }

  async database(sql = ''): Promise<SchemaDatabase> {
    const database = await this.world.createDatabase()
    await this.run(database, sql)
    return database
  }

  async planning(sql: string, live = '', exclude: readonly string[] = []): Promise<Planning> {
    return { subject: await this.subject(sql, exclude), database: await this.database(live), engine: this.suite.engine, ctx: this.context() }
  }

  async run(database: SchemaDatabase, script: string): Promise<void> {
    await withConnection(database, async (connection) => {
      for (const { text } of splitStatements(script, database.driver)) await connection.run(text)
    })
  }

  async rows(database: SchemaDatabase, sql: string): Promise<readonly object[]> {
    return withConnection(database, async (connection) => (await connection.rows(sql)).map((row) => ({ ...row })))
  }

  async apply(planning: Planning, approved: SchemaPlan, drops: readonly string[] = dropsOf(approved)): Promise<void> {
    await applySchema({ ...planning, approved, allowed: { drops, statements: [] }, noWait: false, limits: { lockTimeout: 0, statementTimeout: 0 } })
  }

  async converges(seed: number): Promise<void> {
    const { driver } = this.suite
    const random = randomFrom(seed)
    const schema = sampleSchema(random)
    let wanted = schema
    for (let steps = 1 + random.below(3); steps > 0; steps -= 1) wanted = (random.oneIn(3) ? destructiveMutation : safeMutation)(wanted, driver, random).schema
    const rows = sampleRows(schema, random).map((row) => `${row};\n`).join('')
    const planning = await this.planning(sampleSql(wanted, driver), `${sampleSql(schema, driver)}${rows}`)
    const kept = wanted.tables.flatMap((table) => {
      const old = schema.tables.find(({ name }) => name === table.name)
      const columns = table.columns.filter(({ name, type }) => old?.columns.some((before) => before.name === name && before.type === type))
      return old === undefined ? [] : [`select ${['id', ...columns.map(({ name }) => name)].join(', ')} from ${table.name} order by id`]
    })
    const before = await Promise.all(kept.map((sql) => this.rows(planning.database, sql)))
    const approved = await planSchema(planning)
    const error = await this.apply(planning, approved).then(() => undefined, (thrown: unknown) => thrown)
    const isTooLong = isStkError(error) && error.code === 'STK6011' && /too long|invalid input/.test(error.message)
    // A value that does not fit a narrower type fails the change; then everything is as it was.
    assert.ok(error === undefined || isTooLong, `seed ${seed}: ${inspect(error)}`)
    const left = (await planSchema(planning)).statements
    assert.equal(left.length, isTooLong ? approved.statements.length : 0, `seed ${seed}: left to do: ${inspect(left)}`)
    const after = await Promise.all(kept.map((sql) => this.rows(planning.database, sql)))
    assert.ok(isDeepStrictEqual(after, before), `seed ${seed}: rows have changed`)
    this.#assertSecretsKept(planning.database, approved)
  }

  async gates(seed: number): Promise<void> {
    const { driver } = this.suite
    const random = randomFrom(seed)
    const schema = sampleSchema(random)
    const database = await this.database(sampleSql(schema, driver))
    for (const mutate of [safeMutation, destructiveMutation]) {
      const { schema: wanted, what, drops } = mutate(schema, driver, random)
      const planning: Planning = { subject: await this.subject(sampleSql(wanted, driver)), database, engine: this.suite.engine, ctx: this.context() }
      const plan = await planSchema(planning)
      const said = `seed ${seed}, ${what}: ${inspect(plan.statements)}`
      assert.deepEqual(dropsOf(plan), drops, said)
      assert.ok(plan.statements.every(({ risk }) => risk !== 'unknown'), said)
      if (drops.length === 0) continue
      const error = await this.apply(planning, plan, []).then(() => undefined, (thrown: unknown) => thrown)
      assert.ok(isStkError(error) && error.code === 'STK6008' && drops.every((drop) => error.message.includes(drop)), `${said}\n${inspect(error)}`)
    }
  }

  async refusesDrifts(seed: number, count: number): Promise<void> {
    const { driver } = this.suite
    const random = randomFrom(seed)
    const schema = sampleSchema(random)
    const planning = await this.planning(sampleSql(safeMutation(schema, driver, random).schema, driver), sampleSql(schema, driver))
    for (let number = 0; number < count; number += 1) {
      const approved = await planSchema(planning)
      const { sql, names } = sampleDrift(schema, driver, number, random)
      await this.run(planning.database, sql)
      const error = await this.apply(planning, approved).then(() => undefined, (thrown: unknown) => thrown)
      assert.ok(isStkError(error) && error.code === 'STK6006' && error.message.includes(names), `seed ${seed}: ${sql}: ${inspect(error)}`)
    }
  }

  /** Nothing that is shown or kept may open the database. */
  #assertSecretsKept({ url, authToken }: SchemaDatabase, plan: SchemaPlan): void {
    const text = url.reveal()
    const secrets = [URL.canParse(text) ? decodeURIComponent(new URL(text).password) : '', authToken?.reveal() ?? ''].filter((secret) => secret.length >= 8)
    const shown = [...this.#said, ...appearances(plan)]
    for (const form of secrets.flatMap(encodings)) assert.ok(!shown.some((each) => each.includes(form)), 'a password or token can be seen')
  }
}

function dropsOf({ statements }: SchemaPlan): readonly string[] {
  return [...new Set(statements.flatMap(({ drops }) => drops))].sort()
}
