import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveProject, type ServedProject } from '../../test/serve.ts'

let shop: ServedProject
let db: pg.Pool
beforeAll(async () => {
  shop = await serveProject('shop')
  db = new pg.Pool({ connectionString: shop.databaseUrl('main'), max: 2 })
  // The server ends idle connections when it stops.
  db.on('error', () => {})
})
afterAll(async () => {
  await db?.end()
  await shop?.close()
})

const stockOf = async (id: number): Promise<number> =>
  (await db.query('select quantity from stock where product_id = $1', [id])).rows[0].quantity
const setStock = (id: number, quantity: number) => db.query('update stock set quantity = $2 where product_id = $1', [id, quantity])

describe('orders/place', () => {
  test('fifty people after the last ten: ten get one, forty are told, and nothing is sold twice', async () => {
    await setStock(1, 10)
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => shop.token({ sub: `shopper-${n}` })))
    for (const token of tokens) expect((await shop.call('cart/add', { productId: 1 }, token)).status).toBe(200)

    const answers = await Promise.all(tokens.map((token) => shop.call('orders/place', {}, token)))

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused.map(({ status, problem }) => [status, problem.code])).toEqual(Array.from({ length: 40 }, () => [409, 'out_of_stock']))
    expect(refused[0]?.problem.items).toEqual([{ productId: 1, wanted: 1, available: 0 }])
    expect(await stockOf(1)).toBe(0)
    const { rows } = await db.query(`
      select count(*)::int as orders, sum(quantity)::int as sold from order_items i join orders o on o.id = order_id
      where product_id = 1 and o.user_id like 'shopper-%'`)
    expect(rows).toEqual([{ orders: 10, sold: 10 }])
  })

  test('orders of the same products in different order do not lock each other out', async () => {
    await Promise.all([setStock(2, 100), setStock(3, 100)])
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => shop.token({ sub: `crossed-${n}` })))
    for (const [n, token] of tokens.entries()) {
      for (const productId of n % 2 === 0 ? [2, 3] : [3, 2]) await shop.call('cart/add', { productId }, token)
    }
    const answers = await Promise.all(tokens.map((token) => shop.call('orders/place', {}, token)))
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200))
    expect(await Promise.all([stockOf(2), stockOf(3)])).toEqual([80, 80])
  })

  test('one cart sent twice at once is one order', async () => {
    const token = await shop.token({ sub: 'impatient' })
    await setStock(5, 50)
    await shop.call('cart/add', { productId: 5, quantity: 2 }, token)
    const answers = await Promise.all(Array.from({ length: 5 }, () => shop.call('orders/place', {}, token)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409])
    expect(answers.find(({ status }) => status === 409)?.problem.code).toBe('cart_empty')
    expect(await stockOf(5)).toBe(48)
  })

  test('all or nothing: one missing product leaves cart and stock as they were', async () => {
    const token = await shop.token({ sub: 'careful' })
    await Promise.all([setStock(6, 5), setStock(7, 1)])
    await shop.call('cart/add', { productId: 6, quantity: 5 }, token)
    await shop.call('cart/add', { productId: 7, quantity: 2 }, token)
    const { status, problem } = await shop.call('orders/place', {}, token)
    expect([status, problem.items]).toEqual([409, [{ productId: 7, wanted: 2, available: 1 }]])
    expect(await Promise.all([stockOf(6), stockOf(7)])).toEqual([5, 1])
    expect((await shop.call('cart/get', {}, token)).data).toHaveLength(2)
    expect((await shop.call('orders/list', {}, token)).data).toEqual([])
  })

  test('the total is to the cent, and a changed price is not ordered unseen', async () => {
    const token = await shop.token({ sub: 'exact' })
    await Promise.all([setStock(8, 9), setStock(9, 9)])
    await shop.call('cart/add', { productId: 8, quantity: 3 }, token)
    await shop.call('cart/add', { productId: 9, quantity: 1 }, token)
    const total = (await shop.call('cart/total', {}, token)).data
    expect((await db.query('select 3 * a.price + b.price as total from products a, products b where a.id = 8 and b.id = 9')).rows).toEqual([{ total }])
    const refused = await shop.call('orders/place', { expectedTotal: '0.01' }, token)
    expect([refused.status, refused.problem.code, refused.problem.total]).toEqual([409, 'price_changed', total])
    const placed = await shop.call('orders/place', { expectedTotal: total }, token)
    expect(placed.data).toMatchObject({ total, lines: 2 })
    expect((await shop.call('cart/get', {}, token)).data).toEqual([])
  })
})

describe('whose order it is', () => {
  test('nobody sees another\'s orders or cart, whatever their roles', async () => {
    const [ann, bob] = await Promise.all([shop.token({ sub: 'ann' }), shop.token({ sub: 'bob', roles: ['admin', 'staff'] })])
    await setStock(10, 20)
    await shop.call('cart/add', { productId: 10 }, ann)
    const { id } = (await shop.call('orders/place', {}, ann)).data
    await shop.call('cart/add', { productId: 10 }, ann)

    expect((await shop.call('orders/get', { id }, ann)).data).toMatchObject({ id, status: 'paid', items: [{ productId: 10, quantity: 1 }] })
    expect((await shop.call('orders/get', { id }, bob)).data).toBeNull()
    expect((await shop.call('orders/list', {}, bob)).data).toEqual([])
    expect((await shop.call('cart/get', {}, bob)).data).toEqual([])
    expect((await shop.call('cart/remove', { productId: 10 }, bob)).data).toBe(0)
    expect((await shop.call('cart/remove', { productId: 10 }, ann)).data).toBe(1)
  })

  test('a caller cannot say who they are in params', async () => {
    const bob = await shop.token({ sub: 'bob' })
    const { status, problem } = await shop.call('orders/list', { user_id: 'customer-1', 'auth.sub': 'customer-1' }, bob)
    expect([status, problem.code]).toEqual([422, 'invalid_params'])
  })

  test('the list pages through orders with `before`', async () => {
    const token = await shop.token({ sub: 'customer-1' })
    const first = (await shop.call('orders/list', { limit: 4 }, token)).data
    const second = (await shop.call('orders/list', { limit: 4, before: first.at(-1).placedAt }, token)).data
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(8)
    const times = [...first, ...second].map(({ placedAt }) => placedAt)
    expect(times).toEqual(times.toSorted().toReversed())
  })
})

describe('roles', () => {
  test('orders/refund is for admins, gives the items back once, and is written down', async () => {
    const [ann, staff, admin] = await Promise.all([
      shop.token({ sub: 'ann' }), shop.token({ sub: 'sam', roles: ['staff'] }), shop.token({ sub: 'root', roles: ['admin'] }),
    ])
    await setStock(12, 3)
    await shop.call('cart/add', { productId: 12, quantity: 2 }, ann)
    const { id, total } = (await shop.call('orders/place', {}, ann)).data
    expect(await stockOf(12)).toBe(1)

    const refund = { id, reason: 'arrived broken' }
    expect((await shop.call('orders/refund', refund)).status).toBe(401)
    expect((await shop.call('orders/refund', refund, ann)).status).toBe(403)
    expect((await shop.call('orders/refund', refund, staff)).status).toBe(403)
    const answers = await Promise.all([1, 2, 3].map(() => shop.call('orders/refund', refund, admin)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(answers.find(({ status }) => status === 200)?.data).toEqual({ refunded: total, restocked: 1 })
    expect(await stockOf(12)).toBe(3)
    const { rows } = await db.query('select actor, action, details from audit_log where order_id = $1 order by id', [id])
    expect(rows).toEqual([
      { actor: 'ann', action: 'order placed', details: { total } },
      { actor: 'root', action: 'order refunded', details: { reason: 'arrived broken' } },
    ])
    const unknown = { ...refund, id: '00000000-0000-4000-8000-000000000000' }
    expect((await shop.call('orders/refund', unknown, admin)).problem.code).toBe('order_not_found')
  })

  test('an order of the seed can be refunded, unless it is too large', async () => {
    const admin = await shop.token({ sub: 'root', roles: ['admin'] })
    const { rows } = await db.query(
      `select id, total from orders where user_id like 'customer-%' and status = 'paid' order by total`,
    )
    const [small, large] = [rows[0], rows.at(-1)]
    expect((await shop.call('orders/refund', { id: small.id, reason: 'a test' }, admin)).data).toEqual({ refunded: small.total, restocked: 3 })
    expect((await shop.call('orders/refund', { id: large.id, reason: 'a test' }, admin)).problem.code).toBe('too_large')
  })

  test('stock/report is for admin and staff, by the permissions in the config', async () => {
    const [ann, staff] = await Promise.all([shop.token({ sub: 'ann' }), shop.token({ sub: 'sam', roles: ['staff'] })])
    expect((await shop.call('stock/report', {}, ann)).status).toBe(403)
    const { status, data } = await shop.call('stock/report', { below: 1, limit: 10 }, staff)
    expect(status).toBe(200)
    expect(data).toHaveLength(10)
    expect(data.every((row: { quantity: number }) => row.quantity === 0)).toBe(true)
  })
})

describe('private logic', () => {
  test.each(['stock/_take', 'stock/_restock', '_audit/record'])('%s is not there for anybody outside', async (path) => {
    const admin = await shop.token({ sub: 'root', roles: ['admin'] })
    const { status, problem } = await shop.call(path, {}, admin)
    expect([status, problem.code]).toEqual([404, 'logic_not_found'])
    expect(problem.detail).toBe((await shop.call('no/such', {}, admin)).problem.detail)
  })

  test('and not in the description', async () => {
    const text = await (await fetch(`${shop.url}/openapi.json`)).text()
    expect(text).toContain('orders/place')
    expect(text).not.toMatch(/_take|_restock|_audit/)
  })
})
