import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStkError, SecretValue, type SchemaDatabase, type SchemaSubject } from '@santokit/core'
import { inspectSchema, withConnection } from '@santokit/core/schema'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAtlas } from '../src/atlas/find.ts'
import { atlasEngine } from '../src/engine.ts'
import { contextOf, hasPeers, query, script, startEmbeddedPostgres, startLibsql, startSystemPostgres, subjectOf, type Server } from './servers.ts'

const engine = atlasEngine({})

async function apply(database: SchemaDatabase, subject: SchemaSubject): Promise<readonly string[]> {
  const { statements } = await engine.plan(database, subject, contextOf())
  await withConnection(database, async (connection) => {
    await connection.begin()
    for (const { sql } of statements) await connection.run(sql)
    await connection.commit()
  })
  const again = await engine.plan(database, subject, contextOf())
  expect(again.statements).toEqual([])
  expect(await inspectSchema(database, subject)).toEqual(again.to)
  return statements.map(({ sql }) => sql)
}

test.skipIf(!hasPeers)('it says which Atlas it found', async () => {
  const found = await engine.preflight?.(contextOf())
  expect(found?.version).toMatch(/^\d+\.\d+\.\d+$|^development$/)
  expect(found?.summary).toContain('/atlas)')
})

test('without Atlas it says how to install it', async () => {
  await expect(engine.preflight?.(contextOf({ env: { PATH: '/nowhere' }, root: '/' }))).rejects.toThrow('STK6002 There is no `atlas`')
})

describe.skipIf(!hasPeers).each([['system Postgres', startSystemPostgres], ['embedded Postgres', startEmbeddedPostgres]] as const)('%s', (_, start) => {
  let server: Server
  beforeAll(async () => { server = await start() })
  afterAll(() => server.stop())

  test('views, functions, triggers, policies, domains, sequences and extensions come, change and go', async () => {
    const database = await server.create()
    const tables = `create table users (id int generated always as identity primary key, kind varchar(9) not null check (kind in ('a', 'b')), email text unique);
      create unique index users_b on users (email) where kind in ('b', 'c');`
    const more = `create domain positive as int check (value > 0) check (value < 1000);
      create type pair as (a int, b text); create type mood as enum ('it''s', 'b\\c');
      create function twice(n int) returns int language sql immutable as 'select n * 2';
      create table posts (id bigserial primary key, author int references users on delete cascade deferrable initially deferred, n positive default twice(1),
        m int generated always as (twice(3)) stored, p pair, f mood default 'it''s', unique (author, n) deferrable, exclude using btree (n with =));
      comment on column posts.n is 'drop table users; -- it''s';
      create view names as select id, email from users; create view authors as select n.email, p.id from names n join posts p on p.author = n.id;
      create materialized view counts as select count(*) as n from posts; create unique index counts_n on counts (n);
      create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger touched before update on posts for each row execute function touch();
      alter table posts enable row level security; create policy own on posts for select using (author = 1);
      create sequence numbers start 5 increment 2; create extension if not exists pgcrypto;`
    await apply(database, subjectOf('pg', tables))
    await script(database, `insert into users (kind, email) values ('a', 'x'), ('b', 'y')`)
    await apply(database, subjectOf('pg', tables + more))
    // A view is in the way of a column's new type, and of its end.
    await apply(database, subjectOf('pg', tables.replace('email text', 'email varchar(80), name text') + more.replace('using (author = 1)', 'using (author = 2)').replace('return new', 'return old')))
    expect(await query(database, 'select email from authors')).toEqual([])
    expect(await query(database, 'select id, email from names order by id')).toEqual([{ id: 1, email: 'x' }, { id: 2, email: 'y' }])
    await apply(database, subjectOf('pg', tables))
    expect(await query(database, 'select kind, email from users order by id')).toEqual([{ kind: 'a', email: 'x' }, { kind: 'b', email: 'y' }])
  })

  test('what the sources do not manage is left alone: other schemas, excluded tables, what extensions own', async () => {
    const database = await server.create()
    await script(database, `create schema other; create table other.kept (id int); create table audit_log (id int); create type audit_kind as enum ('a'); create table gone (id int);
      create extension pg_stat_statements; create view audit_view as select 1 as one`)
    const planned = await apply(database, subjectOf('pg', 'create table users (id int primary key)', { exclude: ['audit_*'] }))
    expect(planned.filter((sql) => sql.includes('DROP'))).toEqual(['DROP TABLE "public"."gone"'])
    expect(await query(database, 'select * from other.kept, audit_log')).toEqual([])
  })

  test('HCL sources', async () => {
    const database = await server.create()
    const text = `schema "public" {}\ntable "users" {\n  schema = schema.public\n  column "id" { type = int }\n  column "name" {\n    type = varchar(40)\n    default = "DROP TABLE"\n  }\n  primary_key { columns = [column.id] }\n}\n`
    const subject = subjectOf('pg', text, { sources: [{ path: 'main.hcl', absolute: '/main.hcl', kind: 'hcl', text }] })
    await apply(database, subject)
    expect(Object.keys((await inspectSchema(database, subject)).objects)).toEqual(['table public.users'])
    const broken = text.replace('type = int', 'type = nonsense')
    await expect(apply(database, { ...subject, sources: [{ path: 'main.hcl', absolute: '/main.hcl', kind: 'hcl', text: broken }] })).rejects.toThrow('STK6003')
  })

  test('a mistake in the sources is shown where it is, and nothing is left behind', async () => {
    const database = await server.create()
    const error = await engine.plan(database, subjectOf('pg', 'create table a (id int);\ncreate table b (id integr);'), contextOf()).catch((cause: unknown) => cause)
    expect(isStkError(error) && [error.code, error.details.where?.line]).toEqual(['STK6003', 2])
    expect(await query(database, `select datname from pg_database where datname like 'stk%'`)).toEqual([])
  })

  test('scratch databases of a killed run are dropped by the next one; others with a maker, or without our mark, stay', async () => {
    const database = await server.create()
    await script(database, `create database stk_scratch_0123456789abcdef_1; comment on database stk_scratch_0123456789abcdef_1 is 'santokit scratch database: safe to drop';
      create database stk_scratch_somebody_elses; comment on database stk_scratch_somebody_elses is 'mine'; create database stk_scratch_fedcba9876543210_1`)
    await withConnection(database, async (maker) => {
      await maker.run(`set application_name = 'stk_scratch_fedcba9876543210'`)
      await engine.plan(database, subjectOf('pg', 'create table a (id int)'), contextOf())
    })
    expect(await query(database, `select datname from pg_database where datname like 'stk%' order by 1`)).toEqual([{ datname: 'stk_scratch_fedcba9876543210_1' }, { datname: 'stk_scratch_somebody_elses' }])
    await script(database, 'drop database stk_scratch_somebody_elses; drop database stk_scratch_fedcba9876543210_1')
  })

  test('a role that may not create databases is told what to do, and another server helps', async () => {
    const database = await server.create()
    await script(database, `create role modest login password 'p'; grant all on schema public to modest`)
    const url = new URL(database.url.reveal())
    url.username = 'modest'
    url.password = 'p'
    const modest: SchemaDatabase = { driver: 'pg', url: new SecretValue(url.href) }
    const subject = subjectOf('pg', 'create table a (id int)')
    await expect(engine.plan(modest, subject, contextOf())).rejects.toThrow('The role may not create databases')
    const elsewhere = atlasEngine({ scratch: { secret: 'SCRATCH_URL' } })
    const { statements } = await elsewhere.plan(modest, subject, contextOf({ env: { ...process.env, SCRATCH_URL: database.url.reveal() } }))
    expect(statements.map(({ sql }) => sql)).toEqual(['CREATE TABLE "public"."a" ("id" integer NULL)'])
    await script(database, 'revoke all on schema public from modest; drop role modest')
  })

  test('no password is ever on a command line', async () => {
    const database = await server.create()
    const password = new URL(database.url.reveal()).password
    const folder = await mkdtemp(join(tmpdir(), 'santokit-atlas-'))
    const log = join(folder, 'command-lines')
    // Notes what the process table says of it, and becomes Atlas.
    await writeFile(join(folder, 'atlas'), `#!/bin/sh\ntr '\\0' ' ' < /proc/$$/cmdline >> '${log}'\nexec '${findAtlas({ program: undefined, root: '/', env: process.env })}' "$@"\n`, { mode: 0o755 })
    const { statements } = await atlasEngine({ program: join(folder, 'atlas') }).plan(database, subjectOf('pg', 'create table a (id int)'), contextOf())
    const lines = await readFile(log, 'utf8')
    await rm(folder, { recursive: true })
    expect(statements).toHaveLength(1)
    expect(lines).toContain('schema apply --config file://')
    expect(lines).not.toContain(password)
    expect(lines).not.toContain('postgres://')
  })

  test('a name with a quote in it is refused, since Atlas would write it as it stands', async () => {
    const database = await server.create()
    await expect(engine.plan(database, subjectOf('pg', 'create table "a"" (id int); drop table b; --" (id int)'), contextOf())).rejects.toThrow('there is a quote in that name')
  })
})

describe.skipIf(!hasPeers)('libSQL', () => {
  let server: Server
  beforeAll(async () => { server = await startLibsql() })
  afterAll(() => server.stop())

  test('what Atlas does not know is kept and changed: collations, deferred keys, inline uniques, expressions, virtual tables', async () => {
    const database = await server.create()
    const users = `create table users (id integer primary key autoincrement, email text collate nocase unique on conflict replace, n int check (n > 0), j text generated always as (upper(email)) virtual);
      create index by_lower on users (lower(email) desc, n) where n > 1;
      create view names as select email from users; create trigger no_delete before delete on users begin select raise(abort, 'drop table; end'); end;`
    const posts = `create table posts (id integer primary key, author integer references users deferrable initially deferred, "we""ird" text, "it's" text) strict;
      create virtual table notes using fts5(body);`
    await apply(database, subjectOf('libsql', users))
    await script(database, `insert into users (email, n) values ('A', 1), ('b', 2)`)
    await apply(database, subjectOf('libsql', users + posts))
    await script(database, `insert into posts (author, "it's") values (1, 'x'); insert into notes values ('kept')`)
    const rebuilt = await apply(database, subjectOf('libsql', users.replace('collate nocase', 'collate rtrim').replace('n int', 'n int not null default 5') + posts))
    expect(rebuilt).toContain('DROP TABLE "users"')
    expect(await query(database, 'select id, email, n from users order by id')).toEqual([{ id: 1, email: 'A', n: 1 }, { id: 2, email: 'b', n: 2 }])
    expect(await query(database, 'select author, "it\'s" as it from posts')).toEqual([{ author: 1, it: 'x' }])
    expect(await query(database, 'select body from notes')).toEqual([{ body: 'kept' }])
    await apply(database, subjectOf('libsql', users))
  })

  test('names that Atlas cannot write', async () => {
    const database = await server.create()
    const sql = `create table "it's" (id integer primary key, "a\`b" int); create table "a""b" (id integer primary key); create table "c\`d" ("e'f" text)`
    await apply(database, subjectOf('libsql', sql))
    await apply(database, subjectOf('libsql', sql.replace('"a`b" int', '"a`b" int, "g`h" int')))
    await apply(database, subjectOf('libsql', 'create table a (id integer primary key)'))
  })

  test('excluded tables and views survive that a table is made anew', async () => {
    const database = await server.create()
    const exclude = ['audit_*']
    await apply(database, subjectOf('libsql', 'create table users (id integer primary key, n int)', { exclude }))
    await script(database, `create table audit_log (id int); create view audit_view as select n from users; create trigger audit_write instead of insert on audit_view begin insert into audit_log values (new.n); end; insert into users values (1, 2)`)
    await apply(database, subjectOf('libsql', 'create table users (id integer primary key, n int not null default 0 check (n >= 0))', { exclude }))
    await script(database, 'insert into users values (2, 3); insert into audit_view values (4)')
    expect(await query(database, 'select n from audit_view order by n')).toEqual([{ n: 2 }, { n: 3 }])
    expect(await query(database, 'select count(*) as n from audit_log')).toEqual([{ n: 1 }])
  })

  test('HCL sources', async () => {
    const database = await server.create()
    const text = `schema "main" {}\ntable "users" {\n  schema = schema.main\n  column "id" { type = int }\n  primary_key { columns = [column.id] }\n}\n`
    await apply(database, subjectOf('libsql', text, { sources: [{ path: 'main.hcl', absolute: '/main.hcl', kind: 'hcl', text }] }))
    expect(await query(database, 'select count(*) as n from users')).toEqual([{ n: 0 }])
  })
})
