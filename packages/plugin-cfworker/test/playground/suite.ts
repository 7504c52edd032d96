import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeWorkerd } from '../../../bridge/test/worker/workerd.ts'
import { playWorker, type LibsqlServer, type PlayedWorker } from './workers.ts'

/** What both projects of the playground have to do as Workers, on libSQL servers of this kind. */
export function playgroundSuite(startLibsql: () => Promise<LibsqlServer>): void {
  afterAll(() => closeWorkerd())

  describe.each([['straight', false], ['through Hyperdrive', true]])('the shop, with Postgres %s', (_, hyperdrive) => {
    let shop: PlayedWorker
    beforeAll(async () => { shop = await playWorker('shop', { startLibsql, hyperdrive }) })
    afterAll(() => shop?.close())

    test('says what it is, and that its databases answer', async () => {
      expect(await shop.get('/health')).toMatchObject({ status: 200, body: { digest: shop.digest } })
      expect(await shop.get('/ready')).toMatchObject({ status: 200 })
      expect((await shop.get('/openapi.json')).body).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) as string })
    })

    test('reads with SQL, and validates', async () => {
      const products = await shop.call('products/list', { category: 'kitchen' })
      expect(products.status).toBe(200)
      expect(products.data.length).toBeGreaterThan(0)
      expect(await shop.call('products/list', { category: 'kitchen', limit: 'many' })).toMatchObject({ status: 422 })
      expect(await shop.call('cart/get')).toMatchObject({ status: 401 })
    })

    test('takes an order in a transaction, with TypeScript and both databases', async () => {
      const ann = await shop.token({ sub: 'ann' })
      expect((await shop.call('cart/add', { productId: 1, quantity: 2 }, ann)).status).toBe(200)
      const placed = await shop.call('orders/place', {}, ann)
      expect(placed.status, JSON.stringify(placed.problem)).toBe(200)
      expect((await shop.call('orders/list', {}, ann)).data).toHaveLength(1)
      expect(await shop.call('orders/place', {}, ann)).toMatchObject({ status: 409, problem: { code: 'cart_empty' } })
      const seen = await shop.call('history/add', { productId: 1 }, ann)
      expect(seen.status, JSON.stringify(seen.problem)).toBe(200)
      expect((await shop.call('history/list', {}, ann)).data).toHaveLength(1)
    })

    test('many at once, and one after the other', async () => {
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => shop.call('products/get', { id: 1 })))
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      }
    })
  })

  describe('links', () => {
    let links: PlayedWorker
    beforeAll(async () => { links = await playWorker('links', { startLibsql }) })
    afterAll(() => links?.close())

    test('shortens, resolves and counts', async () => {
      const ann = await links.token({ sub: 'ann' })
      const { status, data, problem } = await links.call('links/create', { url: 'https://example.com/a?b=c#d' }, ann)
      expect(status, JSON.stringify(problem)).toBe(200)
      for (let hit = 0; hit < 3; hit++) {
        expect(await links.call('links/resolve', { slug: data.slug })).toMatchObject({ status: 200, data: { url: 'https://example.com/a?b=c#d' } })
      }
      expect((await links.call('links/list', { contains: '/a' }, ann)).data).toMatchObject([{ slug: data.slug, hits: 3 }])
      expect(await links.call('links/create', { url: 'https://example.com', slug: data.slug }, ann)).toMatchObject({ status: 409, problem: { code: 'slug_taken' } })
      expect(await links.call('links/create', { url: 'ftp://example.com' }, ann)).toMatchObject({ status: 422 })
    })
  })
}
