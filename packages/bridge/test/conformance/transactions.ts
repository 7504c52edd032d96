import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TestBridge } from '../bridge.ts'
import { module, sql } from '../bundle.ts'
import type { TestPostgres } from '../postgres.ts'
import { sharedPostgres, startTestBridge } from './entry.ts'

let postgres: TestPostgres
let client: Client

beforeAll(async () => {
  postgres = await sharedPostgres()
  client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query('create table stock (item text primary key, amount int not null check (amount >= 0))')
})

afterAll(async () => {
  await client.end()
})

beforeEach(async () => {
  await client.query("truncate stock; insert into stock values ('pen', 5), ('ink', 5)")
})

async function start(): Promise<TestBridge> {
  return startTestBridge({
    logic: {
      'stock/_take': sql('update stock set amount = amount - $2 where item = $1', {
        private: true, result: 'affected', params: { item: {}, amount: { type: 'int' } },
      }),
      'stock/_takeInModule': module('take.mjs', { private: true }),
      'stock/_nested': module('nested.mjs', { private: true }),
      'stock/order': module('order.mjs', { access: 'public' }),
      'stock/list': sql('select item, amount from stock order by item', { access: 'public' }),
    },
    modules: {
      'take.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
        export default { params, async handler({ db, params }) {
          return db.main.exec('update stock set amount = amount - $2 where item = $1', [params.item, params.amount]) } }`,
      'nested.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
        export default { params, handler: ({ call, params }) => call('stock/_take', params) }`,
      // Takes a pen by the logic it is told, then ink in the way it is told, in one transaction.
      'order.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
        export default { params, async handler({ db, call, params }) {
          return db.main.transaction(async (tx) => {
            const options = params.apart ? {} : { tx }
            await call(params.by, { item: 'pen', amount: 2 }, options)
            const left = await tx.value('select amount from stock where item = $1', ['pen'])
            if (params.fail) throw new Error('no')
            await call(params.by, { item: 'ink', amount: params.ink }, options)
            return left
          }) } }`,
    },
    manifest: { databases: { main: {
      driver: 'pg', url: postgres.url, pool: { max: 4, queue: 20 }, statementTimeout: 5000, rls: false, prepare: true,
    } } },
  })
}

const amounts = async (): Promise<Record<string, number>> => {
  const { rows } = await client.query<{ item: string; amount: number }>('select item, amount from stock')
  return Object.fromEntries(rows.map(({ item, amount }) => [item, amount]))
}

test.each(['stock/_take', 'stock/_takeInModule', 'stock/_nested'])('%s runs inside the transaction it is given', async (by) => {
  const { call } = await start()
  expect(await call('stock/order', { by, ink: 1 })).toMatchObject({ status: 200, body: { data: 3 } })
  expect(await amounts()).toEqual({ pen: 3, ink: 4 })
  expect(await call('stock/order', { by, ink: 1, fail: true })).toMatchObject({ status: 500 })
  expect(await call('stock/order', { by, ink: 100 })).toMatchObject({ status: 422, body: { code: 'invalid_params' } })
  expect(await amounts()).toEqual({ pen: 3, ink: 4 })
})

test('without a transaction given, a called logic has its own', async () => {
  const { call } = await start()
  expect(await call('stock/order', { by: 'stock/_take', ink: 1, fail: true, apart: true })).toMatchObject({ status: 500 })
  expect(await amounts()).toEqual({ pen: 3, ink: 5 })
})

test('calls at the same time keep to their own transactions', async () => {
  const { call } = await start()
  const answers = await Promise.all(Array.from({ length: 10 }, (_, at) => call('stock/order', { by: 'stock/_take', ink: 1, fail: at % 2 === 0 })))
  const taken = answers.filter(({ status }) => status === 200).length
  expect(taken).toBeGreaterThan(0)
  expect(await amounts()).toEqual({ pen: 5 - 2 * taken, ink: 5 - taken })
  expect((await call('stock/list')).status).toBe(200)
})
