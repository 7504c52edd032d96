import { expect, test } from 'vitest'
import type { SchemaObject, SchemaPart, SchemaState } from '../contract.ts'
import { classifyStatements } from './classify.ts'
import { judgeTypeChange } from './column-type.ts'

const column = (type: string, more: SchemaPart = {}): SchemaPart => ({ type, nullable: true, default: null, generated: null, identity: null, collation: null, ...more })
const state = (name: string, parts: SchemaObject['parts']): SchemaState => ({ objects: { [`table ${name}`]: { kind: 'table', name, parts } } })
const judge = (driver: 'pg' | 'libsql', from: SchemaState, to: SchemaState, ...sql: readonly string[]) =>
  classifyStatements(from, { to, statements: sql.map((each) => ({ sql: each })) }, { driver, schemas: ['public'] }).map(({ risk, drops }) => [risk, ...drops])

const users = state('public.users', { 'column id': column('integer'), 'column old': column('text') })

test.each<[string, ...string[]]>([
  [`comment on table users is 'drop table users'`, 'additive'],
  [`/* drop */ alter table users alter column old set default 'x; truncate users'`, 'additive'],
  ['alter table users drop old', 'data-losing', 'column:users.old'],
  ['alter table "public"."users" add column "drop" text, drop column if exists "old"', 'data-losing', 'column:users.old'],
  ['drop table if exists only_here, public.users', 'data-losing', 'table:only_here', 'table:users'],
  ['truncate users', 'data-losing', 'table:users'],
  ['delete from users where false', 'data-losing', 'table:users'],
  ['drop schema audit cascade', 'data-losing', 'schema:audit'],
  [`do $$ begin execute 'drop table users'; end $$`, 'unknown'],
  ['update users set old = null', 'unknown'],
  ['alter table users disable row level security', 'unknown'],
  ['create index concurrently i on users (old)', 'additive'],
  ['create index i on users (old)', 'locking'],
])('%s: %s %s', (sql, ...expected) => {
  expect(judge('pg', users, users, sql)).toEqual([expected])
})

test('what the states show and no statement accounts for is put down to the one that nobody can read', () => {
  const without = state('public.users', { 'column id': column('integer') })
  expect(judge('pg', users, without, `do $$ begin perform 1; end $$`)).toEqual([['data-losing', 'column:users.old']])
})

test('a column that is dropped and made anew is lost, though the states are equal', () => {
  expect(judge('pg', users, users, 'alter table users drop column old', 'alter table users add column old text')[0]).toEqual(['data-losing', 'column:users.old'])
})

test('libsql: a rebuild keeps what it copies, and only that', () => {
  const from = state('users', { 'column id': column('integer'), 'column a': column('text') })
  const to = state('users', { 'column id': column('integer'), 'column a': column('text', { nullable: false }) })
  const rebuild = (copy: string): readonly string[] => ['create table new_users (id integer, a text not null)', copy, 'drop table users', 'alter table new_users rename to users']
  const risks = (copy: string) => judge('libsql', from, to, ...rebuild(copy)).map(([risk, ...drops]) => (drops.length === 0 ? risk : drops.join()))
  expect(risks('insert into new_users (id, a) select id, ifnull(a, \'x\') from users')).toEqual(['locking', 'locking', 'locking', 'locking'])
  expect(risks('insert into `new_users` (`id`) select `id` from `users`')[2]).toBe('column:users.a')
  expect(risks('insert into new_users (id, a) select id, \'drop\' from users')[2]).toBe('column:users.a')
  expect(risks('insert into new_users (id, a) select id, a from users where id > 1')[2]).toBe('table:users')
})

test.each([
  ['pg', 'integer', 'bigint', 'locking'], ['pg', 'bigint', 'integer', 'data-losing'], ['pg', 'character varying(20)', 'character varying(80)', 'additive'],
  ['pg', 'text', 'character varying(20)', 'data-losing'], ['pg', 'numeric(10,2)', 'numeric(12,2)', 'additive'], ['pg', 'numeric(10,2)', 'numeric(10,4)', 'data-losing'],
  ['pg', 'integer[]', 'bigint', 'data-losing'], ['pg', 'timestamp with time zone', 'date', 'data-losing'],
  ['libsql', 'integer', 'text', 'locking'], ['libsql', 'text', 'integer', 'data-losing'], ['libsql', 'varchar(20)', 'text', 'locking'],
] as const)('%s: %s to %s is %s', (driver, from, to, risk) => {
  expect(judgeTypeChange(from, to, driver).risk).toBe(risk)
})
