import { expect, test, vi } from 'vitest'
import { failure, logic, scope } from '../../../test/database.ts'
import { postgresDrivers } from '../../../test/postgres-drivers.ts'
import type { Transaction } from '../../logic.ts'
import { DatabaseError, openDatabase } from '../index.ts'

const postgres = postgresDrivers()

test('a transaction commits when its work resolves and rolls back when it throws', async () => {
  const driver = await postgres.open()
  const db = driver.database(scope())
  await db.exec('create table moves (n int)')
  expect(await db.transaction(async (tx) => (await tx.exec('insert into moves values (1)'), 'done'))).toBe('done')
  await expect(db.transaction(async (tx) => {
    await tx.exec('insert into moves values (2)')
    throw new RangeError('changed my mind')
  })).rejects.toThrow(RangeError)
  expect(await db.rows('select n from moves')).toEqual([{ n: 1 }])
  expect(driver.stats()).toMatchObject({ idle: driver.stats().open, waiting: 0 })
})

test('a nested transaction is a savepoint', async () => {
  const db = (await postgres.open()).database(scope())
  await db.exec('create table nested (n int)')
  await db.transaction(async (tx) => {
    await tx.exec('insert into nested values (1)')
    await expect(tx.transaction(async (inner) => {
      await inner.exec('insert into nested values (2)')
      await inner.exec('select 1 / 0')
    })).rejects.toMatchObject({ kind: 'invalid' })
    await tx.transaction(async (inner) => {
      await inner.exec('insert into nested values (3)')
      await inner.transaction(async (innermost) => {
        await innermost.exec('insert into nested values (4)')
      })
    })
    const both = tx.transaction(async (inner) => void await inner.exec('select 1'))
    await expect(tx.transaction(async () => {})).rejects.toThrow('open already')
    await both
  })
  expect(await db.rows('select n from nested order by n')).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }])
})

test('a transaction that is over is of no use', async () => {
  const driver = await postgres.open()
  let kept: Transaction | undefined
  await driver.database(scope()).transaction(async (tx) => void (kept = tx))
  await expect(kept?.exec('select 1')).rejects.toThrow('is over')
  await expect(kept?.transaction(async () => {})).rejects.toThrow('is over')
  await expect(driver.run(logic('select 1', 'value'), [], scope(), kept)).rejects.toThrow('is over')
})

test('a transaction lost to a swallowed error does not pass for committed', async () => {
  const db = (await postgres.open()).database(scope())
  await db.exec('create table swallowed (n int)')
  const error = await failure(db.transaction(async (tx) => {
    await tx.exec('insert into swallowed values (1)')
    await tx.exec('select 1 / 0').catch(() => {})
  }))
  expect(error.message).toContain('rolled back')
  expect(await db.value('select count(*) from swallowed')).toBe('0')
})

test('SQL logic runs inside the transaction it is given, and of no other alias', async () => {
  const driver = await postgres.open()
  const other = await openDatabase('other', {
    driver: 'pg', url: '', pool: { max: 1, queue: 0 }, statementTimeout: 0, rls: false, prepare: true,
  }, { url: postgres.url })
  const db = driver.database(scope())
  await db.exec('create table inside (n int)')
  await expect(db.transaction(async (tx) => {
    await driver.run(logic('insert into inside values ($1)', 'affected', { readOnly: false }), [1], scope(), tx)
    expect(await driver.run(logic('select count(*)::int from inside', 'value'), [], scope(), tx)).toBe(1)
    await expect(other.run(logic('select 1', 'value'), [], scope(), tx)).rejects.toThrow('not one of database "other"')
    throw new Error('undo')
  })).rejects.toThrow('undo')
  expect(await db.value('select count(*)::int from inside')).toBe(0)
})

test('a transaction whose call is given up is rolled back, whatever its work does', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  await driver.database(scope()).exec('create table abandoned (n int)')
  const controller = new AbortController()
  let late: Promise<unknown> | undefined
  const given = failure(driver.database(scope({ signal: controller.signal })).transaction(async (tx) => {
    await tx.exec('insert into abandoned values (1)')
    controller.abort()
    late = tx.exec('insert into abandoned values (2)')
    await late.catch(() => {})
    await new Promise(() => {})
  }))
  expect((await given).kind).toBe('cancelled')
  await expect(late).rejects.toBeInstanceOf(DatabaseError)
  expect(await driver.database(scope()).value('select count(*)::int from abandoned')).toBe(0)
})

test('a connection lost between two statements of a transaction is told at once, and its slot is free again', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 0 } })
  // The first attempt would hang and keep the only slot.
  for (let n = 0; n < 3; n++) {
    const lost = failure(driver.database(scope()).transaction(async (tx) => {
      const pid = await tx.value('select pg_backend_pid()')
      await postgres.admin.query('select pg_terminate_backend($1)', [pid])
      await vi.waitUntil(() => driver.stats().open === 0)
      await tx.row('select 1 as n')
    }))
    expect(await lost).toMatchObject({ kind: 'unavailable', sqlState: '57P01' })
    expect(driver.stats()).toMatchObject({ open: 0, waiting: 0 })
  }
  expect(await driver.database(scope()).value('select 1')).toBe(1)
})

test('a transaction that waited for too long between two statements is a timeout', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 0 } })
  const lost = failure(driver.database(scope()).transaction(async (tx) => {
    await tx.exec('set idle_in_transaction_session_timeout = 10')
    await vi.waitUntil(() => driver.stats().open === 0)
    await tx.exec('select 1')
  }))
  expect(await lost).toMatchObject({ kind: 'timeout', sqlState: '25P03' })
  expect(await driver.database(scope()).value('select 1')).toBe(1)
})

test('statements at once in one transaction take turns', async () => {
  const db = (await postgres.open()).database(scope())
  const answers = await db.transaction((tx) => Promise.all([1, 2, 3].map((n) => tx.value('select $1::int', [n]))))
  expect(answers).toEqual([1, 2, 3])
})

test('twenty buyers at once never sell more than there is', async () => {
  const driver = await postgres.open()
  const db = driver.database(scope())
  await db.exec('create table stock (item text primary key, left_over int not null check (left_over >= 0))')
  await db.exec(`insert into stock values ('ticket', 7)`)
  const buy = (): Promise<boolean> => driver.database(scope()).transaction(async (tx) => {
    const left = await tx.value<number>(`select left_over from stock where item = 'ticket' for update`)
    if (left === undefined || left === 0) return false
    await tx.exec(`update stock set left_over = $1 where item = 'ticket'`, [left - 1])
    return true
  })
  const bought = await Promise.all(Array.from({ length: 20 }, buy))
  expect(bought.filter(Boolean)).toHaveLength(7)
  expect(await db.value('select left_over from stock')).toBe(0)
})

test('a transaction opened by hand does not reach the next call', async () => {
  const driver = await postgres.open({ pool: { max: 1, queue: 10 } })
  await driver.database(scope()).exec('create table by_hand (n int)')
  await driver.database(scope()).exec('begin')
  await driver.database(scope()).exec('insert into by_hand values (1)')
  expect((await postgres.admin.query('select n from by_hand')).rows).toEqual([{ n: 1 }])
})
