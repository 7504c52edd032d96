import { describe, expect, test } from 'vitest'
import { tokenize, type Dialect } from './lexer.ts'
import { bindParameters } from './parameters.ts'
import { findStatement, onlyReads } from './statement.ts'

/** What is wrong and where: `offset: why`. */
function fault(sql: string, dialect: Dialect = 'pg'): string | undefined {
  const result = findStatement(tokenize(sql, dialect), dialect)
  if ('problem' in result) return `${result.problem.start}: ${result.problem.why}`
  const [problem] = bindParameters(result.statement.tokens, dialect, []).problems
  return problem === undefined ? undefined : `${problem.start}: ${problem.why}`
}

describe('what never ends is shown where it begins', () => {
  test.each<[string, Dialect, string]>([
    ["select 'a", 'pg', '7: Here begins a string'],
    ["select 'a''", 'pg', '7: Here begins a string'],
    ["select E'a\\'", 'pg', '7: Here begins a string'],
    ["select E'a'\n'\\'", 'pg', '7: Here begins a string'],
    ['select "a', 'pg', '7: Here begins a quoted identifier'],
    ['select $$ a $', 'pg', '7: Here begins a dollar quote'],
    ['select $a$ $A$', 'pg', '7: Here begins a dollar quote'],
    ['select /* /* */', 'pg', '7: Here begins a comment'],
    ['select /*/', 'pg', '7: Here begins a comment'],
    ["select 'a", 'libsql', '7: Here begins a string'],
    ["select 'a\\' as b'", 'libsql', '16: Here begins a string'],
    ['select [a', 'libsql', '7: Here begins a quoted identifier'],
    ['select `a', 'libsql', '7: Here begins a quoted identifier'],
    ['select /*/', 'libsql', '7: Here begins a comment'],
    ['select 1 \0 + 1', 'pg', '9: SQL cannot hold a NUL character.'],
  ])('%j in %s', (sql, dialect, expected) => {
    expect(fault(sql, dialect)).toContain(expected)
  })
})

describe('one statement', () => {
  test.each(['', '  \n', ';', ' ; ; ', '-- nothing', '/* nothing */ ;'])('%j is none', (sql) => {
    expect(fault(sql)).toContain('There is no statement.')
  })

  test.each([
    ['select 1; select 2', 10],
    ['select 1;/* x */ -- y\n;\n  delete from orders', 26],
    ['; select 1; select 2', 12],
  ])('%j are two', (sql, offset) => {
    expect(fault(sql)).toContain(`${offset}: A second statement`)
  })

  test.each<[string, Dialect]>([
    ['begin', 'pg'], ['COMMIT', 'pg'], ['rollback', 'pg'], ['savepoint a', 'pg'], ['set role admin', 'pg'], ['reset all', 'pg'],
    ['listen x', 'pg'], ['prepare a as select 1', 'pg'], ['declare c cursor for select 1', 'pg'], ['copy orders to stdout', 'pg'],
    ['begin immediate', 'libsql'], ["attach 'x' as y", 'libsql'], ['pragma foreign_keys = off', 'libsql'], ['/* x */ end', 'libsql'],
  ])('%s in %s would change a shared connection', (sql, dialect) => {
    expect(fault(sql, dialect)).toContain('changes the state of the connection')
  })
})

describe('what another driver or dialect has', () => {
  test.each<[string, Dialect, number]>([
    ['select $1', 'pg', 7], ['select $12::int', 'pg', 7], ['select $name', 'pg', 7],
    ['select ?', 'libsql', 7], ['select ?1', 'libsql', 7], ['select @x', 'libsql', 7], ['select $x', 'libsql', 7], ['select $1', 'libsql', 7],
    ['select :1', 'libsql', 7], ['select #x', 'libsql', 7], ['select a::text', 'libsql', 8],
  ])('%s in %s', (sql, dialect, offset) => {
    expect(fault(sql, dialect)).toMatch(new RegExp(`^${offset}: (".*" is a placeholder|SQLite has no)`))
  })
})

describe('only reads', () => {
  test.each([
    'select 1', '(select 1) union (select 2)', '((select 1))', 'values (1)', 'table orders', 'show all', 'explain delete from orders',
    'explain (costs off) select 1', 'with a as (select 1) select * from a', 'with a as not materialized (select 1) values (1)',
    'SELECT "update" from orders', "select 'delete from x'", 'select $$ insert into $$', 'select 1 -- for update',
    "select replace(a, 'b', 'c') from t", 'select substring(a from 1 for 2) from t', 'select update from t', 'select t.delete from t',
    'select updated_at, deleted_at from t', 'select a as "into" from t', 'with recursive t as (select 1) select * from t',
  ])('%s', (sql) => {
    expect(onlyReads(significant(sql))).toBe(true)
  })

  test.each([
    'insert into t values (1)', 'update t set a = 1', 'delete from t', 'merge into t using s on true when matched then delete',
    'with a as (delete from t returning *) select * from a', 'with a as materialized (update t set b = 1 returning *) select 1',
    'with a as (select 1) insert into t select * from a', 'with a as (select 1) delete from t', 'with a as (select 1), b as (insert into t values (1)) select 1',
    'with a as (with b as (delete from t returning 1) select * from b) select * from a', 'with a as (/* x */ DELETE from t) select 1',
    'select * into copy from t', 'select * from t for update', 'select * from t for share', 'select * from t for no key update',
    'select * from t FOR KEY SHARE', 'explain analyze delete from t', 'explain (analyze) select 1', 'explain (costs, analyse true) delete from t',
    "select nextval('s')", "select set_config('a', 'b', false)", 'select pg_advisory_lock(1)', 'select pg_try_advisory_xact_lock(1)',
    'create table t (a int)', 'call p()', 'do $$ begin end $$', 'refresh materialized view v', 'truncate t', 'lock t', 'vacuum', 'foo', '1',
  ])('not %s', (sql) => {
    expect(onlyReads(significant(sql))).toBe(false)
  })

  function significant(sql: string): Parameters<typeof onlyReads>[0] {
    const found = findStatement(tokenize(sql, 'pg'), 'pg')
    if ('problem' in found) throw new Error(found.problem.why)
    return found.statement.significant
  }
})
