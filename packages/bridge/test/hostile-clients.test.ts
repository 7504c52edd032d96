import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeManifest, module, sql, type TestProject } from './bundle.ts'
import { post, spawnBridge, type SpawnedBridge } from './spawned.ts'

/** Seconds that each fuzzer runs: a few, or as many as `FUZZ_SECONDS` says. */
const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 3)
const MB = 1024 * 1024
/** Conditions are waited for, however busy the machine is. */
const PATIENTLY = { timeout: 60_000 }
vi.setConfig({ testTimeout: 180_000 })

const { limits } = makeManifest({ logic: {} })

const project: TestProject = {
  logic: {
    'm/ok': module('ok.mjs', { access: 'public' }),
    'q/typed': sql('select ?1 as s, ?2 as n, ?3 as l', { access: 'public', result: 'row', params: {
      s: { max: 1000 }, n: { type: 'int', default: 1 }, l: { type: 'json', default: [] },
    } }),
    'q/cached': sql('select ?1 as s', { access: 'public', result: 'row', params: { s: { default: '' } }, cache: { ttl: 1000 } }),
  },
  modules: { 'ok.mjs': 'export default { handler: () => "ok" }' },
  manifest: {
    databases: { main: { driver: 'libsql', url: 'file::memory:', statementTimeout: 5000, pool: { max: 4, queue: 100 } } },
    limits: { ...limits, bodyBytes: 100_000, concurrency: 500 },
  },
}

const REQUEST = 'POST /call HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"path":"m/ok"}'

/** A connection that collects what it is sent. */
interface Client {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<void>
}

async function open({ port }: SpawnedBridge): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk) => { received += String(chunk) }).on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  onTestFinished(() => { socket.destroy() })
  await Promise.race([once(socket, 'connect'), closed])
  return { socket, received: () => received, closed }
}

/** Sends one text on a connection of its own and gives all that comes back until the Bridge closes it. */
async function exchange(bridge: SpawnedBridge, sent: string | Buffer, isComplete = true): Promise<string> {
  const client = await open(bridge)
  client.socket.write(sent)
  if (isComplete) client.socket.end()
  await client.closed
  return client.received()
}

function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
}

/** What every attack must leave behind: a Bridge that answers, has not grown, and has nothing to complain of. */
async function expectUnharmed(bridge: SpawnedBridge, rssBefore: number, growth = 150 * MB): Promise<void> {
  expect(await post(bridge, 'm/ok')).toEqual({ status: 200, body: { data: 'ok' } })
  expect(await post(bridge, 'q/typed', { s: 'x' })).toEqual({ status: 200, body: { data: { s: 'x', n: 1, l: '[]' } } })
  expect(bridge.rss() - rssBefore).toBeLessThan(growth)
  expect(bridge.lines.filter(({ message }) => /unhandled|uncaught/.test(String(message)))).toEqual([])
  expect(bridge.lines.filter(({ status }) => typeof status === 'number' && status >= 500 && status !== 503)).toEqual([])
  expect(bridge.stderr()).toBe('')
}

async function warmBridge(env: Record<string, string> = {}): Promise<{ bridge: SpawnedBridge; rss: number }> {
  const bridge = await spawnBridge(project, env)
  for (let n = 0; n < 50; n++) await post(bridge, 'q/typed', { s: 'x' })
  return { bridge, rss: bridge.rss() }
}

test('heads and bodies that never come to an end are cut off, and nobody else notices', async () => {
  const { bridge, rss } = await warmBridge({ REQUEST_TIMEOUT: '1s' })
  const starts = ['', 'P', 'POST /call HTTP/1.1\r\nhost: x\r\nx-slow: ', REQUEST.slice(0, -1), REQUEST.replace('15', '99999')]
  const clients = await Promise.all(Array.from({ length: 1000 }, () => open(bridge)))
  clients.forEach(({ socket }, at) => socket.write(starts[at % starts.length] ?? ''))
  const dripping = setInterval(() => { for (const { socket } of clients) if (socket.writable) socket.write('a') }, 200)
  onTestFinished(() => clearInterval(dripping))
  const served = await Promise.all(Array.from({ length: 50 }, () => post(bridge, 'm/ok')))
  expect(served.map(({ status }) => status)).toEqual(served.map(() => 200))
  await Promise.all(clients.map(({ closed }) => closed))
  const statuses = new Set(clients.flatMap(({ received }) => statusesOf(received())))
  statuses.delete(408)
  expect([...statuses].filter((status) => status >= 500 || status === 200)).toEqual([])
  await expectUnharmed(bridge, rss)
})

test('ten thousand idle connections cost little, and more than may be are closed', async () => {
  const { bridge, rss } = await warmBridge({ MAX_CONNECTIONS: '10050' })
  // Kept alive after one request: a connection that never brings any is closed after ten seconds.
  const idle = new Set<Client>()
  while (idle.size < 10_000) {
    const opened = await Promise.all(Array.from({ length: Math.min(500, 10_000 - idle.size) }, () => open(bridge)))
    for (const client of opened) {
      idle.add(client)
      client.socket.once('close', () => idle.delete(client)).write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')
    }
  }
  await expect.poll(() => [...idle].filter(({ received }) => received() === '').length, PATIENTLY).toBe(0)
  const served = await Promise.all(Array.from({ length: 40 }, () => post(bridge, 'm/ok')))
  expect(served.map(({ status }) => status)).toEqual(served.map(() => 200))
  expect(idle.size).toBeGreaterThan(9_900)
  const grown = bridge.rss() - rss
  expect(grown).toBeLessThan(250 * MB)

  const surplus = await Promise.all(Array.from({ length: 200 }, () => open(bridge)))
  await expect.poll(() => surplus.filter(({ socket }) => socket.destroyed).length, PATIENTLY).toBeGreaterThanOrEqual(50)
  for (const { socket } of [...idle, ...surplus]) socket.destroy()
  await expect.poll(() => post(bridge, 'm/ok').then(({ status }) => status, () => 0), PATIENTLY).toBe(200)
  await expectUnharmed(bridge, rss, 300 * MB)
})

test('heads and bodies that are too large are refused while they arrive', async () => {
  const { bridge, rss } = await warmBridge()
  const large = 'x'.repeat(20_000)
  expect(statusesOf(await exchange(bridge, `GET /health HTTP/1.1\r\nhost: x\r\nx-large: ${large}\r\n\r\n`))).toEqual([431])
  expect(statusesOf(await exchange(bridge, `GET /${large} HTTP/1.1\r\nhost: x\r\n\r\n`))).toEqual([431])
  const many = Array.from({ length: 5000 }, (_, n) => `h${n}: 1\r\n`).join('')
  expect(statusesOf(await exchange(bridge, `GET /health HTTP/1.1\r\nhost: x\r\n${many}\r\n`))).toEqual([431])

  const announced = REQUEST.replace('15', String(10 ** 12))
  const [first = 0] = await statusWhileSending(bridge, announced, 'x'.repeat(65_536))
  expect(first).toBe(413)
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const [second = 0] = await statusWhileSending(bridge, REQUEST.replace('content-length: 15', 'transfer-encoding: chunked').replace('{"path":"m/ok"}', ''), chunk)
  expect(second).toBe(413)
  await expectUnharmed(bridge, rss)
})

/** Sends a head, then a part of the body over and over, up to 64 MB, until an answer comes. */
async function statusWhileSending(bridge: SpawnedBridge, head: string, part: string): Promise<number[]> {
  const client = await open(bridge)
  client.socket.write(head)
  for (let sent = 0; sent < 64 * MB && client.socket.writable; sent += part.length) {
    if (!client.socket.write(part)) await Promise.race([once(client.socket, 'drain'), client.closed])
    if (client.received() !== '' && sent > 8 * MB) break
  }
  await expect.poll(() => statusesOf(client.received()), PATIENTLY).not.toEqual([])
  client.socket.destroy()
  return statusesOf(client.received())
}

test('what is no request, or two in one, is refused', async () => {
  const { bridge, rss } = await warmBridge()
  const bad: readonly string[] = [
    '\r\n\r\n', 'GET\r\n\r\n', 'HELO x\r\n\r\n', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET / HTTP/1.1\r\nhost x\r\n\r\n', 'GET / HTTP/1.1\r\nhost: x\r\n folded\r\n\r\n', 'GET / HTTP/1.1\nhost: x\n\n',
    // Two lengths, or a length and chunks: what one server reads as one request, another reads as two.
    REQUEST.replace('content-length: 15', 'content-length: 15\r\ncontent-length: 16'),
    REQUEST.replace('content-length: 15', 'content-length: 15\r\ntransfer-encoding: chunked'),
    REQUEST.replace('content-length: 15', 'content-length: +15'), REQUEST.replace('content-length: 15', 'content-length: 0x0f'),
    REQUEST.replace('content-length: 15', 'transfer-encoding: chunked, identity'), REQUEST.replace('content-length: 15', 'transfer-encoding: xchunked'),
    REQUEST.replace('content-length: 15', 'transfer-encoding : chunked'),
    REQUEST.replace('content-length: 15\r\n\r\n', 'transfer-encoding: chunked\r\n\r\nzz\r\n'), REQUEST.replace('host: x', 'host: x\0y'),
  ]
  for (const sent of bad) {
    const statuses = statusesOf(await exchange(bridge, sent))
    expect(statuses.filter((status) => status < 400 || status >= 500), JSON.stringify(sent)).toEqual([])
    expect(statuses.length, JSON.stringify(sent)).toBeLessThanOrEqual(1)
  }
  await expectUnharmed(bridge, rss)
})

test('requests on one connection are answered in their order, and nothing after garbage', async () => {
  const { bridge, rss } = await warmBridge()
  const mixed = [REQUEST, 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n', REQUEST.replace('m/ok', 'm/no'), REQUEST].join('')
  const last = 'GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  expect(statusesOf(await exchange(bridge, mixed + last, false))).toEqual([200, 200, 404, 200, 200])
  // Garbage ends the connection at once, whatever still waits on it.
  const statuses = statusesOf(await exchange(bridge, `${mixed}\0\0garbage\r\n\r\n${REQUEST.repeat(10)}`, false))
  const answered = statuses.filter((status) => status !== 400)
  expect(answered).toEqual([200, 200, 404, 200].slice(0, answered.length))
  const flood = statusesOf(await exchange(bridge, REQUEST.repeat(5000) + last, false))
  expect(flood).toHaveLength(5001)
  expect(flood.filter((status) => status !== 200 && status !== 503)).toEqual([])
  await expectUnharmed(bridge, rss)
})

test('a client that does not read its answers does not fill the memory', async () => {
  const { bridge, rss } = await warmBridge()
  const deaf = await Promise.all(Array.from({ length: 20 }, () => open(bridge)))
  const openApi = 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000)
  for (const { socket } of deaf) socket.pause().write(openApi)
  for (let n = 0; n < 20; n++) expect((await post(bridge, 'm/ok')).status).toBe(200)
  await expectUnharmed(bridge, rss)
})

test('no address is read in more than one way', async () => {
  const { bridge, rss } = await warmBridge()
  const targets = [
    '/call/../health/../call/q/cached', '/call/q/./cached', '/call//q/cached', '/call/q//cached', '/call/q/cached/', '/call/q%2fcached', '/call/q%2Fcached',
    '/call/q\\cached', '/call/q/cached%00', '/call/q/cached;x', '/call/q/cached%20', '/call/Q/CACHED', '/call/q/c%61ched/..', '/call/_q/x', '/call/%5fq/x',
    '/call/q/%63%61%63%68%65%64%2e', '/call/q/cache\u0064\u0301', '/call/ｑ/cached', '/call/__proto__/toString', '/call/constructor', '/call/', '/call', '/%',
    '/%ff', '/call/%c0%ae%c0%ae/health', '/call/q/%e2%80%8bcached', '/openapi.json/..%2f', '//evil.example/call/q/cached', '/\\evil.example', '/call/q/..;/cached',
    'http://evil.example/metrics', 'http://[::1', 'evil.example:443', '*', '?', '/health?%', `/call/q/cached?${'a=1&'.repeat(3500)}`,
    '/call/q/cached?__proto__=1', '/call/q/cached?s=1&s=2', '/call/q/cached?constructor[prototype][x]=1', '/call/q/cached?s=%00', '/call/q/cached?s=%ff%fe',
  ]
  for (const target of targets) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'TRACE', 'CONNECT', 'QUERY']) {
      const received = await exchange(bridge, Buffer.from(`${method} ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`))
      const statuses = statusesOf(received)
      expect(statuses.every((status) => status < 500), `${method} ${target} ${statuses.join()}`).toBe(true)
      if (statuses.includes(200)) expect(target, method).toMatch(/^\/health\?%$|^\*$/)
      expect(received, target).not.toMatch(/node_modules|\.mjs|Error:/)
    }
  }
  expect(statusesOf(await exchange(bridge, 'GET /call/q/cached?s=%C3%BC HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'))).toEqual([200])
  for (const host of ['', ' ', 'a b', '[', '[::1', 'x:99999', 'x:y', '\u00fc', '@', 'x/../y', '%00', '"', '<x>', 'x'.repeat(300)]) {
    for (const request of ['GET /health', 'GET /call/q/cached', 'OPTIONS /call', 'GET /nowhere']) {
      const statuses = statusesOf(await exchange(bridge, `${request} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`))
      expect(statuses.every((status) => status < 500), `${request} ${host} ${statuses.join()}`).toBe(true)
    }
  }
  await expectUnharmed(bridge, rss)
})

test('bytes that a fuzzer makes do no harm', async () => {
  const { bridge, rss } = await warmBridge()
  const valid = Buffer.from(`${REQUEST}GET /call/q/cached?s=x HTTP/1.1\r\nhost: x\r\nif-none-match: "x"\r\n\r\n${REQUEST}`)
  const damage = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.constantFrom('change', 'cut', 'insert', 'repeat'), fc.uint8Array({ minLength: 1, maxLength: 8 })), { minLength: 1, maxLength: 6 })
  const damaged = damage.map((changes) => changes.reduce((bytes, [at, how, other]) => {
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    if (how === 'change') return Buffer.concat([before, other, after.subarray(other.length)])
    if (how === 'cut') return Buffer.concat([before, after.subarray(other.length * 4)])
    return Buffer.concat([before, how === 'insert' ? other : bytes.subarray(Math.max(0, at - 40), at), after])
  }, valid))
  const any = fc.oneof(damaged, fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)))
  const until = Date.now() + FUZZ_SECONDS * 1000
  let sent = 0
  while (Date.now() < until) {
    const batch = fc.sample(any, 50)
    sent += batch.length
    const answers = await Promise.all(batch.map((bytes) => exchange(bridge, bytes)))
    for (const [at, received] of answers.entries()) {
      expect(statusesOf(received).filter((status) => status >= 500 && status !== 503), JSON.stringify(batch[at]?.toString('latin1'))).toEqual([])
    }
  }
  expect(sent).toBeGreaterThan(100)
  await expectUnharmed(bridge, rss)
}, (FUZZ_SECONDS + 180) * 1000)

test('bodies that a fuzzer makes do no harm', async () => {
  const { bridge, rss } = await warmBridge()
  const paths = fc.oneof(fc.constantFrom('m/ok', 'q/typed', 'q/cached', '__proto__', 'q/../q/typed'), fc.string({ unit: 'binary' }))
  const names = fc.oneof(fc.constantFrom('s', 'n', 'l', '__proto__', 'constructor', 'toString', ''), fc.string())
  const wellFormed = fc.tuple(paths, fc.dictionary(names, fc.jsonValue({ maxDepth: 5 }), { maxKeys: 150 }))
    .map(([path, params]) => `{"path":${JSON.stringify(path)},"params":${JSON.stringify(params).replaceAll('"__proto__"', '"__proto__"')}}`)
  const broken = fc.tuple(wellFormed, fc.nat(), fc.string({ unit: 'binary', maxLength: 5 })).map(([text, at, other]) =>
    text.slice(0, at % text.length) + other + text.slice((at % text.length) + other.length))
  const nested = fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.constantFrom('[', '{"a":', '[[{"a":')).map(([depth, opening]) => opening.repeat(depth))
  const polluting = fc.constantFrom(
    '{"path":"q/typed","params":{"s":"x","__proto__":{"n":7}}}', '{"__proto__":{"path":"m/ok"}}', '{"path":"m/ok","__proto__":{"params":{}}}',
    '{"path":"q/typed","params":{"constructor":{"prototype":{"s":"x"}}}}', '{"path":"q/typed","params":{"s":"\\ud800"}}', '{"path":"q/typed","params":{"s":"\\u0000"}}',
    '{"path":"q/typed","params":{"s":"x","n":1e400}}', '{"path":"q/typed","params":{"s":"x","n":-0}}', '\ufeff{"path":"m/ok"}',
  )
  const any = fc.oneof(wellFormed, broken, nested, polluting, fc.json())
  const until = Date.now() + FUZZ_SECONDS * 1000
  const seen = new Map<number, number>()
  while (Date.now() < until) {
    const batch = fc.sample(any, 50)
    await Promise.all(batch.map(async (body) => {
      const response = await fetch(`${bridge.url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
      const answer = await response.json() as { code?: string; requestId?: string }
      expect([200, 400, 404, 413, 422, 503], `${response.status} ${body}`).toContain(response.status)
      if (response.status !== 200) expect(answer).toMatchObject({ code: expect.any(String) as string, requestId: expect.any(String) as string })
    }))
  }
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 422]))
  await expectUnharmed(bridge, rss)
}, (FUZZ_SECONDS + 180) * 1000)
