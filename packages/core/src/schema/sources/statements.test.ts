import { expect, test } from 'vitest'
import { splitStatements } from './statements.ts'

const texts = (script: string, driver: 'pg' | 'libsql' = 'pg'): string[] => splitStatements(script, driver).map(({ text }) => text)

test('a semicolon inside quotes, identifiers, dollar quotes and comments ends nothing', () => {
  expect(texts(`select ';' as "a;b"; -- no; end\nselect $x$ ; $$ ; $x$, 'it''s;'; /* ; /* ; */ ; */ select 3`)).toEqual([
    `select ';' as "a;b"`,
    `select $x$ ; $$ ; $x$, 'it''s;'`,
    'select 3',
  ])
})

test('a backslash escapes a quote in E-strings of Postgres only', () => {
  expect(texts(`select e'a\\';b'; select 1`)).toHaveLength(2)
  expect(texts(`select 'a\\'; select 1`)).toHaveLength(2)
  expect(texts('select 1 as e; select 2', 'libsql')).toHaveLength(2)
})

test('a trigger body of SQLite stays whole, with a case inside', () => {
  const trigger = 'create trigger t after insert on a begin update b set n = case when n > 1 then 2 else 3 end; delete from c; end'
  expect(texts(`create table a(n);\n${trigger};\nselect 1`, 'libsql')).toEqual(['create table a(n)', trigger, 'select 1'])
})

test('a begin atomic body of Postgres stays whole', () => {
  const body = 'create function f() returns int begin atomic select 1; select case when true then 2 end; end'
  expect(texts(`${body}; select 1`)).toEqual([body, 'select 1'])
})

test('a begin that opens a transaction is a statement of its own', () => {
  expect(texts('begin; insert into a values (1); commit')).toEqual(['begin', 'insert into a values (1)', 'commit'])
  expect(texts('begin; insert into a values (1); commit', 'libsql')).toHaveLength(3)
})

test('offsets point at the first character of each statement', () => {
  const script = '\n-- first\ncreate table a (n int);\n\n/* second */ create table b (n int);\n'
  const statements = splitStatements(script, 'pg')
  expect(statements.map(({ offset, text }) => script.slice(offset, offset + text.length))).toEqual([
    'create table a (n int)', 'create table b (n int)',
  ])
})
