import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { failure, logic, scope } from '../../../test/database.ts'
import { startLibsqlServer, type LibsqlServer } from '../../../test/libsql-server.ts'
import { openDatabase, type DatabaseDriver } from '../index.ts'

let server: LibsqlServer
let driver: DatabaseDriver

beforeAll(async () => {
  server = await startLibsqlServer()
  driver = await open(10_000)
})

afterAll(async () => {
  await driver.close()
  await server.stop()
})

function open(statementTimeout: number): Promise<DatabaseDriver> {
  const settings = { url: server.url, authToken: 'token-of-the-database' }
  return openDatabase('cache', { driver: 'libsql', url: '', pool: { max: 2, queue: 10 }, statementTimeout }, settings)
}

test('a remote database takes and gives the values a file does', async () => {
  const db = driver.database(scope())
  const values = [true, 9007199254740993n, 0.5, 'text', null, { a: 1 }, new Uint8Array([0, 255])] as const
  expect(await db.row('select ?1 as b, ?2 as i, ?3 as f, ?4 as t, ?5 as n, ?6 as j, ?7 as y', values)).toEqual({
    b: 1, i: '9007199254740993', f: 0.5, t: 'text', n: null, j: '{"a":1}', y: 'AP8=',
  })
  await driver.ping(AbortSignal.timeout(5_000))
  expect(server.tokens).toEqual(new Set(['Bearer token-of-the-database']))
})

test('a remote transaction commits, rolls back and nests', async () => {
  const db = driver.database(scope())
  await db.exec('create table moves (n integer unique)')
  await db.transaction(async (tx) => {
    expect(await tx.exec('insert into moves values (1)')).toBe(1)
    await expect(tx.transaction(async (inner) => {
      await inner.exec('insert into moves values (2)')
      throw new Error('undo')
    })).rejects.toThrow('undo')
    expect(await driver.run(logic('select count(*) from moves', 'value'), [], scope(), tx)).toBe(1)
  })
  await expect(db.transaction(async (tx) => {
    await tx.exec('insert into moves values (3)')
    throw new RangeError('changed my mind')
  })).rejects.toThrow(RangeError)
  expect(await db.rows('select n from moves')).toEqual([{ n: 1 }])
  expect(await failure(db.exec('insert into moves values (1)'))).toMatchObject({ kind: 'conflict', constraint: 'moves.n' })
  expect((await failure(db.exec('selec'))).kind).toBe('failed')
})

test('the request of a call that is given up is ended, and its slot is free again', async () => {
  const controller = new AbortController()
  server.hang = true
  try {
    const given = failure(driver.database(scope({ signal: controller.signal })).value('select 1'))
    await vi.waitUntil(() => server.hanging === 1)
    controller.abort()
    expect((await given).kind).toBe('cancelled')
    await vi.waitUntil(() => server.hanging === 0)
    await vi.waitUntil(() => driver.stats().idle === driver.stats().open)
  } finally {
    server.hang = false
  }
  expect(await driver.database(scope()).value('select 1')).toBe(1)
})

test('a server that does not answer is a timeout, and a call does not wait for it', async () => {
  const hasty = await open(500)
  server.hang = true
  try {
    expect((await failure(hasty.database(scope()).value('select 1'))).kind).toBe('timeout')
    const controller = new AbortController()
    const given = failure(hasty.database(scope({ signal: controller.signal })).value('select 1'))
    controller.abort()
    expect((await given).kind).toBe('cancelled')
  } finally {
    server.hang = false
    await hasty.close()
  }
})
