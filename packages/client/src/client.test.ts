import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { CallError } from './call-error.ts'
import { createClient } from './client.ts'
import type { Client, ClientOptions } from './types.ts'

interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A client as it is before `stk sync`. */
const untyped = createClient as (options: ClientOptions) => Client<never>

/** A server that answers each request with the next of these; and what it was asked. */
async function serve(...answers: ((response: ServerResponse, asked: Asked) => void)[]) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() }
    asked.push(one)
    const answer = answers[asked.length - 1] ?? answers.at(-1)
    answer?.(response, one)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, baseUrl, client: (options: Omit<ClientOptions, 'baseUrl'> = {}): Client<never> => untyped({ baseUrl, ...options }) }
}

const data = (value: unknown) => (response: ServerResponse): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: value }))
const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}) => (response: ServerResponse): void =>
  void response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify({ type: 'about:blank', title: 'x', status, detail: `because ${code}`, code, requestId: 'r-1', ...more }))
const failure = async (work: Promise<unknown>): Promise<CallError> => {
  const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown)
  if (!(error instanceof CallError)) throw new Error(`not a CallError: ${String(error)}`)
  return error
}

test('a namespace and a name make the path', async () => {
  const { asked, client } = await serve(data([1]))
  expect(await client({ token: 'abc', headers: { 'x-app': 'web' } }).orders?.list?.({ limit: 5, after: 9007199254740993n })).toEqual([1])
  await client().a?.b?.c?.()
  expect(asked[0]).toMatchObject({ method: 'POST', url: '/call', headers: { authorization: 'Bearer abc', 'content-type': 'application/json', 'x-app': 'web' } })
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ path: 'orders/list', params: { limit: 5, after: '9007199254740993' } })
  expect(JSON.parse(asked[1]?.body ?? '')).toEqual({ path: 'a/b/c', params: {} })
  expect(asked[1]?.headers.authorization).toBeUndefined()
})

test('a path below the base address stays, and $call takes any path', async () => {
  const { asked, baseUrl } = await serve(data(null))
  expect(await untyped({ baseUrl: `${baseUrl}/api/` }).$call('then/x')).toBeNull()
  expect(asked[0]?.url).toBe('/api/call')
})

test('a client and its namespaces can be awaited by mistake without calling anything', async () => {
  const { asked, client } = await serve(data(1))
  const stk = await client()
  await (stk as { orders?: unknown }).orders
  expect(asked).toEqual([])
})

test('GET puts params into the address, lists one by one', async () => {
  const { asked, client } = await serve(data(1))
  await client().products?.pick?.({ ids: [1, 2], q: 'a&b', none: undefined, at: new Date(0) }, { get: true })
  expect(asked[0]).toMatchObject({ method: 'GET', url: '/call/products/pick?ids=1&ids=2&q=a%26b&at=1970-01-01T00%3A00%3A00.000Z' })
})

test('the token is asked for before each call', async () => {
  const { asked, client } = await serve(data(1))
  let count = 0
  const stk = client({ token: async () => `t${count += 1}` })
  await stk.a?.b?.()
  await stk.a?.b?.()
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t2'])
})

test('a problem document becomes a typed error', async () => {
  const errors = [{ path: 'limit', message: 'is too large', code: 'max' }]
  const { client } = await serve(problem(422, 'invalid_params', { errors, hint: 'x' }))
  const error = await failure(client().orders?.list?.() as Promise<unknown>)
  expect(error).toMatchObject({ name: 'CallError', code: 'invalid_params', status: 422, requestId: 'r-1', errors, problem: { hint: 'x' } })
  expect(error.message).toBe('orders/list: because invalid_params')
})

test("an answer that is not a Bridge's says so", async () => {
  const { client } = await serve((response) => void response.writeHead(502, { 'content-type': 'text/html', 'x-request-id': 'proxy-7' }).end('<h1>Bad Gateway</h1>'), (response) => void response.writeHead(200).end('"hello"'))
  expect(await failure(client().a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'unexpected', status: 502, requestId: 'proxy-7' })
  expect(await failure(client().a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'unexpected', status: 200 })
})

test('a call that the busy Bridge refused is made again, for it has not run', async () => {
  const { asked, client } = await serve(problem(503, 'overloaded', {}, { 'retry-after': '0' }), problem(503, 'overloaded', {}, { 'retry-after': '0' }), data('done'))
  expect(await client().a?.b?.()).toBe('done')
  expect(asked).toHaveLength(3)
})

test('retries end', async () => {
  const { asked, client } = await serve(problem(503, 'overloaded', {}, { 'retry-after': '0' }))
  expect(await failure(client({ retries: 1 }).a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'overloaded', problem: { retryAfter: '0' } })
  expect(asked).toHaveLength(2)
})

test('where the outcome is unknown only a safe call is made again', async () => {
  const drop = (response: ServerResponse): void => void response.destroy()
  const unsafe = await serve(drop)
  expect(await failure(unsafe.client().a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'network', status: 0 })
  expect(unsafe.asked).toHaveLength(1)
  const safe = await serve(drop, problem(504, 'timeout'), data('done'))
  expect(await safe.client().a?.b?.({}, { safe: true })).toBe('done')
  expect(safe.asked).toHaveLength(3)
  const get = await serve(drop, data('done'))
  expect(await get.client().a?.b?.({}, { get: true })).toBe('done')
})

test('what the logic refuses is not tried again', async () => {
  for (const [status, code] of [[400, 'invalid_request'], [403, 'forbidden'], [409, 'conflict'], [422, 'out_of_stock'], [500, 'internal'], [501, 'x']] as const) {
    const { asked, client } = await serve(problem(status, code))
    await failure(client().a?.b?.({}, { safe: true }) as Promise<unknown>)
    expect(asked).toHaveLength(1)
  }
})

/** Answers those who bring this token. */
const only = (token: string) => (response: ServerResponse, { headers }: Asked): void => (headers.authorization === `Bearer ${token}` ? data('ok') : problem(401, 'unauthenticated'))(response)

test('a refused token is refreshed once, for all calls that it was refused', async () => {
  const { asked, client } = await serve(only('new'))
  let refreshes = 0
  const stk = client({ token: () => 'old', refreshToken: () => { refreshes += 1; return 'new' } })
  expect(await Promise.all([stk.a?.b?.(), stk.a?.c?.(), stk.a?.d?.()])).toEqual(['ok', 'ok', 'ok'])
  expect(asked).toHaveLength(6)
  expect(refreshes).toBe(1)
})

test('a call whose old token is refused after the refresh takes the new one', async () => {
  let refuse = (): void => {}
  const late = (response: ServerResponse): void => { refuse = () => problem(401, 'unauthenticated')(response) }
  const { asked, client } = await serve(late, only('new'))
  let refreshes = 0
  const stk = client({ token: 'old', refreshToken: () => { refreshes += 1; return 'new' } })
  const straggler = stk.a?.b?.()
  while (asked.length < 1) await new Promise((resolve) => setImmediate(resolve))
  expect(await stk.a?.c?.()).toBe('ok')
  refuse()
  expect(await straggler).toBe('ok')
  expect(refreshes).toBe(1)
})

test('a token that was refreshed stays, where one was given', async () => {
  const { asked, client } = await serve(only('new'))
  const stk = client({ token: 'old', refreshToken: () => 'new' })
  for (const _ of [1, 2, 3]) expect(await stk.a?.b?.()).toBe('ok')
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new', 'Bearer new', 'Bearer new'])
})

test('a refresh that failed is tried anew by the next call', async () => {
  const { client } = await serve(only('new'))
  const lost = new Error('no network')
  let refreshes = 0
  const stk = client({ token: 'old', refreshToken: () => { if ((refreshes += 1) === 1) throw lost; return 'new' } })
  await expect(stk.a?.b?.()).rejects.toBe(lost)
  expect(await stk.a?.b?.()).toBe('ok')
})

test('a token that is refused again is not refreshed for ever, and none ends the call', async () => {
  const always = await serve(problem(401, 'unauthenticated'))
  expect(await failure(always.client({ token: 'old', refreshToken: () => 'new' }).a?.b?.() as Promise<unknown>)).toMatchObject({ status: 401 })
  expect(always.asked).toHaveLength(2)
  const none = await serve(problem(401, 'unauthenticated'))
  await failure(none.client({ token: 'old', refreshToken: () => undefined }).a?.b?.() as Promise<unknown>)
  expect(none.asked).toHaveLength(1)
})

test('a call that takes too long ends as a timeout, its retries and waits included', async () => {
  const silent = await serve(() => {})
  expect(await failure(silent.client({ timeout: 50 }).a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'timeout', status: 0 })
  const busy = await serve(problem(503, 'overloaded', {}, { 'retry-after': '3600' }))
  expect(await failure(busy.client().a?.b?.({}, { timeout: 50 }) as Promise<unknown>)).toMatchObject({ code: 'timeout' })
  expect(busy.asked).toHaveLength(1)
})

test("the caller's signal ends a call with its own reason, while waiting too", async () => {
  const reason = new Error('left the page')
  const silent = await serve(() => {})
  const controller = new AbortController()
  const call = silent.client().a?.b?.({}, { signal: controller.signal })
  while (silent.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)

  const busy = await serve(problem(503, 'overloaded', {}, { 'retry-after': '3600' }))
  const second = new AbortController()
  const waiting = busy.client().a?.b?.({}, { signal: second.signal })
  while (busy.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  second.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})

test('a session that does not answer holds no call longer than its time, nor longer than its signal', async () => {
  const never = (): Promise<string> => new Promise(() => {})
  const { asked, client } = await serve(problem(401, 'unauthenticated'))
  expect(await failure(client({ token: never, timeout: 50 }).a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'timeout', status: 0 })
  expect(asked).toEqual([])
  expect(await failure(client({ token: 'old', refreshToken: never, timeout: 200 }).a?.b?.() as Promise<unknown>)).toMatchObject({ code: 'timeout', status: 0 })

  const reason = new Error('left the page')
  const controller = new AbortController()
  const call = client({ token: never, timeout: 0 }).a?.b?.({}, { signal: controller.signal })
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)
  const leave = new AbortController()
  const refreshToken = (): Promise<string> => { leave.abort(reason); return never() }
  await expect(client({ token: 'old', refreshToken, timeout: 0 }).a?.b?.({}, { signal: leave.signal })).rejects.toBe(reason)
})

test('a signal that has ended asks for no token', async () => {
  const reason = new Error('left the page')
  const { asked, client } = await serve(data(1))
  let tokens = 0
  await expect(client({ token: () => `t${tokens += 1}` }).a?.b?.({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect({ asked, tokens }).toEqual({ asked: [], tokens: 0 })
})

test('a refresh that hangs is not waited for by later calls', async () => {
  const { client } = await serve(only('new'))
  let hangs = true
  const stk = client({ token: () => 'old', refreshToken: () => hangs ? new Promise(() => {}) : 'new' })
  expect(await failure(stk.a?.b?.({}, { timeout: 200 }) as Promise<unknown>)).toMatchObject({ code: 'timeout' })
  hangs = false
  expect(await stk.a?.b?.()).toBe('ok')
})

test('params that cannot be written fail at once, as what they are', async () => {
  const { asked, client } = await serve(data(1))
  const circle: { self?: unknown } = {}
  circle.self = circle
  await expect(client().a?.b?.(circle, { safe: true })).rejects.toThrow(TypeError)
  expect(asked).toEqual([])
})

test('an address that is none is refused when the client is made', () => {
  expect(() => untyped({ baseUrl: 'shop.example.com' })).toThrow(TypeError)
})
