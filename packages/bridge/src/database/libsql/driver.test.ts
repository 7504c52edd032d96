import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client/sqlite3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { failure, logic, newGate, scope } from '../../../test/database.ts'
import type { Transaction } from '../../logic.ts'
import type { LibsqlEntry, SqlResult } from '../../manifest/format.ts'
import { openDatabase, type DatabaseDriver } from '../index.ts'
import { readsOnly } from './driver.ts'

let folder: string
let files = 0
const drivers: DatabaseDriver[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'santokit-libsql-'))
})

afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()))
  await rm(folder, { recursive: true, force: true })
})

function newFile(): string {
  return `file:${join(folder, `${files++}.db`)}`
}

async function open(settings: Partial<LibsqlEntry> = {}, url = newFile()): Promise<DatabaseDriver> {
  const entry: LibsqlEntry = { driver: 'libsql', url, pool: { max: 4, queue: 100 }, statementTimeout: 10_000, ...settings }
  const driver = await openDatabase('cache', entry, { url })
  drivers.push(driver)
  return driver
}

test.each([
  ['1', 1], ['9007199254740993', '9007199254740993'], ['-9223372036854775808', '-9223372036854775808'],
  ['1.5', 1.5], ['9e999', 'Infinity'], ["'text'", 'text'], ['null', null], ["x'00ff10'", 'AP8Q'],
] as const)('%s stands on the wire as %j', async (sql, wire) => {
  const driver = drivers[0] ?? await open()
  expect(await driver.run(logic(`select ${sql}`, 'value'), [], scope())).toEqual(wire)
  expect(await driver.database(scope()).value(`select ${sql}`)).toEqual(wire)
})

test('what JavaScript holds is stored by its nature', async () => {
  const db = (await open()).database(scope())
  const stored = (value: Parameters<typeof db.value>[1]) => db.row('select typeof(?1) as type, ?1 as value', value)
  expect(await stored([true])).toEqual({ type: 'integer', value: 1 })
  expect(await stored([5])).toEqual({ type: 'integer', value: 5 })
  expect(await stored([9007199254740993n])).toEqual({ type: 'integer', value: '9007199254740993' })
  expect(await stored([0.5])).toEqual({ type: 'real', value: 0.5 })
  expect(await stored([new Date('2024-05-06T07:08:09.123Z')])).toEqual({ type: 'text', value: '2024-05-06T07:08:09.123Z' })
  expect(await stored([{ a: [1] }])).toEqual({ type: 'text', value: '{"a":[1]}' })
  expect(await stored([['a', 'b']])).toEqual({ type: 'text', value: '["a","b"]' })
  expect(await stored([new Uint8Array([9, 0, 255]).subarray(1)])).toEqual({ type: 'blob', value: 'AP8=' })
  expect((await failure(stored([Number.NaN]))).kind).toBe('invalid')
  expect((await failure(stored([2n ** 63n]))).kind).toBe('invalid')
})

test('a SQL logic binds int as INTEGER and number as REAL', async () => {
  const driver = await open()
  const entry = logic('select typeof(?1) || typeof(?2)', 'value', { inputs: [{ name: 'i', type: 'int' }, { name: 'n', type: 'number' }] })
  expect(await driver.run(entry, [5, 5], scope())).toBe('integerreal')
})

test('results take the declared shape', async () => {
  const driver = await open()
  const run = (text: string, result: SqlResult, readOnly = true) => driver.run(logic(text, result, { readOnly }), [], scope())
  await run('create table t (n integer primary key, length text)', 'affected', false)
  expect(await run("insert into t values (1, 'a'), (2, 'b')", 'affected', false)).toBe(2)
  expect(await run("insert into t values (3, 'c') returning n", 'affected', false)).toBe(1)
  expect(await run('select n, length from t where n < 3 order by n', 'rows')).toEqual([{ n: 1, length: 'a' }, { n: 2, length: 'b' }])
  expect(await run('select * from t where n = 3', 'row')).toEqual({ n: 3, length: 'c' })
  expect(await run('select * from t where n = 9', 'row?')).toBeNull()
  expect(await run('select 1 as x, 2 as x', 'value')).toBe(1)
  expect((await failure(run('select * from t', 'row'))).kind).toBe('row_count')
})

test.each([
  ["insert into parent values (1, 'x')", 'conflict', 'SQLITE_CONSTRAINT_PRIMARYKEY'],
  ["insert into parent values (2, 'one')", 'conflict', 'SQLITE_CONSTRAINT_UNIQUE'],
  ['insert into parent values (2, null)', 'invalid', 'SQLITE_CONSTRAINT_NOTNULL'],
  ["insert into parent values (2, '')", 'invalid', 'SQLITE_CONSTRAINT_CHECK'],
  ['insert into child values (99)', 'conflict', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  ['select nope', 'failed', 'SQLITE_ERROR'],
  ['selec', 'failed', 'SQLITE_ERROR'],
] as const)('%s is %s', async (sql, kind, sqlState) => {
  const db = (await open()).database(scope())
  await db.exec(`create table parent (id integer primary key, name text not null unique check (name <> ''))`)
  await db.exec('create table child (parent integer references parent)')
  await db.exec("insert into parent values (1, 'one')")
  const error = await failure(db.exec(sql))
  expect(error).toMatchObject({ kind, sqlState })
  if (sqlState.endsWith('UNIQUE')) expect(error.constraint).toBe('parent.name')
})

test('transactions queue, commit, roll back and nest, while readers go on', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec('create table t (n integer)')
  const gate = newGate()
  const first = db.transaction(async (tx) => {
    await tx.exec('insert into t values (1)')
    await gate.opened
    await expect(tx.transaction(async (inner) => {
      await inner.exec('insert into t values (2)')
      throw new Error('undo')
    })).rejects.toThrow('undo')
    await tx.transaction((inner) => inner.exec('insert into t values (3)'))
  })
  const second = db.exec('insert into t values (4)')
  await vi.waitUntil(() => driver.stats().waiting === 1)
  expect(await db.value('select count(*) from t')).toBe(0)
  gate.open()
  await Promise.all([first, second])
  await expect(db.transaction(async (tx) => {
    await tx.exec('delete from t')
    throw new RangeError('changed my mind')
  })).rejects.toThrow(RangeError)
  expect(await db.rows('select n from t order by n')).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }])
})

test('past the queue a call is refused at once, and one in it can be given up', async () => {
  const driver = await open({ pool: { max: 1, queue: 1 } })
  const db = driver.database(scope())
  const gate = newGate()
  const holding = db.transaction(() => gate.opened)
  const controller = new AbortController()
  const waiting = failure(driver.database(scope({ signal: controller.signal })).transaction(async () => {}))
  expect(driver.stats().waiting).toBe(1)
  expect((await failure(db.exec('create table never (n)'))).kind).toBe('overloaded')
  controller.abort(new DOMException('late', 'TimeoutError'))
  expect((await waiting).kind).toBe('timeout')
  gate.open()
  await holding
})

test('a transaction whose call is given up is rolled back', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec('create table t (n integer)')
  const controller = new AbortController()
  const given = failure(driver.database(scope({ signal: controller.signal })).transaction(async (tx) => {
    await tx.exec('insert into t values (1)')
    controller.abort()
    await new Promise(() => {})
  }))
  expect((await given).kind).toBe('cancelled')
  expect(await db.transaction((tx) => tx.value('select count(*) from t'))).toBe(0)
})

test('a transaction that is over is of no use, and one of another alias neither', async () => {
  const driver = await open()
  let kept: Transaction | undefined
  await driver.database(scope()).transaction(async (tx) => void (kept = tx))
  await expect(kept?.exec('select 1')).rejects.toThrow('is over')
  await driver.database(scope()).transaction(async (tx) => {
    expect(await driver.run(logic('select 1', 'value'), [], scope(), tx)).toBe(1)
  })
})

test('twenty buyers at once never sell more than there is', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec('create table stock (left_over integer)')
  await db.exec('insert into stock values (7)')
  const bought = await Promise.all(Array.from({ length: 20 }, () => db.transaction(async (tx) => {
    const left = await tx.value<number>('select left_over from stock') ?? 0
    await new Promise((resolve) => setImmediate(resolve))
    if (left > 0) await tx.exec('update stock set left_over = ?', [left - 1])
    return left > 0
  })))
  expect(bought.filter(Boolean)).toHaveLength(7)
  expect(await db.value('select left_over from stock')).toBe(0)
})

test('a file that another process writes to is waited for, within the statement timeout', async () => {
  const url = newFile()
  const driver = await open({}, url)
  const db = driver.database(scope())
  await db.exec('create table t (n integer)')
  const other = createClient({ url })
  const writing = await other.transaction('write')
  const waiting = db.exec('insert into t values (1)')
  const impatient = await open({ statementTimeout: 1 }, url)
  expect(await failure(impatient.database(scope()).exec('insert into t values (2)'))).toMatchObject({ kind: 'conflict', sqlState: 'SQLITE_BUSY' })
  await writing.commit()
  other.close()
  expect(await waiting).toBe(1)
})

test('a call that may only read cannot write, and the next one can', async () => {
  const driver = await open()
  const db = driver.database(scope())
  await db.exec('create table t (n integer)')
  const reader = driver.database(scope({ readOnly: true }))
  expect((await failure(reader.exec('insert into t values (1)'))).kind).toBe('failed')
  expect((await failure(reader.transaction((tx) => tx.exec('delete from t')))).kind).toBe('failed')
  expect(await reader.value('with x as (select 1) select * from x')).toBe(1)
  for (let n = 0; n < 6; n++) expect(await db.exec('insert into t values (1)')).toBe(1)
})

test('a database in memory is one database', async () => {
  const db = (await open({}, ':memory:')).database(scope())
  await db.exec('create table t (n integer)')
  const [, count] = await Promise.all([
    db.transaction(async (tx) => {
      await tx.exec('insert into t values (1)')
      await new Promise((resolve) => setImmediate(resolve))
    }),
    db.value('select count(*) from t'),
  ])
  expect(count).toBe(1)
})

test('a file that cannot be opened is unavailable until it can', async () => {
  const driver = await open({}, `file:${join(folder, 'no', 'such', 'folder.db')}`)
  expect((await failure(driver.ping(AbortSignal.timeout(5_000)))).kind).toBe('unavailable')
  expect((await failure(open({}, 'mysql://user:hunter2@host/db'))).message).not.toContain('hunter2')
})

test('a remote server that is not there is unavailable', async () => {
  const driver = await open({ statementTimeout: 5_000 }, 'http://127.0.0.1:1')
  expect((await failure(driver.run(logic('select 1', 'value'), [], scope()))).kind).toBe('unavailable')
})

test('only what surely reads counts as reading', () => {
  for (const sql of ['select 1', '  -- note\n /* x */ SELECT 1', 'values (1)']) expect(readsOnly(sql)).toBe(true)
  for (const sql of ['insert into t values (1)', 'with x as (select 1) delete from t', 'selected', '-- select\ndelete from t', 'pragma x = 1']) {
    expect(readsOnly(sql)).toBe(false)
  }
})

test('closing waits for the transaction that runs and refuses what comes', async () => {
  const driver = await open()
  const gate = newGate()
  const holding = driver.database(scope()).transaction(() => gate.opened)
  await vi.waitUntil(() => driver.stats().open > driver.stats().idle)
  let closed = false
  const closing = driver.close().then(() => (closed = true))
  expect((await failure(driver.database(scope()).exec('select 1'))).kind).toBe('unavailable')
  expect(closed).toBe(false)
  gate.open()
  await Promise.all([holding, closing])
})
