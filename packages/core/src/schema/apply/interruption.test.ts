import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SchemaDatabase } from '../contract.ts'
import { withConnection } from '../database/connection.ts'
import { context, rowsOf, run, startDatabases, subject, type Databases } from '../fixtures/databases.ts'
import { smallEngine } from '../fixtures/small-engine.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import { applySchema, type Applied } from './apply-schema.ts'
import type { SchemaPlan } from '../plan/format.ts'

let databases: Databases
beforeAll(async () => { databases = await startDatabases() })
afterAll(() => databases.stop())

const apply = (planning: Planning, approved: SchemaPlan): Promise<Applied> =>
  applySchema({ ...planning, approved, allowed: { drops: [], statements: [] }, noWait: false, limits: { lockTimeout: 0, statementTimeout: 0 } })

/** Runs a plan's statements in a process of its own, which is killed when it says where it is. */
async function killedAt(database: SchemaDatabase, planning: Planning, approved: SchemaPlan, said: string, meanwhile: () => Promise<void>): Promise<void> {
  const module = new URL('./execute.ts', import.meta.url).pathname
  const script = `
    import { createJiti } from 'jiti'
    const jiti = createJiti(process.cwd() + '/x.mjs')
    const { execute } = await jiti.import(${JSON.stringify(module)})
    const { connect } = await jiti.import(${JSON.stringify(new URL('../database/connection.ts', import.meta.url).pathname)})
    const { SecretValue } = await jiti.import(${JSON.stringify(new URL('../../secrets/secret-value.ts', import.meta.url).pathname)})
    const given = JSON.parse(process.env.GIVEN)
    const database = { driver: given.driver, url: new SecretValue(given.url) }
    const ctx = { signal: new AbortController().signal, progress: (message) => console.log(message), warn() {} }
    await execute({ ...given.execution, connection: await connect(database), database, ctx })
    console.log('all done')
  `
  const execution = { subject: planning.subject, turn: { project: 'shop', alias: 'main', noWait: false }, statements: approved.statements, live: approved.live, limits: { lockTimeout: 0, statementTimeout: 0 } }
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, GIVEN: JSON.stringify({ driver: database.driver, url: database.url.reveal(), execution }) },
  })
  const ended = once(child, 'exit')
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.includes(said)) break
  }
  expect(output).toContain(said)
  await meanwhile()
  child.kill('SIGKILL')
  await ended
}

test('libsql: killed in the middle, nothing has happened, and the same plan is applied', { timeout: 120_000 }, async () => {
  const database = await databases.create('libsql')
  await run(database, 'create table a (id integer primary key, x text); insert into a values (1, \'kept\')')
  const planning = { subject: subject('libsql', 'create table a (id integer primary key, x text, y text); create table b (n int)'), database, engine: smallEngine(databases), ctx: context() }
  const approved = await planSchema(planning)
  const endless = { sql: 'create table endless as with recursive n (i) as (select 1 union all select i + 1 from n) select i from n', risk: 'unknown' as const, why: '', drops: [], objects: [], transactional: true }
  await killedAt(database, planning, { ...approved, statements: [...approved.statements, endless] }, `${approved.statements.length + 1} of`, async () => {})
  expect(await planSchema(planning)).toEqual(approved)
  expect((await apply(planning, approved)).approval).toBe('as planned')
  expect(await rowsOf(database, 'select * from a')).toEqual([{ id: 1, x: 'kept', y: null }])
})

const WAITING = `select pid from pg_stat_activity where query ilike 'create index concurrently%' and wait_event_type = 'Lock'`

test('pg: killed between statements that each stand for themselves, the next run says what is left and finishes it', { timeout: 120_000 }, async () => {
  const database = await databases.create('pg')
  await run(database, 'create table a (x text); create table b (y text)')
  const wanted = 'create table a (x text); create index a_x on a (x); create table b (y text); create index b_y on b (y)'
  const planning = { subject: subject('pg', wanted), database, engine: smallEngine(databases, { concurrently: true }), ctx: context() }
  const approved = await planSchema(planning)
  expect(approved.statements.map(({ transactional }) => transactional)).toEqual([false, false])
  await withConnection(database, async (holder) => {
    await holder.begin()
    await holder.run('lock table b in share row exclusive mode')
    await killedAt(database, planning, approved, '2 of 2', async () => {
      while ((await rowsOf(database, WAITING)).length === 0) await delay(20)
    })
    // What a server does as soon as it notices that nobody is there.
    await rowsOf(database, WAITING.replace('select pid', 'select pg_terminate_backend(pid)'))
    while ((await rowsOf(database, WAITING)).length > 0) await delay(20)
  })
  const between = await planSchema(planning)
  expect(between.statements).toEqual(approved.statements.slice(1))
  expect(await apply(planning, approved)).toEqual({ approval: 'to be finished', statements: approved.statements.slice(1) })
  expect((await planSchema(planning)).statements).toEqual([])
  expect(await rowsOf(database, `select indisvalid from pg_index where indexrelid in ('a_x'::regclass, 'b_y'::regclass)`)).toEqual([{ indisvalid: true }, { indisvalid: true }])
})

test('pg: an index that was left unfinished is built again', async () => {
  const database = await databases.create('pg')
  await run(database, 'create table a (id int primary key, x int); insert into a values (1, 1), (2, 1)')
  await run(database, 'create unique index concurrently a_x on a (x)').catch(() => {})
  expect(await rowsOf(database, `select indisvalid from pg_index where indexrelid = 'a_x'::regclass`)).toEqual([{ indisvalid: false }])
  const planning = { subject: subject('pg', 'create table a (id int primary key, x int); create unique index a_x on a (x)'), database, engine: smallEngine(databases), ctx: context() }
  const approved = await planSchema(planning)
  expect(approved.statements.map(({ sql }) => sql)).toEqual(['REINDEX INDEX CONCURRENTLY "public"."a_x"'])
  await run(database, 'update a set x = id')
  await apply(planning, approved)
  expect(await rowsOf(database, `select indisvalid from pg_index where indexrelid = 'a_x'::regclass`)).toEqual([{ indisvalid: true }])
})
