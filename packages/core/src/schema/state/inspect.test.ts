import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, startDatabases, type Databases } from '../fixtures/databases.ts'
import { inspectSchema } from './inspect.ts'

let databases: Databases
beforeAll(async () => { databases = await startDatabases() })
afterAll(() => databases.stop())

const PG = `
  create type mood as enum ('sad', 'so''so');
  create domain percent as int default 0 check (value between 0 and 100);
  create table users (
    id bigint generated always as identity primary key, email varchar(50) not null unique, mood mood default 'sad',
    half percent, lower_email text generated always as (lower(email)) stored, "Odd name" text collate "C" check ("Odd name" <> '')
  );
  create table posts (id serial primary key, author bigint not null references users on delete cascade, body text default 'drop table "x"; -- no');
  create index posts_author on posts (author) where author > 0;
  comment on column posts.body is 'what it says';
  create view recent as select p.id, u.email from posts p join users u on u.id = p.author;
  create materialized view counts as select author, count(*) as n from posts group by author;
  create unique index counts_author on counts (author);
  create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger touch before update on posts for each row execute function touch();
  alter table posts enable row level security;
  create policy own on posts using (author = 1);
  create schema audit;
  create table audit.log (at timestamptz);
  create table log_2024 (at timestamptz)
`

test('pg: every object with its parts, written out in full, without what is excluded or in other schemas', async () => {
  const database = await databases.create('pg')
  await run(database, PG)
  const { objects } = await inspectSchema(database, { schemas: ['public'], exclude: ['log_*'] })
  expect(Object.keys(objects)).toEqual([
    'domain public.percent', 'function public.touch()', 'materialized view public.counts', 'sequence public.posts_id_seq', 'table public.posts',
    'table public.users', 'type public.mood', 'view public.recent',
  ])
  expect(objects['table public.users']?.parts).toMatchObject({
    'column id': { type: 'bigint', nullable: false, identity: 'always', default: null },
    'column email': { type: 'character varying(50)', nullable: false },
    'column mood': { type: 'public.mood', default: `'sad'::public.mood` },
    'column half': { type: 'public.percent' },
    'column lower_email': { generated: 'stored: lower((email)::text)', default: null },
    'column Odd name': { collation: 'C' },
    'constraint users_pkey': { type: 'primary key', definition: 'PRIMARY KEY (id)' },
    'constraint users_email_key': { type: 'unique' },
  })
  expect(Object.keys(objects['table public.posts']?.parts ?? {})).toEqual([
    'column author', 'column body', 'column id', 'constraint posts_author_fkey', 'constraint posts_pkey', 'index posts_author', 'policy own',
    'row security', 'trigger touch',
  ])
  expect(objects['table public.posts']?.parts['column body']).toMatchObject({ comment: 'what it says' })
  expect(objects['materialized view public.counts']?.parts['index counts_author']).toMatchObject({ unique: true, valid: true })
  const both = await inspectSchema(database, { schemas: ['public', 'audit'], exclude: ['public.log_*'] })
  expect(Object.keys(both.objects)).toEqual(expect.arrayContaining(['schema audit', 'table audit.log']))
})

test('pg: two databases made in another order read the same, ids, positions and search path apart', async () => {
  const [one, two] = [await databases.create('pg'), await databases.create('pg')]
  await run(one, 'create table a (x int, y text); create table b (id int primary key)')
  await run(two, 'create table b (id int); alter table b add primary key (id); create table a (gone int, y text, x int); alter table a drop column gone')
  const scope = { schemas: ['public'], exclude: [] }
  expect(await inspectSchema(two, scope)).toEqual(await inspectSchema(one, scope))
})

const LIBSQL = `
  create table users (
    id integer primary key autoincrement, email varchar(50) not null unique collate nocase, Total real default (1 + 1),
    half int generated always as (id / 2) stored, check (email <> 'check (no)')
  ) strict;
  create table posts (a int, b int, author int references users (id) on delete cascade, primary key (a, b)) without rowid;
  create unique index posts_author on posts (author) where author > 0;
  create view recent as select * from posts;
  create trigger touch after update on posts begin select 1; end;
  create table log_2024 (at text);
  create virtual table words using fts5 (word)
`

test('libsql: every table with its parts, without what is excluded or kept by the database', async () => {
  const database = await databases.create('libsql')
  await run(database, LIBSQL.replace('varchar(50)', 'text'))
  const { objects } = await inspectSchema(database, { schemas: [], exclude: ['log_*'] })
  expect(Object.keys(objects)).toEqual(['table posts', 'table users', 'table words', 'view recent'])
  expect(objects['table users']?.parts).toEqual({
    'column Total': { type: 'real', nullable: true, default: '1 + 1', generated: null, identity: null, collation: null },
    'column email': { type: 'text', nullable: false, default: null, generated: null, identity: null, collation: 'nocase' },
    'column half': { type: 'int', nullable: true, default: null, generated: 'stored: id / 2', identity: null, collation: null },
    'column id': { type: 'integer', nullable: true, default: null, generated: null, identity: 'autoincrement', collation: null },
    [`constraint check email <> 'check (no)'`]: { type: 'check', definition: `email <> 'check (no)'` },
    'constraint primary key (id)': { type: 'primary key', definition: 'id' },
    'constraint unique (email)': { type: 'unique', definition: 'email' },
    storage: { definition: 'strict' },
  })
  expect(Object.keys(objects['table posts']?.parts ?? {})).toEqual([
    'column a', 'column author', 'column b', 'constraint foreign key (author) → users (id) on delete cascade', 'constraint primary key (a, b)',
    'index posts_author', 'storage', 'trigger touch',
  ])
})

test('libsql: quotes, blanks, comments and letter case make no difference; literals do', async () => {
  const texts = [
    `create table t (a int default 'x', b text check (b <> 'y')); create index i on t (a) where b = 'z'`,
    `CREATE TABLE "t" -- the table\n(\`a\` INT DEFAULT 'x', [b] TEXT CHECK("b" <> 'y') ); CREATE INDEX "i" ON "t" ("a") WHERE "b" = 'z'`,
    `create table t (a int default 'x', b text check (b <> 'Y')); create index i on t (a) where b = 'z'`,
  ]
  const states = []
  for (const text of texts) {
    const database = await databases.create('libsql')
    await run(database, text)
    states.push(await inspectSchema(database, { schemas: [], exclude: [] }))
  }
  expect(states[1]).toEqual(states[0])
  expect(states[2]).not.toEqual(states[0])
})

test.each(['pg', 'libsql'] as const)('%s: what cannot be reached is STK6004, without the password', async (driver) => {
  const { SecretValue } = await import('../../secrets/secret-value.ts')
  const url = driver === 'pg' ? 'postgres://u:hunter2canary@127.0.0.1:1/x' : 'file:/nowhere/at/all.db'
  const error = await inspectSchema({ driver, url: new SecretValue(url) }, { schemas: ['public'], exclude: [] }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'STK6004' })
  expect(JSON.stringify(error) + String(error)).not.toContain('hunter2')
})
