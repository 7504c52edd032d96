import { expect, test } from 'vitest'
import type { SecretContext, SecretProvider } from '../plugin/contract.ts'
import { guardedProvider } from './guarded-provider.ts'
import { SecretValue } from './secret-value.ts'

const context = (more: Partial<SecretContext> = {}): SecretContext => ({
  root: '/nowhere', environment: 'test', env: {}, signal: new AbortController().signal, interactive: false, progress() {}, warn() {}, ...more,
})
const provider = (parts: Partial<SecretProvider>): SecretProvider => ({ scheme: 'vault', parseRef() {}, resolveMany: async () => new Map(), ...parts })
const aborted = (signal: AbortSignal): Promise<unknown> => new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }))
const BRIEF = { alone: 5, interactive: 5, grace: 5 }

test('a provider that never answers gives "timeout" for everything when the time is up', async () => {
  const guarded = guardedProvider(provider({ resolveMany: () => new Promise(() => {}), preflight: () => new Promise(() => {}) }), BRIEF)
  const timeout = { failure: 'timeout', why: expect.stringContaining('no answer within') }
  expect(await guarded.resolveMany(['vault:a', 'vault:b'], context())).toEqual(new Map([['vault:a', timeout], ['vault:b', timeout]]))
  expect(await guarded.preflight?.(context())).toEqual(timeout)
})

test('what was read by the end of the time counts', async () => {
  const guarded = guardedProvider(provider({
    async resolveMany(_, { signal }) {
      expect(await aborted(signal)).toMatchObject({ name: 'TimeoutError' })
      return new Map([['vault:a', { value: new SecretValue('early') }], ['vault:b', { failure: 'timeout', why: 'too late' }]])
    },
  }), { alone: 5, interactive: 5, grace: 60_000 })
  const results = await guarded.resolveMany(['vault:a', 'vault:b'], context())
  expect([...results.values()]).toEqual([{ value: expect.any(SecretValue) }, { failure: 'timeout', why: 'too late' }])
})

test('a person has more time than a machine', async () => {
  const guarded = guardedProvider(provider({
    resolveMany: async (refs, { signal }) => {
      await aborted(signal)
      return new Map(refs.map((ref) => [ref, { value: new SecretValue('late') }]))
    },
  }), { alone: 60_000, interactive: 5, grace: 60_000 })
  expect([...(await guarded.resolveMany(['vault:a'], context({ interactive: true }))).values()]).toEqual([{ value: expect.any(SecretValue) }])
})

test('an interruption reaches the provider, and one that ignores it is left behind', async () => {
  const controller = new AbortController()
  const heard: unknown[] = []
  const guarded = guardedProvider(provider({
    resolveMany: (_, { signal }) => {
      void aborted(signal).then((reason) => heard.push(reason))
      controller.abort(new DOMException('Interrupted', 'AbortError'))
      return new Promise(() => {})
    },
  }), { alone: 60_000, interactive: 60_000, grace: 5 })
  await expect(guarded.resolveMany(['vault:a'], context({ signal: controller.signal }))).rejects.toMatchObject({ name: 'AbortError' })
  expect(heard).toMatchObject([{ name: 'AbortError' }])
})

test('a provider that breaks down is named by its class, never by its message', async () => {
  const broken = new SyntaxError('unexpected token in canary-value', { cause: 'canary-value' })
  const guarded = guardedProvider(provider({
    parseRef() { throw broken }, resolveMany: async () => { throw broken }, preflight: async () => { throw 'canary-value' },
  }))
  const refusal = { failure: 'unknown', why: 'The provider of "vault:" broke down (SyntaxError).' }
  expect(await guarded.resolveMany(['vault:a'], context())).toEqual(new Map([['vault:a', refusal]]))
  expect(await guarded.preflight?.(context())).toEqual({ ...refusal, why: 'The provider of "vault:" broke down (string).' })
  expect(() => guarded.parseRef('vault:canary-value')).toThrow(expect.objectContaining({ code: 'STK3002', message: expect.not.stringContaining('canary') }))
})

test('answers exactly what was asked', async () => {
  const guarded = guardedProvider(provider({
    resolveMany: async () => new Map([['vault:a', { value: new SecretValue('') }], ['vault:more', { value: new SecretValue('x') }]]),
  }))
  expect(await guarded.resolveMany(['vault:a', 'vault:b'], context())).toEqual(new Map([
    ['vault:a', { failure: 'empty', why: 'It is empty where "vault:" keeps it.' }],
    ['vault:b', { failure: 'unknown', why: '"vault:" gave no answer for it.' }],
  ]))
})

test('a value of a second copy of core becomes one of ours, and what is none fails by itself', async () => {
  const foreign = { reveal: () => 'canary-foreign' }
  const answers = new Map<string, unknown>([['vault:a', { value: foreign }], ['vault:b', { value: 'canary-plain' }], ['vault:c', { value: undefined }]])
  const guarded = guardedProvider(provider({ resolveMany: async () => answers as never }))
  const results = await guarded.resolveMany(['vault:a', 'vault:b', 'vault:c'], context())
  const [a, b, c] = [...results.values()]
  expect(a).toEqual({ value: expect.any(SecretValue) })
  expect(a !== undefined && 'value' in a && a.value.reveal()).toBe('canary-foreign')
  expect([b, c]).toMatchObject([{ failure: 'unknown' }, { failure: 'unknown' }])
  expect(JSON.stringify([b, c])).not.toContain('canary')
})
