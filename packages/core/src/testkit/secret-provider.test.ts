import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StkError } from '../diagnostics/index.ts'
import { defineSecretProvider, type SecretProvider, type SecretResult } from '../plugin/contract.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import { testSecretProvider, type SecretProviderSuite } from './secret-provider.ts'

/** A vault over HTTP: the shape that most providers have. */
function vaultProvider(origin: string): SecretProvider {
  return defineSecretProvider({
    scheme: 'vault',
    parseRef(ref) {
      if (!/^vault:[a-z0-9]+$/.test(ref)) throw new StkError('STK3002', { why: 'It does not name an entry.' })
    },
    async preflight() {
      return { identity: 'ci@acme', mode: `token at ${origin}` }
    },
    async resolveMany(refs, { signal }) {
      signal.throwIfAborted()
      return new Map(await Promise.all(refs.map(async (ref): Promise<[string, SecretResult]> => {
        const response = await fetch(`${origin}/${ref.slice('vault:'.length)}`, { signal })
        if (!response.ok) return [ref, { failure: 'item-not-found', why: 'It is not in the vault.' }]
        return [ref, { value: new SecretValue(((await response.json()) as { value: string }).value) }]
      })))
    },
  })
}

const held = new Map<string, string>()
let asked = 0
let running = 0
let stuckAsked: () => void = () => {}
const server = createServer((request, response) => {
  asked++
  running++
  response.on('close', () => running--)
  const name = (request.url ?? '').slice(1)
  if (name === 'stuck') return stuckAsked()
  const value = held.get(name)
  response.writeHead(value === undefined ? 404 : 200).end(JSON.stringify({ value }))
})
let origin = ''
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => { server.closeAllConnections(); server.close() })

function world(provider: () => SecretProvider): Omit<SecretProviderSuite, 'test'> {
  return {
    create() {
      held.set('url', 'postgres://canary-one').set('token', 'canary-two')
      return provider()
    },
    present: { 'vault:url': 'postgres://canary-one', 'vault:token': 'canary-two' },
    absent: { 'vault:nothing': 'item-not-found' },
    malformed: ['vault:', 'vault:A B'],
    holding(values) {
      for (const [index, value] of values.entries()) held.set(`v${index}`, value)
      return { provider: provider(), refs: values.map((_, index) => `vault:v${index}`) }
    },
    stuck() {
      const reached = new Promise<void>((resolve) => { stuckAsked = resolve })
      return { provider: provider(), refs: ['vault:stuck'], asked: reached, async cleanup() { await until(() => running === 0) }, running: () => running }
    },
    asked: () => asked,
  }
}

/** The server learns of a request that was given up when its socket closes. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a provider that keeps to the contract', () => {
  testSecretProvider({ test, ...world(() => vaultProvider(origin)) })
})

/** Runs one test of the suite over a provider that breaks the contract, and tells whether it failed. */
async function fails(name: string, broken: (provider: SecretProvider) => Partial<SecretProvider>): Promise<boolean> {
  const bodies: (() => Promise<void>)[] = []
  testSecretProvider({
    test: (declared, body) => { if (declared === name) bodies.push(body) },
    ...world(() => {
      const provider = vaultProvider(origin)
      return { ...provider, ...broken(provider) }
    }),
  })
  expect(bodies).toHaveLength(1)
  return bodies[0]!().then(() => false, () => true)
}

const resultsOf = (change: (value: string, ref: string) => SecretResult) => (provider: SecretProvider): Partial<SecretProvider> => ({
  async resolveMany(refs, ctx) {
    const results = await provider.resolveMany(refs, ctx)
    return new Map([...results].map(([ref, result]) => [ref, 'value' in result ? change(result.value.reveal(), ref) : result]))
  },
})

test.each<readonly [string, (provider: SecretProvider) => Partial<SecretProvider>, string]>([
  ['trims values', resultsOf((value) => ({ value: new SecretValue(value.trim()) })), 'hands on a thousand values of every kind, byte for byte'],
  ['gives values as they are', resultsOf((value) => ({ value: value as unknown as SecretValue })), 'reads every value, whole'],
  ['repeats a value in a failure', (provider) => ({
    async resolveMany(refs, ctx) {
      const results = await provider.resolveMany(refs, ctx)
      return new Map([...results].map(([ref, result]) => [ref, 'failure' in result ? { ...result, why: `${result.why} ${Buffer.from('canary-two').toString('base64')}` } : result]))
    },
  }), 'shows no value in its results, its identity, its messages or its errors'],
  ['tells a value in its progress', (provider) => ({
    async resolveMany(refs, ctx) { ctx.progress('got canary-two'); return provider.resolveMany(refs, ctx) },
  }), 'shows no value in its results, its identity, its messages or its errors'],
  ['repeats what was pasted', () => ({ parseRef(ref) { if (!/^vault:[a-z0-9]+$/.test(ref)) throw new StkError('STK3002', { why: `${ref} is no reference.` }) } }),
    'never repeats what was written as a reference: it may be a value'],
  ['fails all for one', (provider) => ({
    async resolveMany(refs, ctx) {
      const results = await provider.resolveMany(refs, ctx)
      const failed = [...results.values()].find((result) => 'failure' in result)
      return failed === undefined ? results : new Map(refs.map((ref) => [ref, failed]))
    },
  }), 'answers each reference, and one that fails does not fail the others'],
  ['asks while it checks a reference', () => ({ parseRef() { asked++ } }), 'understands a well-formed reference without asking anybody'],
  ['ignores an interruption', (provider) => ({ resolveMany: (refs, ctx) => provider.resolveMany(refs, { ...ctx, signal: new AbortController().signal }) }),
    'gives no value once it is interrupted'],
  ['cannot be disposed of twice', () => {
    let disposed = false
    return { async dispose() { if (disposed) throw new Error('disposed'); disposed = true } }
  }, 'can be disposed of twice, and without having been used'],
])('the suite finds a provider that %s', async (_, broken, name) => {
  expect(await fails(name, () => ({}))).toBe(false)
  expect(await fails(name, broken)).toBe(true)
})
