import { expect, test } from 'vitest'
import { readHead } from './statement.ts'

test.each([
  ['CREATE UNIQUE INDEX "a;b" ON "public"."drop table" ("x")', 'pg', { verb: 'create', kind: 'index', written: '"a;b"', name: 'a;b', on: { written: '"public"."drop table"', name: 'public.drop table' } }],
  ['DROP INDEX CONCURRENTLY IF EXISTS "public"."i"', 'pg', { verb: 'drop', kind: 'index', written: '"public"."i"', name: 'public.i' }],
  ['create or replace view v as select 1', 'pg', { verb: 'create', kind: 'view', written: 'v', name: 'v' }],
  ['DROP MATERIALIZED VIEW "s"."m"', 'pg', { verb: 'drop', kind: 'materialized view', written: '"s"."m"', name: 's.m' }],
  ['ALTER TABLE `new_a``b` RENAME TO `x`', 'libsql', { verb: 'alter', kind: 'table', written: '`new_a``b`', name: 'new_a`b' }],
  ['PRAGMA foreign_keys = off', 'libsql', undefined],
  ['COMMENT ON TABLE x IS \'create table y\'', 'pg', undefined],
] as const)('%s', (sql, dialect, head) => {
  expect(readHead(sql, dialect)).toEqual(head)
})
