import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient, type Client } from '@libsql/client'
import { main } from '../main.ts'

/** A repository for tests, with one project, one SQLite file and an engine that knows one table. */
export interface TinyProject {
  readonly root: string
  /** Says what the schema is to be. */
  wanted(sql: string): Promise<void>
  /** Changes the database as somebody would who does not use `stk`. */
  byHand(...statements: readonly string[]): Promise<void>
  columns(): Promise<readonly string[]>
  client(): Client
  stk(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>
  remove(): Promise<void>
}

export async function makeTinyProject(): Promise<TinyProject> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-schema-verbs-'))
  await mkdir(join(root, 'projects/shop/schema'), { recursive: true })
  await mkdir(join(root, 'projects/shop/logic'), { recursive: true })
  await writeFile(join(root, 'santokit.config.mjs'), TINY_CONFIG)
  const client = (): Client => createClient({ url: pathToFileURL(join(root, 'shop.db')).href })
  const wanted = (sql: string): Promise<void> => writeFile(join(root, 'projects/shop/schema/main.sql'), sql)
  await wanted('create table users (id integer primary key, old text)')
  return {
    root, wanted, client,
    async byHand(...statements) {
      const hand = client()
      for (const statement of statements) await hand.execute(statement)
      hand.close()
    },
    async columns() {
      const eye = client()
      const { rows } = await eye.execute(`select name from pragma_table_info('users')`)
      eye.close()
      return rows.map(({ name }) => String(name))
    },
    async stk(...args) {
      let [out, err] = ['', '']
      const code = await main(args, {
        stdout: { write: (text: string) => { out += text; return true } }, stderr: { write: (text: string) => { err += text; return true } },
        stdin: {}, env: { ...process.env, CI: '1', NO_COLOR: '1' }, cwd: () => root, on() {}, off() {}, removeAllListeners() {}, exit() {},
      } as unknown as NodeJS.Process)
      return { code, out, err }
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** The engine adds columns that are missing to `users` and drops those that are too many; a source may bring a statement of its own after `-- also:`. */
export const TINY_CONFIG = `
  import { createClient } from ${JSON.stringify(import.meta.resolve('@libsql/client'))}
  const engine = {
    name: 'tiny',
    supports: () => true,
    async plan(database, subject) {
      const { text } = subject.sources[0]
      const names = [...text.matchAll(/\\b(\\w+) (?:integer|text)/g)].map(([, name]) => name)
      const client = createClient({ url: database.url.reveal() })
      const live = (await client.execute("select name from pragma_table_info('users')")).rows.map(({ name }) => name)
      client.close()
      const part = (name) => ({ type: name === 'id' ? 'integer' : 'text', nullable: true, default: null, generated: null, identity: null, collation: null })
      const parts = Object.fromEntries(names.toSorted().map((name) => ['column ' + name, part(name)]))
      parts['constraint primary key (id)'] = { type: 'primary key', definition: 'id' }
      const missing = names.filter((name) => !live.includes(name))
      const [, also] = /-- also: (.*)/.exec(text) ?? []
      return {
        to: { objects: { 'table users': { kind: 'table', name: 'users', parts } } },
        statements: [
          ...missing.map((name) => ({ sql: 'alter table users add column ' + name + ' text' })),
          ...live.filter((name) => !names.includes(name)).map((name) => ({ sql: 'alter table users drop column ' + name })),
          ...(also !== undefined && missing.length > 0 ? [{ sql: also }] : []),
        ],
      }
    },
  }
  export default {
    plugins: [{ name: 'tiny', schemaEngines: [engine] }],
    projects: { shop: { databases: { main: { driver: 'libsql', url: 'file:shop.db' } } } },
  }
`
