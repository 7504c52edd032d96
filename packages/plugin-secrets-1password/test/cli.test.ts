import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecretContext, SecretResult } from '@santokit/core'
import { testSecretProvider } from '@santokit/core/testkit'
import { afterEach, expect, test } from 'vitest'
import { readOptions } from '../src/options.ts'
import { onePassword } from '../src/provider.ts'
import { fakeOp, type FakeOp, type Manner } from './op.ts'
import { SUITE, SUITE_WORLD, worldHolding, worldOf, type FakeWorld } from './world.ts'

const opened: FakeOp[] = []
afterEach(() => {
  for (const op of opened.splice(0)) op.remove()
})

function open(world: FakeWorld, manner: Manner = {}): FakeOp {
  const op = fakeOp(world, manner)
  opened.push(op)
  return op
}

const context = (env: SecretContext['env'], change: Partial<SecretContext> = {}): SecretContext =>
  ({ root: tmpdir(), environment: 'test', env, interactive: false, signal: new AbortController().signal, progress() {}, warn() {}, ...change })
const provider = () => onePassword(readOptions({}))
const failureOf = (result: SecretResult | undefined): string => (result === undefined ? 'none' : 'failure' in result ? result.failure : 'a value')

const suiteOp = fakeOp(SUITE_WORLD)
testSecretProvider({
  test: (name, body) => test(`contract, op CLI: ${name}`, body),
  create: provider,
  context: { env: suiteOp.env },
  ...SUITE,
  asked: () => suiteOp.calls().length,
  // `op inject` drops these from what it prints, so a value that has them cannot be read whole in one process.
  holds: (value) => !/[\u0000-\u0008\u000E-\u001F\u007F]/.test(value),
  holding(values) {
    const { world, refs } = worldHolding(values)
    const op = fakeOp(world)
    return { provider: provider(), refs, context: { env: op.env }, cleanup: () => op.remove() }
  },
  stuck() {
    const op = fakeOp(SUITE_WORLD, { hangs: true })
    const started = (async () => {
      while (op.calls().length === 0) await new Promise((resolve) => setImmediate(resolve))
    })()
    return {
      provider: provider(), refs: Object.keys(SUITE.present), context: { env: op.env }, asked: started, cleanup: () => op.remove(),
      running: () => op.calls().filter(({ pid }) => isRunning(pid)).length,
    }
  },
})

test('two hundred references in twenty items cost one process', async () => {
  const values = Array.from({ length: 200 }, (_, index) => `value-of-${index}`)
  const items: Record<string, Record<string, string>> = {}
  values.forEach((value, index) => { items[`prod/item-${index % 20}`] = { ...items[`prod/item-${index % 20}`], [`f${index}`]: value } })
  const op = open(worldOf(items))
  const refs = values.map((_, index) => `op://prod/item-${index % 20}/f${index}`)
  const results = await provider().resolveMany(refs, context(op.env))
  expect(refs.map((ref) => { const result = results.get(ref); return result !== undefined && 'value' in result ? result.value.reveal() : failureOf(result) })).toEqual(values)
  expect(op.calls()).toHaveLength(1)
})

test('the arguments hold references at most, and the file of references is gone afterwards', async () => {
  const op = open(SUITE_WORLD)
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('santokit-op-'))
  await provider().resolveMany(Object.keys(SUITE.present), context(op.env))
  const [call] = op.calls()
  expect(call?.args.slice(0, 2)).toEqual(['inject', '--in-file'])
  expect(existsSync(call?.args[2] ?? '')).toBe(false)
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('santokit-op-'))).toEqual(before)
})

test('op gets of the environment what it needs and no more', async () => {
  const op = open(SUITE_WORLD, { token: 'ops_token' })
  const env = { ...op.env, DATABASE_URL: 'x', OP_SESSION_acme: 'stale', OP_DEBUG: 'true', OP_FORMAT: 'json', OP_CONNECT_HOST: 'http://only-half' }
  await provider().resolveMany(Object.keys(SUITE.present), context(env))
  const names = op.calls()[0]?.env ?? []
  expect(names).toContain('OP_SERVICE_ACCOUNT_TOKEN')
  for (const name of ['DATABASE_URL', 'OP_SESSION_acme', 'OP_DEBUG', 'OP_FORMAT', 'OP_CONNECT_HOST']) expect(names).not.toContain(name)
})

test('every bad reference is reported in one go, and the good ones are read', async () => {
  const op = open(SUITE_WORLD)
  const bad = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`op://prod/gone-${index}/key`, 'item-not-found']))
  const refs = [...Object.keys(bad), ...Object.keys(SUITE.present), ...Object.keys(SUITE.absent)]
  const results = await provider().resolveMany(refs, context(op.env))
  for (const [ref, failure] of Object.entries({ ...bad, ...SUITE.absent })) expect([ref, failureOf(results.get(ref))]).toEqual([ref, failure])
  for (const ref of Object.keys(SUITE.present)) expect(failureOf(results.get(ref))).toBe('a value')
})

test('references with an attribute are read by name when the rest has to be read by item', async () => {
  const world = worldOf({ 'prod/mail': { key: 'value-of-key', code: 'otpauth://totp/x' } })
  const withCode = JSON.parse(JSON.stringify(world).replace('"otpauth://totp/x"', '"otpauth://totp/x","totp":"123456"')) as FakeWorld
  const op = open(withCode)
  const refs = ['op://prod/mail/code?attribute=otp', 'op://prod/mail/key', ...Array.from({ length: 6 }, (_, index) => `op://prod/gone-${index}/key`)]
  const results = await provider().resolveMany(refs, context(op.env))
  expect(refs.slice(0, 2).map((ref) => { const result = results.get(ref); return result !== undefined && 'value' in result ? result.value.reveal() : failureOf(result) })).toEqual(['123456', 'value-of-key'])
  expect(op.calls().map(({ args }) => args[0])).toContain('read')
})

test('nothing more is asked after a rate limit', async () => {
  const op = open(SUITE_WORLD, { allowed: 2 })
  const refs = [...Array.from({ length: 9 }, (_, index) => `op://prod/gone-${index}/key`), ...Object.keys(SUITE.present)]
  const results = await provider().resolveMany(refs, context(op.env))
  expect(op.calls()).toHaveLength(3)
  expect(refs.map((ref) => failureOf(results.get(ref)))).toEqual(['item-not-found', 'item-not-found', ...Array.from({ length: refs.length - 2 }, () => 'rate-limited')])
})

test.each([
  ['You are not currently signed in. Please run `op signin --help` for instructions', 'unauthenticated'],
  ['error initializing client: authorization prompt dismissed, please try again', 'prompt-dismissed'],
  ['error initializing client: authorization timeout', 'timeout'],
  ['dial tcp: lookup my.1password.com: no such host', 'network'],
])('a refusal that holds for everything costs one process: %s', async (says, failure) => {
  const op = open(SUITE_WORLD, { says })
  const results = await provider().resolveMany(Object.keys(SUITE.present), context(op.env))
  expect([...results.values()].map(failureOf)).toEqual(Object.keys(SUITE.present).map(() => failure))
  expect(op.calls()).toHaveLength(1)
})

test('what op prints is never repeated', async () => {
  const op = open(SUITE_WORLD, { says: 'the value is hunter2-hunter2' })
  const results = await provider().resolveMany(Object.keys(SUITE.present), context(op.env))
  expect(JSON.stringify([...results])).not.toContain('hunter2')
  expect([...results.values()].map(failureOf)).toEqual(['unknown', 'unknown', 'unknown'])
})

test('without a person there is no prompt to wait for; with one there may be', async () => {
  const op = open(SUITE_WORLD)
  await provider().resolveMany(['op://prod/mail/key'], context(op.env))
  await provider().resolveMany(['op://prod/mail/key'], context(op.env, { interactive: true }))
  expect(op.calls().map(({ env }) => env.includes('OP_BIOMETRIC_UNLOCK_ENABLED'))).toEqual([true, false])
})

test('preflight says who is signed in and reads nothing', async () => {
  const person = open(SUITE_WORLD)
  expect(await provider().preflight?.(context(person.env))).toEqual({ identity: 'ops@acme.example', mode: 'op CLI' })
  const service = open(SUITE_WORLD, { token: 'ops_token' })
  expect(await provider().preflight?.(context(service.env))).toEqual({ identity: 'a service account of acme.1password.com', mode: 'op CLI, service account' })
  expect([...person.calls(), ...service.calls()].map(({ args }) => args[0])).toEqual(['whoami', 'whoami'])
  expect(await provider().preflight?.(context({ ...service.env, OP_SERVICE_ACCOUNT_TOKEN: 'another' }))).toMatchObject({ failure: 'unauthenticated' })
})

test('where there is no way in, it says so and how to get one', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'santokit-no-op-'))
  mkdirSync(join(empty, 'op'))
  writeFileSync(join(empty, 'op.txt'), '')
  try {
    const results = await provider().resolveMany(['op://prod/mail/key'], context({ PATH: empty }))
    expect(results.get('op://prod/mail/key')).toMatchObject({ failure: 'not-installed', fix: expect.stringContaining('op CLI') as string })
    const cli = await onePassword(readOptions({ via: 'cli' })).resolveMany(['op://prod/mail/key'], context({ PATH: empty, OP_CONNECT_HOST: 'http://127.0.0.1:1', OP_CONNECT_TOKEN: 'x' }))
    expect(failureOf(cli.get('op://prod/mail/key'))).toBe('not-installed')
  } finally {
    rmSync(empty, { recursive: true })
  }
})

test('an op in another place is found by the option', async () => {
  const op = open(SUITE_WORLD)
  const { PATH: _, ...rest } = op.env
  const results = await onePassword(readOptions({ op: op.program })).resolveMany(['op://prod/mail/key'], context({ ...rest, PATH: '/usr/bin:/bin' }))
  expect(failureOf(results.get('op://prod/mail/key'))).toBe('a value')
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
