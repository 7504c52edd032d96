import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient } from '@libsql/client'
import { beforeEach, expect, test } from 'vitest'
import { main } from '../main.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'santokit-schema-verbs-'))
  await mkdir(join(root, 'projects/shop/schema'), { recursive: true })
  await mkdir(join(root, 'projects/shop/logic'), { recursive: true })
  await writeFile(join(root, 'santokit.config.mjs'), CONFIG)
  await wanted('create table users (id integer primary key, old text)')
  return () => rm(root, { recursive: true, force: true })
})

/** An engine that knows one table: it adds what is missing to it and drops what is too much. */
const CONFIG = `
  import { readFileSync } from 'node:fs'
  const columns = (text) => [...text.matchAll(/\\b(\\w+) (?:integer|text)/g)].map(([, name]) => name)
  const engine = {
    name: 'tiny',
    supports: () => true,
    async plan(database, subject) {
      const names = columns(subject.sources[0].text)
      const live = columns(readFileSync(new URL('./live.txt', import.meta.url), 'utf8'))
      const part = (name) => ({ type: name === 'id' ? 'integer' : 'text', nullable: true, default: null, generated: null, identity: null, collation: null })
      const parts = Object.fromEntries(names.toSorted().map((name) => ['column ' + name, part(name)]))
      parts['constraint primary key (id)'] = { type: 'primary key', definition: 'id' }
      return {
        to: { objects: { 'table users': { kind: 'table', name: 'users', parts } } },
        statements: [
          ...names.filter((name) => !live.includes(name)).map((name) => ({ sql: 'alter table users add column ' + name + ' text' })),
          ...live.filter((name) => !names.includes(name)).map((name) => ({ sql: 'alter table users drop column ' + name })),
        ],
      }
    },
  }
  export default {
    plugins: [{ name: 'tiny', schemaEngines: [engine] }],
    projects: { shop: { databases: { main: { driver: 'libsql', url: 'file:shop.db' } } } },
  }
`

async function wanted(sql: string): Promise<void> {
  await writeFile(join(root, 'projects/shop/schema/main.sql'), sql)
}

/** Changes the database by hand; the engine of the config is told of it by a file, since it does not look itself. */
async function byHand(...statements: readonly string[]): Promise<void> {
  const client = createClient({ url: pathToFileURL(join(root, 'shop.db')).href })
  for (const statement of statements) await client.execute(statement)
  const { rows } = await client.execute('select name, type from pragma_table_info(\'users\')')
  client.close()
  await writeFile(join(root, 'live.txt'), rows.map(({ name, type }) => `${String(name)} ${String(type).toLowerCase()}`).join('\n'))
}

async function stk(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', '']
  const code = await main(args, {
    stdout: { write: (text: string) => { out += text; return true } }, stderr: { write: (text: string) => { err += text; return true } },
    stdin: {}, env: { ...process.env, CI: '1', NO_COLOR: '1' }, cwd: () => root, on() {}, off() {}, removeAllListeners() {}, exit() {},
  } as unknown as NodeJS.Process)
  return { code, out, err }
}

test('plan: exit codes, formats and the file; nothing is changed', async () => {
  await byHand('create table users (id integer primary key, old text)')
  expect(await stk('schema', 'plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  await wanted('create table users (id integer primary key, email text)')
  const plan = await stk('schema', 'plan', '--detailed-exitcode', '--out', 'plan.json')
  expect(plan.code).toBe(2)
  expect(plan.out).toContain('needs --allow-drop column:users.old')
  expect((await stk('schema', 'plan', '--format', 'json')).out).toBe(await readFile(join(root, 'plan.json'), 'utf8'))
  expect((await stk('schema', 'plan', '--format', 'sql')).out).toContain('-- additive: adds a column\nalter table users add column email text;')
  const { out } = await stk('schema', 'plan', '--format', 'markdown')
  expect(out).toMatch(/^### Schema plan · production[\s\S]*`--allow-drop column:users.old`[\s\S]*```sql/)
  expect(await stk('schema', 'plan', '--detailed-exitcode', '--alias', 'mian')).toMatchObject({ code: 1, err: expect.stringContaining('STK6014') })
  expect(await stk('schema', 'plan', '--detailed-exitcod')).toMatchObject({ code: 2 })
  const events = (await stk('schema', 'plan', '--json')).out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(events.at(-1)).toMatchObject({ type: 'result', ok: true, changes: true })
})

test('apply: refuses what was not said, a plan that is stale and one that was edited', async () => {
  await byHand('create table users (id integer primary key, old text)')
  await wanted('create table users (id integer primary key, email text)')
  await stk('schema', 'plan', '--out', 'plan.json')
  expect(await stk('schema', 'apply', 'plan.json')).toMatchObject({ code: 1, err: expect.stringContaining('STK6008') })
  expect((await stk('schema', 'apply', '--allow-drop', 'column:users.old')).err).toContain('STK1021')
  const text = await readFile(join(root, 'plan.json'), 'utf8')
  await writeFile(join(root, 'edited.json'), text.replace('add column email text', 'add column email text default 1'))
  expect((await stk('schema', 'apply', 'edited.json', '--allow-drop', 'column:users.old')).out).toContain('STK6007')
  expect((await stk('schema', 'apply', 'plan.json', '--env', 'development')).err).toContain('STK6006')
  expect((await stk('schema', 'apply', 'santokit.config.mjs')).err).toContain('STK6005')
  await byHand('create index drift on users (old)')
  const stale = await stk('schema', 'apply', 'plan.json', '--allow-drop', 'column:users.old')
  expect(stale).toMatchObject({ code: 1, out: expect.stringContaining('table users: index drift added') })
})

test('release: with schema: require it stops while the database is behind, says the command, and applies nothing', async () => {
  const target = `{
    type: 'nowhere', options: { safeParseAsync: async (data) => ({ success: true, data }), safeParse: (data) => ({ success: true, data }) },
    package: async (bundle) => ({ digest: bundle.digest, files: [], meta: null }),
    plan: async (pkg) => ({ from: null, to: pkg.digest, steps: [], bytes: 0, observed: '' }),
    release: async () => { throw new Error('released') },
  }`
  await writeFile(join(root, 'santokit.config.mjs'), CONFIG
    .replace('schemaEngines: [engine]', `schemaEngines: [engine], targets: [${target}]`)
    .replace('databases:', `schema: 'require', targets: { nowhere: {} }, databases:`))
  await byHand('create table users (id integer primary key, old text)')
  expect(await stk('release', '--dry-run')).toMatchObject({ code: 0, out: expect.stringContaining('main up to date') })
  await wanted('create table users (id integer primary key, old text, email text)')
  const stopped = await stk('release', '--yes')
  expect(stopped).toMatchObject({ code: 1, out: expect.stringContaining('STK6013') })
  expect(stopped.out).toContain('stk schema apply plan.json')
  expect(stopped.out + stopped.err).not.toContain('released"')
  expect((await stk('schema', 'plan', '--detailed-exitcode')).code).toBe(2)
})
