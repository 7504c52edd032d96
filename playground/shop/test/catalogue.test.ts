import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveProject, type ServedProject } from '../../test/serve.ts'

let shop: ServedProject
beforeAll(async () => {
  shop = await serveProject('shop')
})
afterAll(() => shop?.close())

interface Product {
  readonly id: number
  readonly name: string
  readonly price: string
}

test('GET on public logic is cached and answers 304 to the ETag it gave', async () => {
  const url = `${shop.url}/call/products/get?id=42`
  const first = await fetch(url)
  expect(first.status).toBe(200)
  expect(first.headers.get('cache-control')).toMatch(/max-age=\d+/)
  const etag = first.headers.get('etag') ?? ''
  expect(etag).not.toBe('')
  const { data } = (await first.json()) as { data: Product }
  expect(data).toMatchObject({ id: 42, name: expect.any(String), price: expect.stringMatching(/^\d+\.\d\d$/) })

  const second = await fetch(url, { headers: { 'if-none-match': etag } })
  expect(second.status).toBe(304)
  expect(await second.text()).toBe('')
  expect((await fetch(`${shop.url}/call/products/get?id=43`, { headers: { 'if-none-match': etag } })).status).toBe(200)
})

test('what is not public cannot be had with GET', async () => {
  const token = await shop.token({ sub: 'ann' })
  const response = await fetch(`${shop.url}/call/orders/list`, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(response.status).toBeLessThan(500)
})

describe('products', () => {
  test('a search by words, category and price finds what fits, in the order asked for', async () => {
    const { data } = await shop.call('products/search', { q: 'brass lamp', category: 'lighting', maxPrice: 170, sort: '-price', limit: 50 })
    expect(data.length).toBeGreaterThan(3)
    for (const product of data) {
      expect(product.name).toMatch(/Brass .*Lamp/)
      expect(product.category).toBe('lighting')
      expect(Number(product.price)).toBeLessThanOrEqual(170)
    }
    const prices = data.map((product: Product) => Number(product.price))
    expect(prices).toEqual(prices.toSorted((a: number, b: number) => b - a))
  })

  test('words are data, not a query language', async () => {
    expect(await shop.call('products/search', { q: `'; drop table products; -- & | ! ( :* "` })).toMatchObject({ status: 200, data: [] })
    expect((await shop.call('products/search', { q: 'kettle' })).data.length).toBeGreaterThan(0)
  })

  test('the pages of a category have every product on sale, once', async () => {
    const seen: number[] = []
    for (let after = 0; ;) {
      const { data } = await shop.call('products/list', { category: 'toys', after, limit: 100 })
      if (data.length === 0) break
      seen.push(...data.map((product: Product) => product.id))
      after = seen.at(-1) ?? 0
    }
    const toys = (await shop.call('categories/list')).data.find((category: { slug: string }) => category.slug === 'toys')
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBe(toys.products)
  })

  test('several at once come in the order asked for, unknown ones left out', async () => {
    const { data } = await shop.call('products/pick', { ids: [30, 4, 999_999, 12] })
    expect(data.map((product: Product) => product.id)).toEqual([30, 4, 12])
  })

  test('an unknown product is null, not an error', async () => {
    expect(await shop.call('products/get', { id: 999_999 })).toMatchObject({ status: 200, data: null })
  })
})

test('categories count what is on sale', async () => {
  const { data } = await shop.call('categories/list')
  expect(data).toHaveLength(12)
  expect(data.reduce((sum: number, { products }: { products: number }) => sum + products, 0)).toBe(3024 - 31)
})

describe('what is wrong with params is said at once', () => {
  test('for SQL logic', async () => {
    const wrong = { q: 'x', category: 'Not A Slug', sort: 'colour', limit: 1000, colour: 'red' }
    const { status, problem } = await shop.call('products/search', wrong)
    expect([status, problem.code]).toEqual([422, 'invalid_params'])
    const text = JSON.stringify(problem)
    for (const name of ['q', 'category', 'sort', 'limit', 'colour']) expect(text).toContain(`"${name}"`)
  })

  test('for TypeScript logic', async () => {
    const admin = await shop.token({ sub: 'root', roles: ['admin'] })
    const { status, problem } = await shop.call('orders/refund', { id: 'not-a-uuid', reason: '' }, admin)
    expect([status, problem.code]).toEqual([422, 'invalid_params'])
    for (const name of ['id', 'reason']) expect(JSON.stringify(problem)).toContain(`"${name}"`)
  })

  test('and what only the database can know', async () => {
    const token = await shop.token({ sub: 'greedy' })
    await shop.call('cart/add', { productId: 20, quantity: 60 }, token)
    const { status, problem } = await shop.call('cart/add', { productId: 20, quantity: 60 }, token)
    expect(status).toBe(422)
    expect(JSON.stringify(problem)).not.toMatch(/cart_items|insert|select/i)
    expect((await shop.call('cart/get', {}, token)).data).toMatchObject([{ productId: 20, quantity: 60 }])
  })
})

test('the cart takes what is on sale only', async () => {
  const token = await shop.token({ sub: 'hopeful' })
  // Every 97th product is no longer sold.
  expect(await shop.call('cart/add', { productId: 97 }, token)).toMatchObject({ status: 200, data: null })
  expect((await shop.call('cart/get', {}, token)).data).toEqual([])
})

test('recently viewed products: kept in one database, named from the other', async () => {
  const [ann, bob] = await Promise.all([shop.token({ sub: 'ann' }), shop.token({ sub: 'bob' })])
  for (const productId of [11, 22, 33, 97, 11]) expect((await shop.call('history/add', { productId }, ann)).data).toBe(1)
  const { data } = await shop.call('history/list', { limit: 3 }, ann)
  expect(data[0]).toMatchObject({ id: 11, name: expect.any(String), viewedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) })
  expect(data.map((product: Product) => product.id)).not.toContain(97)
  expect((await shop.call('history/list', {}, bob)).data).toEqual([])
})

test('without a token, or with one that is no good, there is no cart', async () => {
  expect((await shop.call('cart/get')).status).toBe(401)
  expect((await shop.call('cart/get', {}, 'nonsense')).status).toBe(401)
  expect((await shop.call('cart/get', {}, await shop.token({ sub: 'ann', audience: 'links' }))).status).toBe(401)
  expect((await shop.call('cart/get', {}, await shop.token({ sub: 'ann', expiresIn: '-5m' }))).status).toBe(401)
})
