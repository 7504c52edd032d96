import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { secretContext, testSecretProvider } from '@santokit/core/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exampleProvider } from '../src/provider.ts'

const TOKEN = 'canary-token'
const env = { EXAMPLE_TOKEN: TOKEN }

/** A vault on this computer. */
const values = new Map<string, string>()
let origin = ''
let asked = 0
let running = 0
/** What the `stuck` entry tells: that it was asked for, and that whoever asked has gone. */
let onAsked: () => void = () => {}
let onGone: () => void = () => {}
const vault = createServer((request, response) => {
  asked += 1
  running += 1
  response.on('close', () => { running -= 1 })
  const name = (request.url ?? '').slice(1)
  if (name === 'stuck') {
    response.on('close', () => onGone())
    return onAsked()
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return response.writeHead(401).end()
  const value = values.get(name)
  return response.writeHead(value === undefined ? 404 : 200).end(JSON.stringify({ value }))
})

beforeAll(async () => {
  await once(vault.listen(0, '127.0.0.1'), 'listening')
  origin = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`
})

afterAll(() => {
  vault.closeAllConnections()
  vault.close()
})

// What every provider must do, a test for each rule.
testSecretProvider({
  test,
  context: { env },
  create() {
    values.set('shop/url', 'postgres://canary-one').set('shop/token', 'canary-two')
    return exampleProvider({ url: origin })
  },
  present: { 'example:shop/url': 'postgres://canary-one', 'example:shop/token': 'canary-two' },
  absent: { 'example:shop/nothing': 'item-not-found' },
  malformed: ['example:', 'example:Shop', 'example:shop/'],
  holding(many) {
    many.forEach((value, index) => values.set(`many/${index}`, value))
    return { provider: exampleProvider({ url: origin }), refs: many.map((_, index) => `example:many/${index}`) }
  },
  stuck() {
    const wasAsked = new Promise<void>((resolve) => { onAsked = resolve })
    const hasGone = new Promise<void>((resolve) => { onGone = resolve })
    return {
      provider: exampleProvider({ url: origin }), refs: ['example:stuck'], context: { env }, asked: wasAsked, running: () => running,
      // The vault hears a moment later that a request has ended. Where it never does, the test never ends.
      cleanup: () => hasGone,
    }
  },
  asked: () => asked,
})

// And what only this one does.
test('a wrong token is said to be wrong, and not shown', async () => {
  const results = await exampleProvider({ url: origin }).resolveMany(['example:shop/url'], secretContext({ env: { EXAMPLE_TOKEN: 'canary-wrong' } }))
  expect(results.get('example:shop/url')).toMatchObject({ failure: 'unauthenticated' })
  expect(JSON.stringify([...results])).not.toContain('canary-wrong')
})
