import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { DatabaseEntry } from '../../src/manifest/index.ts'
import { type Answer, bearer, type TestBridge } from '../bridge.ts'
import { module, sql, type TestProject } from '../bundle.ts'
import { startIssuer, type TestIssuer } from '../issuer.ts'
import { isWorker, openSqlite, startTestBridge, type TestSqlite } from './entry.ts'

let issuer: TestIssuer
let sqlite: TestSqlite

beforeAll(async () => {
  issuer = await startIssuer()
  sqlite = await openSqlite([
    'create table orders (id integer primary key, owner text not null, total integer not null check (total > 0), code text unique)',
    "insert into orders values (1, 'ann', 10, 'a'), (2, 'bob', 20, 'b')",
  ])
})

afterAll(async () => {
  await issuer.stop()
  await sqlite.stop()
})

const LOGIC_ERROR = 'class LogicError extends Error { isLogicError = true; constructor(status, code, message, extra) { super(message); Object.assign(this, { status, code, extra }) } }\n'

const project = (): TestProject => ({
  logic: {
    'orders/all': sql('select id, total from orders order by id', { access: 'public' }),
    'orders/mine': sql('select id from orders where owner = ?1', { bindings: [{ from: 'auth', path: ['sub'] }] }),
    'orders/one': sql('select id, owner from orders where id = ?1', { access: 'public', result: 'row', params: { id: { type: 'int' } } }),
    'orders/admin': sql('select count(*) from orders', { access: ['admin', 'auditor'], result: 'value' }),
    'orders/add': sql('insert into orders (owner, total, code) values (?1, ?2, ?3)', {
      access: 'public', result: 'affected', params: { owner: {}, total: { type: 'int' }, code: {} },
    }),
    'orders/broken': sql('select secret_column from no_such_table', { access: 'public' }),
    'orders/_hidden': sql('select owner from orders where id = ?1', { private: true, result: 'value', params: { id: { type: 'int' } } }),
    'orders/_guarded': sql('select 1', { private: true, access: ['admin'], result: 'value' }),
    'm/echo': module('echo.mjs', { access: 'public' }),
    'm/stock': module('stock.mjs', { access: 'public' }),
    'm/throws': module('throws.mjs', { access: 'public' }),
    'm/values': module('values.mjs', { access: 'public' }),
    'm/typed': module('typed.mjs', { access: 'public' }),
    'm/call': module('call.mjs', { access: 'public' }),
    'm/again': module('again.mjs', { access: 'public' }),
    'm/wrong': module('wrong.mjs', { access: 'public' }),
  },
  modules: {
    'echo.mjs': 'export default { handler: ({ auth, request }) => ({ auth, id: request.id, agent: request.headers.get("x-probe") }) }',
    'stock.mjs': `${LOGIC_ERROR}export default { handler() { throw new LogicError(409, 'out_of_stock', 'Only 3 left.', { available: 3 }) } }`,
    'throws.mjs': 'export default { async handler() { throw new Error("postgres://user:hunter2@host") } }',
    'values.mjs': 'export default { handler: () => ({ big: 2n ** 63n, at: new Date(0), bytes: new Uint8Array([1, 2]) }) }',
    'typed.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => typeof value.id === 'number'
      ? { value: { id: value.id * 2 } } : { issues: [{ message: 'Not a number', path: ['id'] }, { message: 'Missing', path: ['name'] }] } } }
      export default { params, handler: ({ params }) => params.id }`,
    'call.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
      export default { params, handler: ({ call, params }) => call(params.path, params.params) }`,
    'again.mjs': 'export default { handler: ({ call }) => call("m/again") }',
    'wrong.mjs': `const returns = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'Not a list' }] }) } }
      export default { returns, handler: () => 'not a list' }`,
  },
  manifest: { auth: issuer.auth, databases: { main: libsql(sqlite.url) } },
})

function libsql(address: string): DatabaseEntry {
  return { driver: 'libsql', url: address, statementTimeout: 5000, pool: { max: 4, queue: 100 } }
}

function expectProblem({ status, headers, body }: Answer, expected: { status: number; code: string } & Record<string, unknown>): void {
  expect(body).toMatchObject(expected)
  expect(status).toBe(expected.status)
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({ type: 'about:blank', title: expect.any(String), detail: expect.any(String), requestId: headers.get('x-request-id') })
}

async function start(): Promise<TestBridge> {
  return startTestBridge(project())
}

test('a call gives the data of its logic', async () => {
  const { call } = await start()
  expect(await call('orders/all')).toMatchObject({ status: 200, body: { data: [{ id: 1, total: 10 }, { id: 2, total: 20 }] } })
  expect(await call('orders/one', { id: 2 })).toMatchObject({ status: 200, body: { data: { id: 2, owner: 'bob' } } })
  expect(await call('m/values')).toMatchObject({ body: { data: { big: '9223372036854775808', at: '1970-01-01T00:00:00.000Z', bytes: 'AQI=' } } })
  expect(await call('m/typed', { id: 21 })).toMatchObject({ body: { data: 42 } })
})

test('who may call what', async () => {
  const { call } = await start()
  const ann = bearer(await issuer.token('ann'))
  const auditor = bearer(await issuer.token('cyd', { roles: ['auditor'] }))
  expect(await call('orders/mine', {}, ann)).toMatchObject({ status: 200, body: { data: [{ id: 1 }] } })
  expect(await call('orders/admin', {}, auditor)).toMatchObject({ status: 200, body: { data: 2 } })
  const missing = await call('orders/mine')
  expectProblem(missing, { status: 401, code: 'unauthenticated' })
  expect(missing.headers.get('www-authenticate')).toBe('Bearer')
  expectProblem(await call('orders/admin', {}, ann), { status: 403, code: 'forbidden' })
})

test('a bad token is refused on public logic, too', async () => {
  const { call } = await start()
  const bad = await call('orders/all', {}, bearer(`${await issuer.token('ann')}x`))
  expectProblem(bad, { status: 401, code: 'unauthenticated' })
  expect(bad.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  expectProblem(await call('orders/all', {}, { authorization: 'Basic YTpi' }), { status: 401, code: 'unauthenticated' })
  expectProblem(await call('orders/all', {}, { authorization: 'Bearer ' }), { status: 401, code: 'unauthenticated' })
})

test('public logic knows who sent a good token, and nobody otherwise', async () => {
  const { call } = await start()
  expect((await call('m/echo', {}, { 'x-probe': 'seen', 'x-request-id': 'my-id' })).body).toMatchObject({
    data: { auth: { sub: null, roles: [], claims: {} }, id: 'my-id', agent: 'seen' },
  })
  const token = await issuer.token('ann', { roles: ['a', 'b'] })
  expect((await call('m/echo', {}, bearer(token))).body).toMatchObject({ data: { auth: { sub: 'ann', roles: ['a', 'b'] } } })
})

test.each([
  'orders/_hidden', 'orders/none', '', '/', 'orders', 'orders//all', '/orders/all', 'orders/all/', '../orders/all', 'orders/../orders/all',
  '__proto__', 'constructor', 'toString', 'orders/ALL',
])('%j is no logic for a client', async (path) => {
  const { call } = await start()
  expectProblem(await call(path), { status: 404, code: 'logic_not_found' })
})

test('every invalid parameter is named at once', async () => {
  const { call } = await start()
  const answer = await call('orders/add', { owner: 5, total: 'x', extra: 1 })
  expectProblem(answer, { status: 422, code: 'invalid_params' })
  const { errors } = answer.body as { errors: { path: string; message: string; code: string }[] }
  expect(errors.map(({ path }) => path).sort()).toEqual(['code', 'extra', 'owner', 'total'])
  for (const error of errors) expect(error).toEqual({ path: expect.any(String), message: expect.any(String), code: expect.any(String) })
  expectProblem(await call('m/typed', {}), { status: 422, code: 'invalid_params', errors: [expect.objectContaining({ path: 'id' }), expect.objectContaining({ path: 'name' })] })
  expectProblem(await call('m/echo', { surprise: 1 }), { status: 422, code: 'invalid_params', errors: [expect.objectContaining({ path: 'surprise' })] })
})

test('what is no call is refused', async () => {
  const { request } = await start()
  const post = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json'): Promise<Answer> => request('/call', { method: 'POST', body, headers: { 'content-type': type } })
  for (const body of ['', '{', '[]', 'null', '"x"', '{}', '{"path":5}', '{"path":"a","params":[]}', '{"path":"a","params":null}', '{"path":"a","param":{}}']) {
    expectProblem(await post(body), { status: 400, code: 'invalid_request' })
  }
  // What is not UTF-8 is refused, not replaced and stored; the character that stands for it is one like any other.
  expectProblem(await post(Uint8Array.from(Buffer.from('{"path":"\xFF"}', 'latin1'))), { status: 400, code: 'invalid_request', detail: 'The body is not UTF-8.' })
  expectProblem(await post('{"path":"\uFFFD"}'), { status: 404, code: 'logic_not_found' })
  expectProblem(await post('{}', 'text/plain'), { status: 415, code: 'unsupported_media_type' })
  expectProblem(await post('{}', 'application/jsonp'), { status: 415, code: 'unsupported_media_type' })
  expect((await post('{"path":"orders/all"}', 'Application/JSON; charset=utf-8')).status).toBe(200)
})

test('an address or method that is not served is refused', async () => {
  const { request } = await start()
  expectProblem(await request('/'), { status: 404, code: 'not_found' })
  expectProblem(await request('/%zz'), { status: 400, code: 'invalid_request' })
  const get = await request('/call')
  expectProblem(get, { status: 405, code: 'method_not_allowed' })
  expect(get.headers.get('allow')).toBe('POST')
  expectProblem(await request('/call/orders/all', { method: 'POST' }), { status: 405, code: 'method_not_allowed' })
  expectProblem(await request('/health', { method: 'DELETE' }), { status: 405, code: 'method_not_allowed' })
})

test('a broken rule of the database is the caller\'s, a broken statement is ours; neither shows the database', async () => {
  const { call, log } = await start()
  const conflict = await call('orders/add', { owner: 'x', total: 1, code: 'a' })
  expectProblem(conflict, { status: 409, code: 'conflict' })
  const invalid = await call('orders/add', { owner: 'x', total: -1, code: 'c' })
  expectProblem(invalid, { status: 422, code: 'invalid_params' })
  const broken = await call('orders/broken')
  expectProblem(broken, { status: 500, code: 'internal' })
  expect(JSON.stringify([conflict.body, invalid.body, broken.body])).not.toMatch(/orders|no_such_table|SQLITE|select/i)
  expect(log.find((line) => line.logic === 'orders/broken')).toMatchObject({ level: 'error', error: { message: expect.stringContaining('no_such_table') as string } })
})

test("a logic's own refusal reaches the client, its failures only the log", async () => {
  const { call, log } = await start()
  expectProblem(await call('m/stock'), { status: 409, code: 'out_of_stock', detail: 'Only 3 left.', available: 3 })
  const failed = await call('m/throws')
  expectProblem(failed, { status: 500, code: 'internal' })
  expect(JSON.stringify(failed.body)).not.toMatch(/hunter2|throws\.mjs/)
  expect(log.find((line) => line.logic === 'm/throws')).toMatchObject({ error: { message: 'postgres://user:hunter2@host', stack: expect.stringContaining(isWorker() ? 'worker.js' : 'throws.mjs') as string } })
})

test('logic calls logic: private ones too, with the access of each for the same caller', async () => {
  const { call } = await start()
  expect(await call('m/call', { path: 'orders/_hidden', params: { id: 1 } })).toMatchObject({ status: 200, body: { data: 'ann' } })
  expectProblem(await call('m/call', { path: 'orders/mine' }), { status: 401, code: 'unauthenticated' })
  const ann = bearer(await issuer.token('ann'))
  expect(await call('m/call', { path: 'orders/mine' }, ann)).toMatchObject({ body: { data: [{ id: 1 }] } })
  expectProblem(await call('m/call', { path: 'orders/_guarded' }, ann), { status: 403, code: 'forbidden' })
  expectProblem(await call('m/call', { path: 'm/stock' }), { status: 409, code: 'out_of_stock' })
})

test('a mistaken call between logics is a failure of the project, not of its client', async () => {
  const { call, log } = await start()
  expectProblem(await call('m/call', { path: 'orders/none' }), { status: 500, code: 'internal' })
  expectProblem(await call('m/call', { path: 'orders/one', params: { id: 'x' } }), { status: 500, code: 'internal' })
  expectProblem(await call('m/again'), { status: 500, code: 'internal' })
  expect(JSON.stringify(log)).toContain('limits.callDepth')
})

test('in development a result must be what its logic declares', async () => {
  const production = await start()
  expect(await production.call('m/wrong')).toMatchObject({ status: 200, body: { data: 'not a list' } })
  const development = await startTestBridge(project(), { STK_DEV: '1' })
  expectProblem(await development.call('m/wrong'), { status: 500, code: 'internal' })
  expect(JSON.stringify(development.log)).toContain('m/wrong does not return what it declares. (result): Not a list')
})

test('a call leaves one line in the log, without its params and token', async () => {
  const { call, log } = await start()
  const token = await issuer.token('ann')
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await call('orders/one', { id: 1 }, { ...bearer(token), 'x-request-id': 'r-1', traceparent })
  const lines = log.filter((line) => line.requestId === 'r-1')
  expect(lines).toEqual([{
    time: expect.any(String), level: 'info', message: 'call', requestId: 'r-1', logic: 'orders/one', status: 200,
    ms: expect.any(Number), dbMs: expect.any(Number),
    traceId: '0af7651916cd43dd8448eb211c80319c', parentId: 'b7ad6b7169203331', spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  }])
  expect(lines[0]?.dbMs).toBeGreaterThan(0)
  await call('orders/one', { id: 'planted-value' }, bearer(token))
  expect(JSON.stringify(log)).not.toContain('planted-value')
  expect(JSON.stringify(log)).not.toContain(token)
})

test('a request id is kept if it is harmless, and made otherwise', async () => {
  const { call } = await start()
  expect((await call('orders/all', {}, { 'x-request-id': 'A.b_c-1' })).headers.get('x-request-id')).toBe('A.b_c-1')
  for (const given of ['a b', 'x'.repeat(129), 'a"b']) {
    expect((await call('orders/all', {}, { 'x-request-id': given })).headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  }
})

test('where nobody is asked who they are, everybody may call', async () => {
  const { logic, modules, manifest } = project()
  const open = await startTestBridge(
    { logic, modules: modules ?? {}, manifest: { ...manifest, auth: { mode: 'none', issuers: [] } } }, { STK_DEV: '1' },
  )
  expect(await open.call('orders/admin')).toMatchObject({ status: 200, body: { data: 2 } })
  expectProblem(await open.call('orders/_hidden', { id: 1 }), { status: 404, code: 'logic_not_found' })
})

test('a development issuer is trusted besides the others', async () => {
  const { logic, modules, manifest } = project()
  const local = await startIssuer()
  onTestFinished(local.stop)
  const token = bearer(await local.token('dev', { roles: ['admin'] }))
  const url = local.auth.issuers[0]?.issuer ?? ''
  const development = await startTestBridge({ logic, modules: modules ?? {}, manifest: manifest ?? {} }, { STK_DEV: '1', STK_DEV_ISSUER: url })
  expect(await development.call('orders/admin', {}, token)).toMatchObject({ status: 200 })
  expectProblem(await (await start()).call('orders/admin', {}, token), { status: 401, code: 'unauthenticated' })
})

test('while an issuer is down, its tokens are neither good nor bad', async () => {
  const gone = await startIssuer()
  const token = bearer(await gone.token('ann'))
  await gone.stop()
  const { logic, modules, manifest } = project()
  const { call } = await startTestBridge({ logic, modules: modules ?? {}, manifest: { ...manifest, auth: gone.auth } })
  expectProblem(await call('orders/mine', {}, token), { status: 503, code: 'issuer_unavailable' })
  expect((await call('orders/all')).status).toBe(200)
})
