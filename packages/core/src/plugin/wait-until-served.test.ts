import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { waitUntilServed, type ServedQuestion } from './wait-until-served.ts'

const digest = `sha256:${'1'.repeat(64)}` as const
const answering = async (listener: RequestListener): Promise<URL> => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => { server.closeAllConnections(); server.close(() => resolve()) }))
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/health`)
}
const ask = (url: URL, more: Partial<ServedQuestion> = {}): ReturnType<typeof waitUntilServed> =>
  waitUntilServed({ url, digest, within: 400, every: 20, signal: new AbortController().signal, progress() {}, ...more })

test('it waits for the digest, and tells what it waits for', async () => {
  let asked = 0
  const said: string[] = []
  const url = await answering((request, response) => {
    expect(request.headers['x-mark']).toBe('yes')
    response.end(JSON.stringify({ status: 'ok', digest: ++asked < 3 ? `sha256:${'2'.repeat(64)}` : digest }))
  })
  expect(await ask(url, { within: 60_000, headers: { 'x-mark': 'yes' }, progress: (message) => said.push(message) })).toEqual({ healthy: true, summary: `digest live at ${url.host}` })
  expect(said).toEqual(Array(3).fill(`waiting for ${url.href}`))
})

test('once the time is over it says what was answered instead, each answer once', async () => {
  let asked = 0
  const ill = await answering((_, response) => {
    response.writeHead(503).end(asked++ === 0 ? '<h1>starting\n  up</h1>' : '{"status":"down", "error":"JWKS"}')
  })
  expect(await ask(ill)).toEqual({
    healthy: false, summary: `${ill.href} does not serve it after 0 s: HTTP 503`, logs: ['HTTP 503  <h1>starting up</h1>', 'HTTP 503  {"status":"down", "error":"JWKS"}'],
  })
  const other = await answering((_, response) => response.end('welcome'))
  expect(await ask(other)).toMatchObject({ healthy: false, summary: expect.stringContaining('it is no Bridge that answers'), logs: ['HTTP 200  welcome'] })
})

test('an endless answer is read to some length only, and a redirect is not followed', async () => {
  const endless = await answering((_, response) => { response.write('x'.repeat(100_000)) })
  expect((await ask(endless)).logs).toEqual([`HTTP 200  ${'x'.repeat(300)}`])
  const moved = await answering((_, response) => response.writeHead(302, { location: endless.href }).end())
  expect(await ask(moved)).toMatchObject({ healthy: false, summary: expect.stringContaining('HTTP 302') })
})

test('nobody there is no failure before the time is over, and an interruption is one at once', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const url = new URL(`http://127.0.0.1:${(closed.address() as AddressInfo).port}/health`)
  await new Promise((resolve) => closed.close(resolve))
  expect(await ask(url)).toMatchObject({ healthy: false, summary: expect.stringContaining('ECONNREFUSED'), logs: ['ECONNREFUSED'] })
  const controller = new AbortController()
  const waiting = ask(url, { within: 60_000, every: 60_000, signal: controller.signal, progress: () => setImmediate(() => controller.abort(new Error('enough'))) })
  await expect(waiting).rejects.toThrow('enough')
})
