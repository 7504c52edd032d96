import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startTestBridge } from './bridge.ts'
import { makeManifest, module, sql, type TestProject } from './bundle.ts'

/** Handlers meet their test here: both live in one process. */
const meeting = globalThis as { startedCalls?: (() => void) | undefined; abortedCalls?: ((reason: string) => void) | undefined }

const { limits } = makeManifest({ logic: {} })

function project(changed: Partial<typeof limits> = {}): TestProject {
  return {
    logic: {
      'm/ok': module('ok.mjs', { access: 'public' }),
      'm/hang': module('hang.mjs', { access: 'public', timeout: 100 }),
      'm/wait': module('wait.mjs', { access: 'public' }),
      'm/busy': module('busy.mjs', { access: 'public' }),
    },
    modules: {
      'ok.mjs': 'export default { handler: () => "ok" }',
      'hang.mjs': 'export default { handler: () => new Promise(() => {}) }',
      'wait.mjs': `export default { handler: ({ signal }) => new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => { globalThis.abortedCalls?.(signal.reason.why); reject(signal.reason) })
        globalThis.startedCalls?.()
      }) }`,
      'busy.mjs': 'export default { async handler({ call }) { return call("m/ok") } }',
    },
    manifest: { limits: { ...limits, ...changed } },
  }
}

test('a handler that ignores its deadline is answered for', async () => {
  const { call } = await startTestBridge(project())
  expect(await call('m/hang')).toMatchObject({ status: 504, body: { code: 'timeout' } })
})

test("without its own time a logic has the project's, and can tell why it ends", async () => {
  const reasons: string[] = []
  meeting.abortedCalls = (reason) => reasons.push(reason)
  const { call } = await startTestBridge(project({ timeout: 50 }))
  expect(await call('m/wait')).toMatchObject({ status: 504 })
  expect(reasons).toEqual(['timeout'])
})

test('a client that leaves ends its call', async () => {
  const started = new Promise<void>((resolve) => { meeting.startedCalls = resolve })
  const aborted = new Promise<string>((resolve) => { meeting.abortedCalls = resolve })
  const { call, request, log } = await startTestBridge(project())
  const controller = new AbortController()
  const left = request('/call', {
    method: 'POST', body: '{"path":"m/wait"}', headers: { 'content-type': 'application/json' }, signal: controller.signal,
  })
  await started
  controller.abort()
  await expect(left).rejects.toThrow()
  expect(await aborted).toBe('client_gone')
  await expect.poll(() => log.filter((line) => line.logic === 'm/wait')).toMatchObject([{ status: 499, code: 'client_gone' }])
  expect((await call('m/ok')).status).toBe(200)
})

test('past the number of calls at once the next is told to come back', async () => {
  const waiting: (() => void)[] = []
  const { call } = await startTestBridge(project({ concurrency: 2, timeout: 1000 }))
  const started = [0, 1].map(() => new Promise<void>((resolve) => waiting.push(resolve)))
  meeting.startedCalls = () => waiting.shift()?.()
  const running = [call('m/wait'), call('m/wait')]
  await Promise.all(started)
  const refused = await call('m/ok')
  expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([504, 504])
  expect((await call('m/ok')).status).toBe(200)
})

test('a body past the bound is refused, announced or not', async () => {
  const { request, call } = await startTestBridge(project({ bodyBytes: 1000 }))
  const body = JSON.stringify({ path: 'm/ok', params: { filler: 'x'.repeat(2000) } })
  const headers = { 'content-type': 'application/json' }
  expect(await request('/call', { method: 'POST', body, headers })).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
  const stream = new Blob([body]).stream()
  expect(await request('/call', { method: 'POST', body: stream, headers, duplex: 'half' } as RequestInit)).toMatchObject({ status: 413 })
  expect((await call('m/ok')).status).toBe(200)
})

test('a body nested too deep is refused', async () => {
  const { request } = await startTestBridge(project({ jsonDepth: 5, bodyBytes: 1_000_000 }))
  const post = (value: string) => request('/call', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"path":"m/ok","params":{"a":${value}}}`,
  })
  expect(await post('[[[[1]]]]')).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  expect(await post('[[[1]]]')).toMatchObject({ status: 422 })
  expect(await post('['.repeat(100_000) + ']'.repeat(100_000))).toMatchObject({ status: 400 })
})

test('a client that stops in the middle of its body leaves nothing behind', async () => {
  const { port, call, log } = await startTestBridge(project())
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /call HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"path":')
  // Answered only once the server has read what the other connection sent before.
  await call('m/ok')
  socket.destroy()
  await expect.poll(() => log.find((line) => line.code === 'client_gone')).toMatchObject({ status: 499 })
  expect((await call('m/ok')).status).toBe(200)
})

test('stopping lets a running call finish, and ends it when the time is over', async () => {
  let started = new Promise<void>((resolve) => { meeting.startedCalls = resolve })
  const reasons: string[] = []
  meeting.abortedCalls = (reason) => reasons.push(reason)
  const bridge = await startTestBridge(project(), { SHUTDOWN_TIMEOUT: '50ms' })
  const running = bridge.call('m/wait')
  await started
  const closed = bridge.close()
  expect(await running).toMatchObject({ status: 503, body: { code: 'overloaded' } })
  await closed
  expect(reasons).toEqual(['stopping'])
  await expect(bridge.call('m/ok')).rejects.toThrow()

  started = new Promise<void>((resolve) => { meeting.startedCalls = resolve })
  const patient = await startTestBridge(project({ timeout: 200 }))
  const answered = patient.call('m/wait')
  await started
  await patient.close()
  expect(await answered).toMatchObject({ status: 504 })
})

test('more parameters than a call may bring are refused, in a body and in a query', async () => {
  const cached = module('echo.mjs', { access: 'public', cache: { ttl: 1000 } })
  const { call, request } = await startTestBridge({
    logic: { 'm/echo': cached },
    modules: { 'echo.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
      export default { params, handler: ({ params }) => Object.keys(params).length }` },
    manifest: { limits: { ...limits, params: 5 } },
  })
  const named = (count: number): Record<string, number> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, n]))
  const query = (count: number): string => Object.keys(named(count)).map((name) => `${name}=1`).join('&')
  expect((await call('m/echo', named(5))).body).toEqual({ data: 5 })
  expect(await call('m/echo', named(6))).toMatchObject({ status: 400, body: { code: 'invalid_request', detail: 'The call has more than 5 parameters.' } })
  expect((await request(`/call/m/echo?${query(5)}`)).body).toEqual({ data: 5 })
  expect((await request(`/call/m/echo?${query(6)}`)).status).toBe(400)
})

test('an answer past its bound is refused, of a module and of a statement, and is not cached', async () => {
  const { call, request, log } = await startTestBridge({
    logic: {
      'm/large': module('large.mjs', { access: 'public' }),
      'm/cached': module('large.mjs', { access: 'public', cache: { ttl: 60_000 } }),
      'q/large': sql('with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1) select i from n', {
        access: 'public', params: { rows: { type: 'int' } },
      }),
    },
    modules: { 'large.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
      export default { params, handler: ({ params }) => 'ü'.repeat(Number(params.length)) }` },
    manifest: {
      limits: { ...limits, responseBytes: 1000 },
      databases: { main: { driver: 'libsql', url: 'file::memory:', statementTimeout: 5000, pool: { max: 1, queue: 10 } } },
    },
  })
  // {"data":"…"} are eleven bytes, and ü has two.
  expect((await call('m/large', { length: 494 })).status).toBe(200)
  expect(await call('m/large', { length: 495 })).toMatchObject({ status: 500, body: { code: 'response_too_large' } })
  expect((await call('q/large', { rows: 10 })).status).toBe(200)
  expect(await call('q/large', { rows: 1000 })).toMatchObject({ status: 500, body: { code: 'response_too_large' } })
  expect((await request('/call/m/cached?length=600')).status).toBe(500)
  expect((await request('/call/m/cached?length=600')).status).toBe(500)
  expect(JSON.stringify(log)).toContain('limits.response is 1000')
})

test('clients that ask for cached answers and leave do not pile up work', async () => {
  let running = 0
  const started = globalThis as { startedFill?: (() => void) | undefined }
  started.startedFill = () => { running += 1 }
  const { call, request } = await startTestBridge({
    logic: { 'm/fill': module('fill.mjs', { access: 'public', cache: { ttl: 1000 } }), 'm/ok': module('ok.mjs', { access: 'public' }) },
    modules: {
      'ok.mjs': 'export default { handler: () => "ok" }',
      'fill.mjs': `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
        export default { params, handler: ({ signal }) => new Promise((resolve) => { globalThis.startedFill(); signal.addEventListener('abort', resolve) }) }`,
    },
    manifest: { limits: { ...limits, concurrency: 3, timeout: 60_000 } },
  })
  for (let n = 0; n < 3; n++) {
    const leaving = new AbortController()
    const left = request(`/call/m/fill?n=${n}`, { signal: leaving.signal }).catch(() => 'left')
    await expect.poll(() => running, { timeout: 10_000 }).toBe(n + 1)
    leaving.abort()
    expect(await left).toBe('left')
  }
  // Those who left no longer count as calls, but what they set off still runs.
  await expect.poll(() => call('m/ok').then(({ status }) => status), { timeout: 10_000 }).toBe(200)
  expect(await request('/call/m/fill?n=4')).toMatchObject({ status: 503, body: { code: 'overloaded' } })
  expect(running).toBe(3)
})
