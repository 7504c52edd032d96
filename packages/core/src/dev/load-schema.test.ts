import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createClient } from '@libsql/client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ResolvedProject } from '../config/resolved.ts'
import { isStkError, type StkError } from '../diagnostics/error.ts'
import { startEmbeddedDatabases, type DevDatabase, type EmbeddedDatabases } from './embedded-databases.ts'
import type { OpenHcl } from './load-hcl.ts'
import { loadSchemaAndSeed } from './load-schema.ts'
import { withConnection } from '../schema/database/connection.ts'
import { withClient } from './postgres/client.ts'

let dataDir: string
let root = '/nowhere'
let embedded: EmbeddedDatabases
const project = (): ResolvedProject =>
  ({
    name: 'shop', root: join(root, 'projects/shop'),
    databases: { main: { driver: 'pg', url: { secret: 'DATABASE_URL' } }, cache: { driver: 'libsql', url: { secret: 'CACHE_URL' } } },
  }) as unknown as ResolvedProject

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'santokit-load-'))
  await chmod(dataDir, 0o755)
  embedded = await startEmbeddedDatabases({ projects: [project()], dataDir, env: {} })
})
afterAll(async () => {
  await embedded.stop()
  await rm(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'santokit-root-'))
  return () => rm(root, { recursive: true, force: true })
})

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

async function empty(database: DevDatabase): Promise<void> {
  if (database.driver === 'pg') {
    await withClient(database.url, (client) => client.query('drop schema public cascade; create schema public'))
    return
  }
  const client = createClient({ url: database.url, concurrency: 1 })
  await client.execute('pragma foreign_keys = off')
  const { rows } = await client.execute(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`)
  for (const { name } of rows) await client.execute(`drop table "${String(name)}"`)
  client.close()
}

async function values(database: DevDatabase, sql: string): Promise<unknown[]> {
  if (database.driver === 'pg') {
    return withClient(database.url, async (client) => (await client.query({ text: sql, rowMode: 'array' })).rows.flat())
  }
  const client = createClient({ url: database.url })
  const { rows } = await client.execute(sql)
  client.close()
  return rows.map((row) => row[0])
}

/** Stands in for an engine: each line of a file is a statement, which it runs in a session of its own. */
const hclOfLines: OpenHcl = async ({ sources }) => (target) => withConnection(target, async (connection) => {
  for (const line of sources.flatMap(({ text }) => text.split('\n'))) await connection.run(line)
})

describe.each(['main', 'cache'])('alias %s', (alias) => {
  let database: DevDatabase
  const load = (from: DevDatabase = database) => loadSchemaAndSeed({ project: project(), databases: [from], root })
  const refusal = (): Promise<StkError> =>
    load().then(() => expect.unreachable(), (error: unknown) => (isStkError(error) ? error : expect.unreachable(String(error))))

  beforeEach(async () => {
    const found = embedded.databases('shop').find((one) => one.alias === alias)
    if (found === undefined) throw new Error(`no database ${alias}`)
    database = found
    await empty(database)
  })

  test('schema, then SQL seed, then seed module', async () => {
    await write({
      [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);',
      [`projects/shop/seed/${alias}.sql`]: 'insert into a values (1), (2);',
      [`projects/shop/seed/${alias}.mjs`]: `export default async ({ db }) => {
        await db.exec('insert into a select 40 + max(n) from a')
      }`,
    })
    expect(await load()).toEqual([{
      alias, action: 'loaded',
      files: [`projects/shop/schema/${alias}.sql`, `projects/shop/seed/${alias}.sql`, `projects/shop/seed/${alias}.mjs`],
    }])
    expect(await values(database, 'select n from a order by n')).toEqual([1, 2, 42])
    expect((await load())[0]?.action).toBe('unchanged')
  })

  test('the files of a folder load in the order of their names', async () => {
    await write({
      [`projects/shop/schema/${alias}/2-b.sql`]: 'create table b (n int references a (n));',
      [`projects/shop/schema/${alias}/1-a.sql`]: 'create table a (n int primary key);',
      [`projects/shop/schema/${alias}/readme.md`]: 'not SQL',
    })
    expect((await load())[0]?.files).toEqual([`projects/shop/schema/${alias}/1-a.sql`, `projects/shop/schema/${alias}/2-b.sql`])
  })

  test('a changed schema empties a throw-away database and loads it again, whatever refers to what', async () => {
    await write({
      [`projects/shop/schema/${alias}.sql`]:
        'create table a (n int primary key); create table b (n int references a (n)); create view v as select n from b;',
      [`projects/shop/seed/${alias}.sql`]: 'insert into a values (1); insert into b values (1);',
    })
    await load()
    await write({
      [`projects/shop/schema/${alias}.sql`]: 'create table a (n int primary key, name text); create table b (n int references a (n));',
      [`projects/shop/seed/${alias}.sql`]: 'insert into a values (1, \'one\'); insert into b values (1);',
    })
    expect((await load())[0]?.action).toBe('reloaded')
    expect(await values(database, 'select name from a')).toEqual(['one'])
  })

  test('a failing statement is named by its line, and the database stays as it was', async () => {
    await write({
      [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);', [`projects/shop/seed/${alias}.sql`]: 'insert into a values (7);',
    })
    await load()
    await write({ [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);\n\n-- wrong\ncreate table b (n int,\n  n int);\n' })
    const error = await refusal()
    expect(error.code).toBe('STK5003')
    expect(error.details.where?.file).toBe(`projects/shop/schema/${alias}.sql`)
    expect(error.details.where?.line).toBe(4)
    expect(error.details.why).toMatch(/duplicate column|specified more than once/)
    expect(await values(database, 'select n from a')).toEqual([7])
  })

  test('a seed that breaks a constraint is refused where it stands', async () => {
    await write({
      [`projects/shop/schema/${alias}.sql`]: 'create table a (n int primary key); create table b (n int references a (n));',
      [`projects/shop/seed/${alias}.sql`]: 'insert into a values (1);\ninsert into b values (2);\n',
    })
    const error = await refusal()
    expect(error.details.where).toMatchObject({ file: `projects/shop/seed/${alias}.sql`, line: 2 })
  })

  test('a seed module that throws is named with its line', async () => {
    await write({
      [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);',
      [`projects/shop/seed/${alias}.mjs`]: 'export default async () => {\n  throw new Error(\'no\')\n}\n',
    })
    const error = await refusal()
    expect(error.details).toMatchObject({ why: 'no', where: { file: `projects/shop/seed/${alias}.mjs`, line: 2 } })
  })

  test('a database of somebody\'s own is loaded when empty and kept when not', async () => {
    await write({ [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);' })
    const own = { ...database, throwaway: false }
    expect((await load(own))[0]?.action).toBe('loaded')
    await write({ [`projects/shop/schema/${alias}.sql`]: 'create table b (n int);' })
    expect((await load(own))[0]?.action).toBe('kept')
    expect(await values(database, 'select count(*) from a')).toEqual([alias === 'main' ? '0' : 0])
  })

  test('HCL without an engine is refused with how to get one, and the database stays as it was', async () => {
    await write({ [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);', [`projects/shop/seed/${alias}.sql`]: 'insert into a values (7);' })
    await load()
    await rm(join(root, `projects/shop/schema/${alias}.sql`))
    await write({ [`projects/shop/schema/${alias}/a.hcl`]: 'table "a" {}' })
    const error = await refusal()
    expect(error.code).toBe('STK6001')
    expect(error.message).toContain(`projects/shop/schema/${alias}/a.hcl`)
    expect(error.details.fix).toContain('npm install --save-dev @santokit/plugin-schema-atlas')
    expect(await values(database, 'select n from a')).toEqual([7])
    await write({ [`projects/shop/schema/${alias}.sql`]: 'create table a (n int);' })
    expect((await refusal()).code).toBe('STK6003')
  })

  test('HCL is loaded by an engine, then seeded; when either fails nothing half-loaded stays', async () => {
    const withHcl = (): ReturnType<typeof load> => loadSchemaAndSeed({ project: project(), databases: [database], root, openHcl: hclOfLines })
    const failure = (): Promise<string> => withHcl().then(() => expect.unreachable(), String)
    await write({ [`projects/shop/schema/${alias}.hcl`]: 'create table a (n int)', [`projects/shop/seed/${alias}.sql`]: 'insert into a values (1);' })
    expect(await withHcl()).toEqual([{ alias, action: 'loaded', files: [`projects/shop/schema/${alias}.hcl`, `projects/shop/seed/${alias}.sql`] }])
    expect((await withHcl())[0]?.action).toBe('unchanged')
    await write({ [`projects/shop/schema/${alias}.hcl`]: 'create table a (n int)\ncreate table b (m int)' })
    expect((await withHcl())[0]?.action).toBe('reloaded')
    expect(await values(database, 'select m from b')).toEqual([])

    await write({ [`projects/shop/schema/${alias}.hcl`]: 'create table a (n int)\ncreate nonsense' })
    expect(await failure()).toContain('nonsense')
    await expect(values(database, 'select n from a')).rejects.toThrow(/a/)
    await write({ [`projects/shop/schema/${alias}.hcl`]: 'create table a (n int)', [`projects/shop/seed/${alias}.sql`]: 'insert into c values (1);' })
    expect(await failure()).toContain('STK5003')
    await expect(values(database, 'select n from a')).rejects.toThrow(/a/)
    await write({ [`projects/shop/seed/${alias}.sql`]: 'insert into a values (1);' })
    expect((await withHcl())[0]?.action).toBe('loaded')
    expect(await values(database, 'select n from a')).toEqual([1])
  })

  test('without files there is nothing to load', async () => {
    expect(await load()).toEqual([{ alias, action: 'no-schema', files: [] }])
  })
})

test('Postgres names the place within the statement', async () => {
  await write({ 'projects/shop/schema/main.sql': 'create table a (\n  n int,\n  té text default \'é😀\', m nosuchtype\n);\n' })
  const database = embedded.databases('shop').find(({ driver }) => driver === 'pg')
  await empty(database!)
  const error: unknown = await loadSchemaAndSeed({ project: project(), databases: [database!], root }).catch((thrown: unknown) => thrown)
  expect((error as StkError).details.where).toMatchObject({ line: 3, column: 28 })
})
