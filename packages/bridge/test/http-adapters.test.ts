import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { toNodeHandler } from 'srvx/node'
import { expect, onTestFinished, test } from 'vitest'
import { createNodeListener } from '../src/http/node-listener.ts'
import { createRoutes } from '../src/http/routes.ts'
import { createWebHandler } from '../src/http/web-handler.ts'
import { type HttpServer, listen } from '../src/http-server.ts'
import { loadBundle } from '../src/load/index.ts'
import { createLog } from '../src/log.ts'
import { closeRuntime, createRuntime } from '../src/runtime.ts'
import { readServerSettings } from '../src/settings/index.ts'
import { bundleFiles, makeFolder, makeManifest, module, type TestProject, writeBundle } from './bundle.ts'

/** The Bridge answers straight on `node:http`, and by web standards: one set of rules, held on both here. */
const ADAPTERS = ['node', 'web'] as const

/** Handlers meet their test here: both live in one process. */
const meeting = globalThis as { startedCalls?: (() => void) | undefined; abortedCalls?: ((reason: string) => void) | undefined }

const ORIGIN = 'https://app.example.com'

const project: TestProject = {
  logic: {
    'm/echo': module('echo.mjs', { access: 'public', params: { type: 'object' } }),
    'm/headers': module('headers.mjs', { access: 'public' }),
    'm/cached': module('cached.mjs', { access: 'public', cache: { ttl: 60_000 } }),
    'm/closed': module('echo.mjs'),
    'm/wait': module('wait.mjs', { access: 'public' }),
    'm/broken': module('broken.mjs', { access: 'public' }),
    'm/_private': module('echo.mjs', { private: true, access: 'public' }),
  },
  modules: {
    'echo.mjs': `const schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
      export default { params: schema, handler: ({ params }) => params }`,
    'headers.mjs': 'export default { handler: ({ request }) => ({ agent: request.headers.get("user-agent"), cookie: request.headers.get("x-twice"), id: request.id }) }',
    'cached.mjs': 'export default { handler: () => "kept" }',
    'broken.mjs': 'export default { handler() { throw new Error("secret detail") } }',
    'wait.mjs': `export default { handler: ({ signal }) => new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => { globalThis.abortedCalls?.(signal.reason.why); reject(signal.reason) })
      globalThis.startedCalls?.() }) }`,
  },
  manifest: {
    cors: { origins: [ORIGIN], maxAge: 600 },
    limits: { ...makeManifest({ logic: {} }).limits, bodyBytes: 1000, jsonDepth: 5 },
    auth: { mode: 'issuers', issuers: [] },
  },
}

interface Served {
  readonly port: number
  readonly log: Record<string, unknown>[]
}

async function serve(adapter: (typeof ADAPTERS)[number], stopping = false, bodyMemory = 64_000_000): Promise<Served> {
  const folder = await makeFolder()
  await writeBundle(folder.path, bundleFiles(project))
  const env = { HOST: '127.0.0.1', PORT: '0', MANIFEST_PATH: `${folder.path}/manifest.json` }
  const log: Record<string, unknown>[] = []
  const sink = (line: string): void => void log.push(JSON.parse(line) as Record<string, unknown>)
  const runtime = await createRuntime({ bundle: await loadBundle(env, createLog(sink, 'error')), settings: readServerSettings(env), env, sink })
  const routes = createRoutes(runtime, () => stopping)
  const server = adapter === 'node'
    ? await listen(createNodeListener(routes, bodyMemory), { host: '127.0.0.1', port: 0, max: 100, requestTimeout: 30_000, readingTimeout: 60_000, unsentBytes: 64_000_000 })
    : await listenToWeb(toNodeHandler(createWebHandler(routes)) as RequestListener)
  onTestFinished(async () => {
    server.destroy()
    await server.drain(0)
    await closeRuntime(runtime)
    await folder.remove()
  })
  return { port: server.port, log }
}

/** Requests and answers of web standards, over a server that is not ours. */
async function listenToWeb(listener: RequestListener): Promise<Pick<HttpServer, 'port' | 'drain' | 'destroy'>> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => new Promise((resolve) => server.close(() => resolve())),
    destroy: () => server.closeAllConnections(),
  }
}

interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends bytes as they are, and gives the answer as it came, but for what differs from moment to moment. */
async function send({ port }: Served, head: readonly string[], body: string | Buffer = '', length = Buffer.byteLength(body)): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  const framing = head.some((line) => /^transfer-encoding/i.test(line)) || length === 0 ? [] : [`content-length: ${length}`]
  socket.write(`${[...head, 'host: x', 'connection: close', ...framing].join('\r\n')}\r\n\r\n`)
  socket.write(body)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const end = bytes.indexOf('\r\n\r\n')
  const [line = '', ...fields] = bytes.subarray(0, end).toString().split('\r\n')
  const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s, 2) as [string, string]).map(([name, value]) => [name.toLowerCase(), value]))
  const { date: _date, ...kept } = headers
  const answered = bytes.subarray(end + 4)
  return { status: Number(line.split(' ')[1]), headers: kept, body: (kept['transfer-encoding'] === 'chunked' ? fromChunks(answered) : answered).toString() }
}

/** What was sent in chunks (RFC 9112, section 7.1). */
function fromChunks(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n')
  const size = Number.parseInt(bytes.subarray(0, end).toString(), 16)
  const start = end + 2
  return size > 0 ? Buffer.concat([bytes.subarray(start, start + size), fromChunks(bytes.subarray(start + size + 2))]) : Buffer.alloc(0)
}

const POST = ['POST /call HTTP/1.1', 'x-request-id: test-1', 'content-type: application/json']
const call = (path: string, params: unknown = {}): string => JSON.stringify({ path, params })

/** What a client may send, by what it is an example of. */
const REQUESTS: Readonly<Record<string, readonly [head: readonly string[], body?: string | Buffer]>> = {
  'a call': [POST, call('m/echo', { a: [1, 'é', null] })],
  'a call with a query': [['POST /call?x=1 HTTP/1.1', ...POST.slice(1)], call('m/echo')],
  'a call without params': [POST, '{"path":"m/echo"}'],
  'a media type with a charset': [[POST[0]!, POST[1]!, 'content-type: Application/JSON; charset=utf-8'], call('m/echo')],
  'a call of an allowed origin': [[...POST, `origin: ${ORIGIN}`], call('m/echo')],
  'a call of another origin': [[...POST, 'origin: https://evil.example'], call('m/echo')],
  'a body in chunks': [[...POST, 'transfer-encoding: chunked'], '10\r\n{"path":"m/echo"\r\n1\r\n}\r\n0\r\n\r\n'],
  'all headers, for logic': [[...POST, 'user-agent: t', 'x-twice: 1', 'x-twice: 2'], call('m/headers')],
  'a logic that fails': [POST, call('m/broken')],
  'no token where one is needed': [POST, call('m/closed')],
  'another scheme than Bearer': [[...POST, 'authorization: Basic eA=='], call('m/echo')],
  'no such logic': [POST, call('m/none')],
  'a private logic': [POST, call('m/_private')],
  'params that are unknown': [POST, call('m/headers', { x: 1 })],
  'no media type': [POST.slice(0, 2), call('m/echo')],
  'another media type': [[...POST.slice(0, 2), 'content-type: text/plain'], call('m/echo')],
  'a compressed body': [[...POST, 'content-encoding: gzip'], call('m/echo')],
  'a body past the bound': [POST, call('m/echo', { filler: 'x'.repeat(2000) })],
  'a body past the bound in chunks': [[...POST, 'transfer-encoding: chunked'], `7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`],
  'no body': [POST],
  'no JSON': [POST, '{"path":'],
  'a byte order mark': [POST, `\ufeff${call('m/echo')}`],
  'bytes that are not UTF-8': [POST, Buffer.from(call('m/echo', { a: '\xff' }), 'latin1')],
  'JSON that is no object': [POST, '[]'],
  'too deep': [POST, call('m/echo', { a: [[[[1]]]] })],
  'an unknown member': [POST, '{"path":"m/echo","other":1}'],
  'a member __proto__': [POST, '{"path":"m/echo","__proto__":{}}'],
  'params that are no object': [POST, call('m/echo', [])],
  'a path that is no string': [POST, '{"path":1}'],
  'a request id that may not stand in a log': [[POST[0]!, 'x-request-id: a"b', POST[2]!], call('m/none')],
  'a cached answer': [['GET /call/m/cached HTTP/1.1', 'x-request-id: test-2']],
  'its head': [['HEAD /call/m/cached HTTP/1.1', 'x-request-id: test-2']],
  'one that the client has': [['GET /call/m/cached HTTP/1.1', 'x-request-id: test-2', 'if-none-match: *']],
  'a query that is no parameter': [['GET /call/m/cached?a=1&b=%20&a=2 HTTP/1.1', 'x-request-id: test-2']],
  'a GET of what is not cached': [['GET /call/m/echo HTTP/1.1', 'x-request-id: test-2']],
  'a GET with escapes': [['GET /call/m%2fcached HTTP/1.1', 'x-request-id: test-2']],
  'a GET with an empty segment': [['GET /call/m//cached HTTP/1.1', 'x-request-id: test-2']],
  'a GET of a private logic': [['GET /call/m/_private HTTP/1.1', 'x-request-id: test-2']],
  'a GET of what is not there': [['GET /call/m/none HTTP/1.1', 'x-request-id: test-2']],
}

/** What is not logged: no call was made. */
const OTHERS: typeof REQUESTS = {
  'whether it runs': [['GET /health HTTP/1.1', 'x-request-id: test-3']],
  'only the head of that': [['HEAD /health HTTP/1.1', 'x-request-id: test-3']],
  'with a query': [['GET /health?full HTTP/1.1', 'x-request-id: test-3']],
  'as to a proxy': [['GET http://shop.example.com/health?full HTTP/1.1', 'x-request-id: test-3']],
  'whether it is ready': [['GET /ready HTTP/1.1', 'x-request-id: test-3']],
  'what can be called': [['GET /openapi.json HTTP/1.1', 'x-request-id: test-3']],
  'what can be called, known': [['GET /openapi.json HTTP/1.1', 'x-request-id: test-3', 'if-none-match: *']],
  'nothing': [['GET / HTTP/1.1', 'x-request-id: test-3']],
  'nothing that is near': [['GET /healthy HTTP/1.1', 'x-request-id: test-3']],
  'with a slash at its end': [['GET /health/ HTTP/1.1', 'x-request-id: test-3']],
  'a path of nothing': [['GET /call/ HTTP/1.1', 'x-request-id: test-3']],
  'nothing that can be decoded': [['GET /%zz HTTP/1.1', 'x-request-id: test-3']],
  'nothing below': [['GET /health/x HTTP/1.1', 'x-request-id: test-3']],
  'in capitals': [['POST /CALL HTTP/1.1', 'x-request-id: test-3', POST[2]!], call('m/echo')],
  'another method': [['DELETE /call HTTP/1.1', 'x-request-id: test-3', `origin: ${ORIGIN}`]],
  'another method of a path': [['POST /call/m/cached HTTP/1.1', 'x-request-id: test-3']],
  'a question of a browser': [['OPTIONS /call HTTP/1.1', 'x-request-id: test-3', `origin: ${ORIGIN}`, 'access-control-request-method: POST']],
  'of one that may not': [['OPTIONS /call HTTP/1.1', 'x-request-id: test-3', 'origin: https://evil.example', 'access-control-request-method: POST']],
  'no question': [['OPTIONS /call HTTP/1.1', 'x-request-id: test-3']],
}

/** Without what is random, depends on how long it took, or is how a server frames an answer. */
function comparable({ status, headers, body }: RawAnswer): RawAnswer {
  const { age: _age, connection: _connection, 'content-length': _length, 'transfer-encoding': _encoding, 'x-request-id': requestId = '', ...kept } = headers
  return { status, headers: { ...kept, 'x-request-id': requestId.replace(/^[0-9a-f]{32}$/, '(new)') }, body: body.replaceAll(/[0-9a-f]{32}/g, '(new)') }
}

test.each([false, true])('the same request gets the same answer and log line on both (stopping: %s)', async (stopping) => {
  const [node, web] = [await serve('node', stopping), await serve('web', stopping)]
  for (const [name, [head, body]] of Object.entries(REQUESTS)) {
    const [one, other] = [await send(node, head, body), await send(web, head, body)]
    expect({ name, ...comparable(one) }).toEqual({ name, ...comparable(other) })
    expect(one.headers['x-request-id'], name).toMatch(/^(test-\d|[0-9a-f]{32})$/)
    expect(one.status === 200 || one.status === 304 || one.headers['content-type'] === 'application/problem+json', name).toBe(true)
  }
  const told = ({ log }: Served): unknown[] => log.map(({ time: _time, ms: _ms, error, requestId, ...rest }) =>
    ({ ...rest, requestId: String(requestId).length, failed: error !== undefined }))
  expect(node.log).toHaveLength(Object.keys(REQUESTS).length)
  expect(told(node)).toEqual(told(web))
  for (const [name, [head, body]] of Object.entries(OTHERS)) {
    expect({ name, ...comparable(await send(node, head, body)) }).toEqual({ name, ...comparable(await send(web, head, body)) })
  }
  expect(node.log).toHaveLength(Object.keys(REQUESTS).length)
})

test.each(ADAPTERS)('the answers are what they should be (%s)', async (adapter) => {
  const served = await serve(adapter)
  const of = (name: string): Promise<RawAnswer> => send(served, ...REQUESTS[name]!)
  const answer = await of('a call')
  expect(comparable(answer)).toEqual({
    status: 200, body: '{"data":{"a":[1,"é",null]}}',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': 'test-1', 'x-content-type-options': 'nosniff', vary: 'Origin' },
  })
  if (adapter === 'node') expect(answer.headers).toMatchObject({ 'content-length': '28', connection: 'close' })
  expect(await of('all headers, for logic')).toMatchObject({ status: 200, body: '{"data":{"agent":"t","cookie":"1, 2","id":"test-1"}}' })
  const statuses = await Promise.all(['no token where one is needed', 'no such logic', 'params that are unknown', 'no media type', 'no JSON',
    'a byte order mark', 'a body past the bound', 'a body past the bound in chunks', 'a logic that fails'].map(async (name) => (await of(name)).status))
  expect(statuses).toEqual([401, 404, 422, 415, 400, 400, 413, 413, 500])
  expect(await of('its head')).toMatchObject({ status: 200, body: '', headers: adapter === 'node' ? { 'content-length': '15' } : {} })
})

test.each(ADAPTERS)('a client that leaves ends its call (%s)', async (adapter) => {
  const started = new Promise<void>((resolve) => { meeting.startedCalls = resolve })
  const aborted = new Promise<string>((resolve) => { meeting.abortedCalls = resolve })
  const { port, log } = await serve(adapter)
  const socket = connect(port, '127.0.0.1')
  const body = call('m/wait')
  socket.write(`${POST.join('\r\n')}\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  await started
  socket.destroy()
  expect(await aborted).toBe('client_gone')
  await expect.poll(() => log).toMatchObject([{ status: 499, code: 'client_gone', logic: 'm/wait' }])
})

test.each(ADAPTERS)('a client that stops in the middle of its body ends its call (%s)', async (adapter) => {
  const { port, log } = await serve(adapter)
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve) => socket.write(`${POST.join('\r\n')}\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"path":`, () => resolve()))
  socket.end()
  await expect.poll(() => log).toMatchObject([{ status: 499, code: 'client_gone' }])
})

test('bodies that come in part have so much memory between them, and give it back', async () => {
  const served = await serve('node', false, 1500)
  const begin = async (): Promise<Socket> => {
    const socket = connect(served.port, '127.0.0.1')
    const head = `${POST.join('\r\n')}\r\nhost: x\r\ncontent-length: 900\r\n\r\n`
    await new Promise<void>((resolve) => socket.write(head + call('m/echo', { filler: 'x'.repeat(750) }), () => resolve()))
    return socket
  }
  const slow = [await begin(), await begin()]
  // Whichever came second had too much of it.
  await Promise.race(slow.map((socket) => once(socket, 'data'))).then(([answer]) => { expect(String(answer)).toMatch(/^HTTP\/1\.1 503 .*retry-after: \d+\r\n.*Too many bodies/s) })
  expect((await send(served, POST, call('m/echo', { filler: 'x'.repeat(800) }))).status).toBe(503)
  expect((await send(served, POST, call('m/echo', { small: true }))).status).toBe(200)
  for (const socket of slow) socket.destroy()
  await expect.poll(async () => (await send(served, POST, call('m/echo', { filler: 'x'.repeat(800) }))).status).toBe(200)
})

test.each(ADAPTERS)('everything else is what it should be (%s)', async (adapter) => {
  const served = await serve(adapter)
  const statuses = await Promise.all(Object.entries(OTHERS).map(async ([name, request]) => [name, (await send(served, ...request)).status]))
  expect(Object.fromEntries(statuses)).toEqual({
    'whether it runs': 200, 'only the head of that': 200, 'with a query': 200, 'as to a proxy': 200, 'whether it is ready': 200,
    'what can be called': 200, 'what can be called, known': 304, 'nothing': 404, 'nothing that is near': 404, 'nothing that can be decoded': 400, 'with a slash at its end': 200, 'a path of nothing': 405, 'nothing below': 404,
    'in capitals': 404, 'another method': 405, 'another method of a path': 405, 'a question of a browser': 204, 'of one that may not': 405,
    'no question': 405,
  })
})

test('no way to write an address leads past the rules of its path', async () => {
  const served = await serve('node')
  for (const url of ['/call/../health', '/call/./m/cached', '/call/m/../m/cached', '/call/m/cached/', '//call/m/cached', '/call/m/cached#x', '*']) {
    expect([url, (await send(served, [`${url === '*' ? 'OPTIONS' : 'GET'} ${url} HTTP/1.1`])).status]).toEqual([url, 404])
  }
})
