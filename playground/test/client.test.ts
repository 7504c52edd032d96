import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CallError, createClient } from '@santokit/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveProject, type ServedProject } from './serve.ts'

let shop: ServedProject
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'santokit-client-'))
  shop = await serveProject('shop')
})
afterAll(async () => {
  await shop.close()
  await rm(folder, { recursive: true })
})

test('a front end calls the shop through the client', async () => {
  const token = await shop.token({ sub: 'ann' })
  const stk = createClient<'shop'>({ baseUrl: shop.url, token })
  const [first] = await stk.products.list({ category: 'lighting', limit: 1 })
  expect(first).toMatchObject({ name: expect.any(String) as string })
  await stk.cart.add({ productId: Number(first?.['id']) })
  const cart = await stk.cart.get()
  expect(cart).toHaveLength(1)
  const order = await stk.orders.place()
  expect((await stk.orders.list({ status: 'paid' })).map((row) => row['id'])).toEqual([order.id])
})

test('it tells errors apart', async () => {
  const stk = createClient<'shop'>({ baseUrl: shop.url })
  const failed = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error)
  expect(await failed(stk.orders.list())).toMatchObject({ code: 'unauthenticated', status: 401 })
  const invalid = await failed(stk.products.list({ category: 'Not A Category' }))
  expect(invalid).toBeInstanceOf(CallError)
  expect(invalid).toMatchObject({ code: 'invalid_params', errors: [{ path: 'category' }] })
  expect(await failed(stk.$call('stock/_restock', {}))).toMatchObject({ code: 'logic_not_found', status: 404 })
})

test('public cached logic answers GET', async () => {
  const stk = createClient<'shop'>({ baseUrl: shop.url })
  expect(await stk.categories.list({}, { get: true })).toEqual(await stk.categories.list())
})
