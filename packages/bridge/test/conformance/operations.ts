import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { module, sql, type TestProject } from '../bundle.ts'
import { sharedPostgres, startTestBridge } from './entry.ts'

const project: TestProject = {
  logic: { 'm/ok': module('ok.mjs', { access: 'public' }), 'm/_private': module('ok.mjs', { private: true }) },
  modules: { 'ok.mjs': 'export default { handler: () => "ok" }' },
}

const pg = (url: string) => ({ driver: 'pg', url, pool: { max: 2, queue: 10 }, statementTimeout: 5000, rls: false, prepare: true }) as const

test('/health says what runs', async () => {
  const { request, manifest } = await startTestBridge(project, { IMAGE_TAG: 'sha-1a2b3c' })
  const answer = await request('/health')
  expect(answer).toMatchObject({ status: 200, body: {
    status: 'ok', project: 'shop', digest: manifest.digest, imageTag: 'sha-1a2b3c', santokit: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
  } })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect((await request('/health', { method: 'HEAD' })).status).toBe(200)
})

test('/ready names the databases that do not answer, and nothing else about them', async () => {
  const postgres = await sharedPostgres()
  const ready = await startTestBridge({ ...project, manifest: { databases: { main: pg(postgres.url) } } })
  expect(await ready.request('/ready')).toMatchObject({ status: 200, body: { status: 'ready' } })

  const gone = `postgres://user:hunter2@127.0.0.1:${await closedPort()}/nowhere`
  const half = await startTestBridge({ ...project, manifest: { databases: { main: pg(postgres.url), other: pg(gone) } } })
  const answer = await half.request('/ready')
  expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable', unavailable: ['other'] } })
  expect(JSON.stringify([answer.body, half.log])).not.toContain('hunter2')
  expect((await half.call('m/ok')).status).toBe(200)
})

test('a database that accepts and never answers is not ready either', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const url = `postgres://user@127.0.0.1:${(silent.address() as AddressInfo).port}/x`
  const bridge = await startTestBridge({ ...project, manifest: { databases: { main: pg(url) } } })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await stop(silent)
  })
  expect(await bridge.request('/ready')).toMatchObject({ status: 503, body: { unavailable: ['main'] } })
})

test('a call to a database that is down is answered 503', async () => {
  const bridge = await startTestBridge({
    logic: { 'q/one': sql('select 1', { access: 'public' }) },
    manifest: { databases: { main: pg(`postgres://user@127.0.0.1:${await closedPort()}/x`) } },
  })
  const answer = await bridge.call('q/one')
  expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
  expect(answer.headers.get('retry-after')).toBe('1')
})

test('/openapi.json describes what clients can call', async () => {
  const { request } = await startTestBridge(project)
  const answer = await request('/openapi.json')
  expect(answer).toMatchObject({ status: 200, body: { openapi: '3.1.1', paths: { '/call': {} } } })
  expect(JSON.stringify(answer.body)).not.toContain('_private')
  const known = { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } }
  expect((await request('/openapi.json', known)).status).toBe(304)
})

test('browsers of allowed origins may call and read answers, errors too', async () => {
  const origin = 'https://app.example.com'
  const { request, call } = await startTestBridge({ ...project, manifest: { cors: { origins: [origin], maxAge: 600 } } })
  const preflight = (from: string) => request('/call', { method: 'OPTIONS', headers: { origin: from, 'access-control-request-method': 'POST' } })
  const allowed = await preflight(origin)
  expect(allowed.status).toBe(204)
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', 'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': expect.stringContaining('authorization') as string, 'access-control-max-age': '600', vary: 'Origin',
  })
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
  expect((await call('m/ok', {}, { origin })).headers.get('access-control-allow-origin')).toBe(origin)
  expect((await call('m/none', {}, { origin })).headers.get('access-control-allow-origin')).toBe(origin)
  const other = await call('m/ok', {}, { origin: 'https://evil.example' })
  expect([other.headers.get('access-control-allow-origin'), other.headers.get('vary')]).toEqual([null, 'Origin'])
})

test('any origin means without credentials, and no cors means no headers', async () => {
  const open = await startTestBridge({ ...project, manifest: { cors: { origins: ['*'], maxAge: 60 } } })
  const answer = await open.call('m/ok', {}, { origin: 'https://any.example' })
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  const closed = await startTestBridge(project)
  expect((await closed.call('m/ok', {}, { origin: 'https://any.example' })).headers.get('access-control-allow-origin')).toBeNull()
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await stop(server)
  return port
}

async function stop(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}
