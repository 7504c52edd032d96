import { existsSync, statSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withConnection } from '@santokit/core/schema'
import type { SchemaDatabase } from '@santokit/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkout, type Checkout } from '../../../tests/checkout.ts'
import { hasPeers, query, script, startLibsql, startSystemPostgres, type Server } from './servers.ts'

const CONFIG = `import { defineConfig, secret } from '@santokit/core'
import atlas from '@santokit/plugin-schema-atlas'

export default defineConfig({
  plugins: [atlas()],
  projects: {
    shop: { root: 'shop', databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } } },
    links: { root: 'links', databases: { main: { driver: 'libsql', url: secret('LINKS_URL') } } },
  },
})
`

let postgres: Server | undefined
let libsql: Server | undefined
beforeAll(async () => {
  if (!hasPeers) return
  ;[postgres, libsql] = await Promise.all([startSystemPostgres(), startLibsql()])
})
afterAll(() => Promise.all([postgres?.stop(), libsql?.stop()]))

interface World extends Checkout {
  readonly shop: SchemaDatabase
  readonly links: SchemaDatabase
  readonly env: Record<string, string>
  run(...args: string[]): ReturnType<Checkout['stk']>
}

/** A copy of the playground with empty databases. */
async function playground(): Promise<World> {
  const repository = await checkout({ 'santokit.config.ts': CONFIG })
  for (const project of ['shop', 'links']) {
    await cp(join(process.cwd(), 'playground', project, 'schema'), join(repository.root, project, 'schema'), { recursive: true })
  }
  const [shop, links] = [await postgres!.create(), await libsql!.create()]
  // The alias `cache` is not in this config.
  await repository.remove('shop/schema/cache.sql')
  const env = { DATABASE_URL: shop.url.reveal(), LINKS_URL: links.url.reveal() }
  return { ...repository, shop, links, env, run: (...args) => repository.spawnStk(args, env).ended }
}

async function edit(world: World, path: string, from: string, to: string): Promise<void> {
  const file = join(world.root, path)
  const text = await readFile(file, 'utf8')
  expect(text).toContain(from)
  await writeFile(file, text.replace(from, to))
}

describe.skipIf(!hasPeers)('the main road', () => {
  test('plan, comment, approve, apply; then drift, and a refusal', { timeout: 900_000 }, async () => {
    const world = await playground()
    const password = new URL(world.env.DATABASE_URL as string).password
    const outputs: string[] = []
    const stk = async (...args: string[]): Promise<Awaited<ReturnType<Checkout['stk']>>> => {
      const ran = await world.run(...args)
      outputs.push(ran.stdout, ran.stderr)
      return ran
    }
    const first = await stk('schema', 'plan', '--out', 'plan.json', '--format', 'markdown', '--detailed-exitcode')
    expect(first.code, first.stderr).toBe(2)
    expect(first.stdout).toContain('CREATE TABLE "public"."products"')
    expect(first.stdout).toContain('count_hits_by_day')
    const applied = await stk('schema', 'apply', 'plan.json', '--yes')
    expect(applied.code, applied.stdout + applied.stderr).toBe(0)
    expect((await stk('schema', 'plan', '--detailed-exitcode')).code).toBe(0)
    expect((await stk('schema', 'apply', 'plan.json', '--yes')).stdout).toContain('was done before')

    await script(world.shop, `insert into categories (slug, name) values ('drop table', 'x')`)
    await script(world.links, `insert into links (slug, url, owner) values ('abc', 'https://a', 'me'); update links set hits = 3`)
    await edit(world, 'shop/schema/main.sql', 'name text not null\n);', `name text not null default 'DROP TABLE users',\n  note text\n);`)
    await edit(world, 'links/schema/main.sql', 'owner      text not null', 'owner      text not null check (owner <> \'drop table\')')
    expect((await stk('schema', 'plan', '--out', 'plan.json')).code).toBe(0)
    await script(world.shop, 'alter table categories add column sneaky int')
    const refused = await stk('schema', 'apply', 'plan.json', '--yes')
    expect(refused.code).toBe(1)
    expect(refused.stdout + refused.stderr).toContain('STK6006')
    expect(refused.stdout + refused.stderr).toContain('table public.categories: column sneaky')

    await script(world.shop, 'alter table categories drop column sneaky')
    const again = await stk('schema', 'apply', 'plan.json', '--yes')
    expect(again.code, again.stdout + again.stderr).toBe(0)
    expect(await query(world.shop, 'select slug, name, note from categories')).toEqual([{ slug: 'drop table', name: 'x', note: null }])
    expect(await query(world.links, 'select links.hits, by_day.hits as by_day from links join hits_by_day by_day using (slug)')).toEqual([{ hits: 3, by_day: 3 }])

    await edit(world, 'shop/schema/main.sql', ',\n  note text', '')
    const gated = await stk('schema', 'apply', '--project', 'shop', '--yes')
    expect(gated.code).toBe(1)
    expect(gated.stdout + gated.stderr).toContain('--allow-drop column:categories.note')
    expect((await stk('schema', 'apply', '--project', 'shop', '--yes', '--allow-drop', 'column:categories.note')).code).toBe(0)
    for (const text of [...outputs, await world.read('plan.json')]) expect(text).not.toContain(password)
  })
})

describe.skipIf(!hasPeers)('kill -9', () => {
  test('Postgres: what was in its transaction is taken back, what ran alone stays, and the next run finishes', { timeout: 900_000 }, async () => {
    const world = await playground()
    await world.write('shop/schema/main.sql', 'create table users (id int primary key); create type mood as enum (\'a\');')
    expect((await world.run('schema', 'apply', '--project', 'shop', '--yes')).code).toBe(0)
    await world.write('shop/schema/main.sql', 'create table users (id int primary key, email text); create table posts (id int primary key); create type mood as enum (\'a\', \'b\');')
    expect((await world.run('schema', 'plan', '--project', 'shop', '--out', 'plan.json')).code).toBe(0)
    await withConnection(world.shop, async (reader) => {
      // In the way of the statement on `users`, so that the run stands in its middle.
      await reader.begin()
      await reader.rows('select * from users')
      await killWhen(world, ['schema', 'apply', 'plan.json', '--yes'], async () => (await query(world.shop, `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike 'alter table%'`)).length > 0)
      await reader.rollback()
    })
    await until(async () => (await query(world.shop, `select 1 from pg_stat_activity where application_name = 'stk schema' and pid <> pg_backend_pid() and datname = current_database()`)).length === 0)
    const left = await world.run('schema', 'plan', '--project', 'shop', '--detailed-exitcode')
    expect(left.code, left.stdout + left.stderr).toBe(2)
    expect(left.stdout).toContain('ALTER TABLE "public"."users" ADD COLUMN "email" text')
    expect(left.stdout).not.toContain('ADD VALUE')
    const finished = await world.run('schema', 'apply', 'plan.json', '--yes')
    expect(finished.code, finished.stdout + finished.stderr).toBe(0)
    expect((await world.run('schema', 'plan', '--project', 'shop', '--detailed-exitcode')).code).toBe(0)
  })

  test('libSQL: a table that was being made anew is as it was, and the next run finishes', { timeout: 900_000 }, async () => {
    const world = await playground()
    await script(world.links, `create table numbers (n integer not null); insert into numbers with recursive counted(n) as (select 1 union all select n + 1 from counted where n < 400000) select n from counted`)
    await world.write('links/schema/main.sql', 'create table numbers (n integer not null check (n > 0)); create table more (id integer primary key);')
    expect((await world.run('schema', 'plan', '--project', 'links', '--out', 'plan.json')).code).toBe(0)
    const journal = `${world.links.url.reveal().replace('file://', '').replaceAll('%20', ' ')}`
    await killWhen(world, ['schema', 'apply', 'plan.json', '--yes'], async () => [`${journal}-journal`, `${journal}-wal`].some((file) => existsSync(file) && statSync(file).size > 0))
    expect(await query(world.links, 'select count(*) as count, sum(n) as sum from numbers')).toEqual([{ count: 400_000, sum: 80_000_200_000 }])
    const finished = await world.run('schema', 'apply', 'plan.json', '--yes')
    expect(finished.code, finished.stdout + finished.stderr).toBe(0)
    expect((await world.run('schema', 'plan', '--project', 'links', '--detailed-exitcode')).code).toBe(0)
    expect(await query(world.links, 'select count(*) as count, sum(n) as sum from numbers')).toEqual([{ count: 400_000, sum: 80_000_200_000 }])
  })
})

test.skipIf(!hasPeers)('of two runs at once, one waits and finds it done; with --no-wait it leaves', { timeout: 900_000 }, async () => {
  const world = await playground()
  await world.run('schema', 'plan', '--project', 'shop', '--out', 'plan.json')
  const both = await Promise.all([world.run('schema', 'apply', 'plan.json', '--yes'), world.run('schema', 'apply', 'plan.json', '--yes')])
  expect(both.map(({ code }) => code), both.map(({ stdout, stderr }) => stdout + stderr).join('\n')).toEqual([0, 0])
  expect(both.filter(({ stdout }) => stdout.includes('was done before'))).toHaveLength(1)
  await edit(world, 'shop/schema/main.sql', 'slug text not null unique', 'slug text not null unique check (slug <> \'\')')
  await world.run('schema', 'plan', '--project', 'shop', '--out', 'plan.json')
  await withConnection(world.shop, async (reader) => {
    await reader.begin()
    await reader.rows('select * from categories')
    const first = world.spawnStk(['schema', 'apply', 'plan.json', '--yes'], world.env)
    await until(async () => (await query(world.shop, `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike 'alter table%'`)).length > 0)
    const second = await world.run('schema', 'apply', 'plan.json', '--yes', '--no-wait')
    expect([second.code, second.stdout + second.stderr]).toEqual([1, expect.stringContaining('STK6010')])
    await reader.rollback()
    await first.ended
  })
})

async function killWhen(world: World, args: readonly string[], condition: () => Promise<boolean>): Promise<void> {
  const running = world.spawnStk(args, world.env)
  let ended = false
  void running.ended.then(() => { ended = true })
  await until(async () => {
    if (ended) throw new Error(`It ended before it could be killed:\n${running.output()}`)
    return condition()
  })
  running.child.kill('SIGKILL')
  await running.ended
}

/** Waits for what is sure to come; the test's own time limit ends it otherwise. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => { setImmediate(resolve) })
}
