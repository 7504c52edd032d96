import { expect, onTestFinished, test } from 'vitest'
import { module, sql } from '../bundle.ts'
import { openSqlite, startTestBridge } from './entry.ts'

/** A table whose number a test can change behind the Bridge's back, and logic that reads it. */
async function setUp() {
  const { client, url, stop } = await openSqlite(['create table n (value integer)', 'insert into n values (1)'])
  onTestFinished(stop)
  const cache = { ttl: 60_000, staleWhileRevalidate: 30_000 }
  const bridge = await startTestBridge({
    logic: {
      'n/get': sql('select value from n', { access: 'public', result: 'value', cache }),
      'n/plus': sql('select value + ?1 from n', { access: 'public', result: 'value', cache, params: { by: { type: 'int', default: 0 } } }),
      'n/fresh': sql('select value from n', { access: 'public', result: 'value' }),
      'n/module': module('n.mjs', {
        access: 'public', cache, params: { type: 'object', properties: { by: { type: 'integer' }, tags: { type: 'array', items: { type: 'string' } } } },
      }),
      'n/who': module('who.mjs', { access: 'public', cache }),
      'n/closed': sql('select value from n', { result: 'value', cache }),
      'n/_private': sql('select value from n', { access: 'public', private: true, cache }),
    },
    modules: {
      'n.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
        export default { params, handler: ({ params }) => params }`,
      'who.mjs': 'export default { handler: ({ auth, request }) => ({ sub: auth.sub, agent: request.headers.get("x-probe") }) }',
    },
    manifest: { databases: { main: { driver: 'libsql', url, statementTimeout: 5000, pool: { max: 4, queue: 10 } } } },
  })
  return { ...bridge, change: (value: number) => client.execute({ sql: 'update n set value = ?', args: [value] }) }
}

test('a cached answer is kept, for GET and POST alike, with how long it holds', async () => {
  const { request, call, change, log } = await setUp()
  const first = await request('/call/n/get')
  expect(first).toMatchObject({ status: 200, body: { data: 1 } })
  expect(first.headers.get('cache-control')).toBe('public, max-age=60, stale-while-revalidate=30')
  expect(first.headers.get('etag')).toMatch(/^"[\w-]{43}"$/)
  expect(first.headers.get('age')).toBe('0')
  await change(2)
  expect((await request('/call/n/get')).body).toEqual({ data: 1 })
  expect((await call('n/get')).body).toEqual({ data: 1 })
  expect((await call('n/fresh')).body).toEqual({ data: 2 })
  expect(log.filter((line) => line.logic === 'n/get').map((line) => line.cache)).toEqual(['miss', 'hit', 'hit'])
})

test('a client that knows the answer is told so', async () => {
  const { request } = await setUp()
  const etag = (await request('/call/n/get')).headers.get('etag') ?? ''
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await request('/call/n/get', { headers: { 'if-none-match': known } })
    expect(answer).toMatchObject({ status: 304, body: undefined })
    expect(answer.headers.get('etag')).toBe(etag)
  }
  expect((await request('/call/n/get', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
})

test('each set of params has its own answer, however it is written', async () => {
  const { request, call, change } = await setUp()
  expect((await request('/call/n/plus?by=10')).body).toEqual({ data: 11 })
  expect((await request('/call/n/plus')).body).toEqual({ data: 1 })
  await change(5)
  expect((await call('n/plus', { by: 10 })).body).toEqual({ data: 11 })
  expect((await call('n/plus', { by: 0 })).body).toEqual({ data: 1 })
  expect((await request('/call/n/plus?by=11')).body).toEqual({ data: 16 })
})

test('query strings become what a module declares', async () => {
  const { request } = await setUp()
  expect((await request('/call/n/module?by=3&tags=a&tags=b')).body).toEqual({ data: { by: 3, tags: ['a', 'b'] } })
  expect((await request('/call/n/module?tags=a')).body).toEqual({ data: { tags: ['a'] } })
})

test('an answer for everyone is made for nobody in particular', async () => {
  const { request } = await setUp()
  expect((await request('/call/n/who', { headers: { 'x-probe': 'mine' } })).body).toEqual({ data: { sub: null, agent: null } })
})

test('GET is for public cached logic only', async () => {
  const { request } = await setUp()
  expect(await request('/call/n/fresh')).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
  expect(await request('/call/n/closed')).toMatchObject({ status: 405 })
  for (const path of ['/call/n/_private', '/call/n/none', '/call/', '/call/n%2Fget', '/call/n//get', '/call/__proto__']) {
    expect((await request(path)).status, path).toBe(path === '/call/' ? 405 : 404)
  }
  expect(await request('/call/n/plus?by=x')).toMatchObject({ status: 422, body: { errors: [{ path: 'by' }] } })
  expect((await request('/call/n/get', { method: 'HEAD' })).status).toBe(200)
})

test('failures and wrong tokens are not kept', async () => {
  const { request } = await setUp()
  expect((await request('/call/n/get', { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401)
  const answer = await request('/call/n/plus?by=x')
  expect(answer.headers.get('cache-control')).toBe('no-store')
})
