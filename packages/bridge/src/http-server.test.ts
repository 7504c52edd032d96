import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { HttpAnswer } from './http/message.ts'
import type { NodeResponse } from './http/node-response.ts'
import { type HttpServer, listen } from './http-server.ts'

const TEXT: HttpAnswer = { status: 200, headers: [['content-type', 'application/json'], ['x-request-id', 'r1']], body: '"plain"' }

/** A server whose requests wait for the test to answer them. */
async function serve({ readingTimeout = 60_000, unsentBytes = 64_000_000 } = {}): Promise<{ server: HttpServer; requests: NodeResponse[]; arrived(count: number): Promise<void> }> {
  const requests: NodeResponse[] = []
  const server = await listen((request, response) => {
    request.resume().once('end', () => requests.push(response))
  }, { host: '127.0.0.1', port: 0, max: 100, requestTimeout: 30_000, readingTimeout, unsentBytes })
  onTestFinished(async () => {
    server.destroy()
    await server.drain(0)
  })
  return { server, requests, arrived: (count) => vi.waitFor(() => { expect(requests).toHaveLength(count) }) }
}

interface Client {
  readonly socket: Socket
  received(): string
}

async function dial({ port }: HttpServer): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => { socket.destroy() })
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  await once(socket, 'connect')
  return { socket, received: () => text }
}

const post = (line = 'HTTP/1.1', ...headers: string[]): string =>
  [`POST / ${line}`, 'host: test', 'content-length: 2', ...headers, '', '{}'].join('\r\n')

const withoutDate = (text: string): string => text.replaceAll(/Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n/g, '')

test('an answer has all that HTTP wants of it, and the connection takes the next request', async () => {
  const { server, requests, arrived } = await serve()
  const client = await dial(server)
  for (const body of ['"plain"', '"größer als 1 € 🙂"', '']) {
    const before = client.received().length
    client.socket.write(post())
    await arrived(1)
    requests.shift()?.answer({ ...TEXT, body })
    await vi.waitFor(() => { expect(client.received().slice(before)).toMatch(/\r\n\r\n/) })
    await vi.waitFor(() => { expect(client.received().endsWith(`\r\n\r\n${body}`)).toBe(true) })
    expect(client.received().slice(before)).toMatch(/\r\nDate: /)
    expect(withoutDate(client.received().slice(before))).toBe(
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r1\r\n'
      + `content-length: ${Buffer.byteLength(body)}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\n${body}`)
  }
})

test('requests that come together are answered in their order, whichever is done first', async () => {
  const { server, requests, arrived } = await serve()
  const client = await dial(server)
  client.socket.write(post().repeat(3))
  await arrived(3)
  for (const at of [2, 0, 1]) requests[at]?.answer({ ...TEXT, body: `"answer ${at}"` })
  await vi.waitFor(() => { expect(client.received()).toContain('answer 2') })
  expect(client.received().match(/"answer \d"/g)).toEqual(['"answer 0"', '"answer 1"', '"answer 2"'])
})

test('a connection that shall not stay is closed behind its answer', async () => {
  const { server, requests, arrived } = await serve()
  const asked = [post('HTTP/1.1', 'connection: close'), post('HTTP/1.0'), post()]
  const answers: HttpAnswer[] = [TEXT, TEXT, { ...TEXT, headers: [...TEXT.headers, ['connection', 'close']] }]
  for (const [at, answer] of answers.entries()) {
    const client = await dial(server)
    client.socket.write(asked[at] as string)
    await arrived(at + 1)
    requests[at]?.answer(answer)
    await once(client.socket, 'end')
    expect(client.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(client.received().toLowerCase()).toContain('connection: close')
    expect(client.received()).not.toContain('Keep-Alive')
    expect(client.received()).toMatch(/"plain"$/)
  }
})

test('what a header may not hold is not sent', async () => {
  const { server, requests, arrived } = await serve()
  const client = await dial(server)
  client.socket.write(post())
  await arrived(1)
  expect(() => requests[0]?.answer({ ...TEXT, headers: [['x-request-id', 'a\r\nx-more: 1']] })).toThrow('Invalid character')
})

test('a drain waits for what is not answered, and for answers on their way', async () => {
  const { server, requests, arrived } = await serve()
  const [busy, idle] = [await dial(server), await dial(server)]
  busy.socket.write(post())
  await arrived(1)
  const drained = server.drain(0)
  await once(idle.socket, 'end')
  const body = `"${'x'.repeat(4_000_000)}"`
  requests[0]?.answer({ ...TEXT, body })
  await once(busy.socket, 'end')
  expect(busy.received().endsWith(`\r\n\r\n${body}`)).toBe(true)
  await drained
})

test('a connection that a drain finds idle may still bring a request', async () => {
  const { server, requests, arrived } = await serve()
  const client = await dial(server)
  const drained = server.drain(60_000)
  await vi.waitFor(async () => { expect(await dial(server).then(() => 'taken', ({ code }: NodeJS.ErrnoException) => code)).toBe('ECONNREFUSED') })
  client.socket.write(post('HTTP/1.1', 'connection: close'))
  await arrived(1)
  requests[0]?.answer(TEXT)
  await once(client.socket, 'end')
  expect(client.received()).toContain('200 OK')
  await drained
})

test('every request of a connection hears that its client has gone, also those behind another', async () => {
  const { server, requests, arrived } = await serve()
  const client = await dial(server)
  client.socket.write(post().repeat(3))
  await arrived(3)
  const gone: number[] = []
  for (const [at, { req }] of requests.entries()) req.onGone = () => gone.push(at)
  requests[0]?.answer(TEXT)
  await vi.waitFor(() => { expect(client.received()).toContain('200 OK') })
  client.socket.destroy()
  await vi.waitFor(() => { expect(gone).toEqual([1, 2]) })
})

test('of clients who do not read, those with the most are cut off when all their answers are too much', async () => {
  const { server, requests, arrived } = await serve({ unsentBytes: 20_000_000 })
  const clients = [await dial(server), await dial(server), await dial(server)]
  for (const [at, { socket }] of clients.entries()) {
    socket.pause().write(post())
    await arrived(at + 1)
  }
  const closed = once(requests[1]!.req.socket, 'close')
  for (const [at, megabytes] of [8, 16, 8].entries()) requests[at]?.answer({ ...TEXT, body: `"${'x'.repeat(megabytes * 1_000_000)}"` })
  await closed
  expect([0, 2].map((at) => requests[at]!.req.socket.destroyed)).toEqual([false, false])
})

test('an idle connection is closed after a while, one that is used is not', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  onTestFinished(() => { vi.useRealTimers() })
  const { server, requests, arrived } = await serve()
  const [idle, used, waiting] = [await dial(server), await dial(server), await dial(server)]
  waiting.socket.write(post())
  await arrived(1)
  for (let seconds = 0; seconds < 65; seconds += 5) {
    used.socket.write(post())
    await arrived(2)
    requests.pop()?.answer(TEXT)
    const answered = used.received().length
    await vi.waitFor(() => { expect(used.received().length).toBeGreaterThan(answered) })
    vi.advanceTimersByTime(5_000)
  }
  expect([idle, used, waiting].map(({ socket }) => socket.readyState)).toEqual(['open', 'open', 'open'])
  const ended = once(idle.socket, 'end')
  vi.advanceTimersByTime(10_000)
  await ended
  expect([used, waiting].map(({ socket }) => socket.readyState)).toEqual(['open', 'open'])
})

test('a client that does not read its answer is cut off', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  onTestFinished(() => { vi.useRealTimers() })
  const { server, requests, arrived } = await serve({ readingTimeout: 50 })
  const client = await dial(server)
  client.socket.pause().write(post())
  await arrived(1)
  const [response] = requests as [NodeResponse]
  const closed = once(response.req.socket, 'close')
  response.answer({ ...TEXT, body: `"${'x'.repeat(16_000_000)}"` })
  vi.advanceTimersByTime(5_000)
  await closed
})
