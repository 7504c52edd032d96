import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isStkError } from '../diagnostics/index.ts'
import type { SecretContext, SecretFailure, SecretProvider, SecretResult } from '../plugin/contract.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import { appearances, encodings } from './appearances.ts'
import { secretContext } from './contexts.ts'
import { fuzzedSecrets } from './fuzzed-secrets.ts'

/** A provider under test, and the worlds it is put into. */
export interface SecretProviderSuite {
  /** Declares a test: `test` of vitest, `node:test`, jest, … */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  /** A new provider over a world that holds {@link present}. Called for each test. */
  readonly create: () => SecretProvider | Promise<SecretProvider>
  /** What differs from an empty, non-interactive context. */
  readonly context?: Partial<SecretContext>
  /** References that can be read, with their values: two at least, with values that occur nowhere else. */
  readonly present: Readonly<Record<string, string>>
  /** Well-formed references to what is not there, with the failure each must give. */
  readonly absent: Readonly<Record<string, SecretFailure>>
  /** References of the provider's scheme that `parseRef` must refuse. */
  readonly malformed: readonly string[]
  /** A new world that holds these values, a thousand at once. */
  readonly holding: (values: readonly string[]) => HeldSecrets | Promise<HeldSecrets>
  /** Which values the place can hold at all. Say why where it is given. @default every one */
  readonly holds?: (value: string) => boolean
  /** A world that is asked and never answers. Leave it out only where nothing is waited for. */
  readonly stuck?: () => StuckWorld | Promise<StuckWorld>
  /** How often the world of the last {@link create} was asked: requests, processes, files read. Proves what needs no asking. */
  readonly asked?: () => number
}

/** A provider over a world of its own. */
export interface SecretWorld {
  readonly provider: SecretProvider
  /** References to what the world holds. */
  readonly refs: readonly string[]
  readonly context?: Partial<SecretContext>
  cleanup?(): Promise<void> | void
}

export interface HeldSecrets extends SecretWorld {
  /** In the order of the values they were given for. */
  readonly refs: readonly string[]
}

export interface StuckWorld extends SecretWorld {
  /** Settles once the world was asked. */
  readonly asked: Promise<unknown>
  /** Processes and requests that are under way. */
  readonly running?: () => number
}

/**
 * Declares the tests that every secret provider must pass.
 *
 * @example
 * testSecretProvider({
 *   test,
 *   create: () => vaultProvider({ fetch: fakeVault }),
 *   present: { 'vault:shop/url': 'postgres://canary-1', 'vault:shop/token': 'canary-2' },
 *   absent: { 'vault:shop/nothing': 'field-not-found' },
 *   malformed: ['vault:', 'vault:shop'],
 *   holding(values) {
 *     const fetch = fakeVaultOf(values)
 *     return { provider: vaultProvider({ fetch }), refs: values.map((_, index) => `vault:many/${index}`) }
 *   },
 * })
 */
export function testSecretProvider(suite: SecretProviderSuite): void {
  const present = Object.keys(suite.present)
  const absent = Object.keys(suite.absent)
  const values = Object.values(suite.present)
  assert.ok(present.length >= 2 && absent.length >= 1 && suite.malformed.length >= 1, 'give two present, one absent and one malformed reference')
  assert.ok(values.every((value) => value.length >= 8), 'give values of eight characters or more, so that they match nothing by chance')

  const declare = (name: string, body: (provider: SecretProvider, ctx: SecretContext) => Promise<void>): void => {
    suite.test(name, async () => {
      const provider = await suite.create()
      try {
        await body(provider, secretContext(suite.context))
      } finally {
        await provider.dispose?.()
      }
    })
  }

  declare('its scheme is one that references can begin with', async (provider) => {
    assert.match(provider.scheme, /^[a-z][a-z0-9+.-]*$/)
    for (const ref of [...present, ...absent, ...suite.malformed]) assert.ok(ref.startsWith(`${provider.scheme}:`), `${ref} is not of this scheme`)
  })

  declare('understands a well-formed reference without asking anybody', async (provider) => {
    const before = suite.asked?.()
    for (const ref of [...present, ...absent]) assert.equal(provider.parseRef(ref), undefined, `parseRef must return nothing for ${ref}`)
    assert.equal(suite.asked?.(), before, 'parseRef asked')
  })

  declare('refuses a malformed reference with STK3002, without asking anybody', async (provider) => {
    const before = suite.asked?.()
    for (const ref of suite.malformed) assertRefused(thrownBy(() => provider.parseRef(ref)), ref)
    assert.equal(suite.asked?.(), before, 'parseRef asked')
  })

  declare('never repeats what was written as a reference: it may be a value', async (provider) => {
    for (const value of [...values, ...fuzzedSecrets(300, { seed: 2, fits: (text) => text.trim().length >= 12 })]) {
      for (const ref of [value, `${provider.scheme}:${value}`, `${provider.scheme}://${value}`]) {
        const error = thrownBy(() => provider.parseRef(ref))
        if (error === undefined) continue
        assertRefused(error, 'a reference that is a value')
        assertUnseen(value, appearances(error).concat(appearances((error as { details?: unknown }).details)), 'what was written')
      }
    }
  })

  declare('reads every value, whole', async (provider, ctx) => {
    const results = await provider.resolveMany(present, ctx)
    for (const [ref, value] of Object.entries(suite.present)) assertHolds(results.get(ref), value, ref)
  })

  declare('answers each reference, and one that fails does not fail the others', async (provider, ctx) => {
    const refs = mixed(present, absent)
    const results = await provider.resolveMany(refs, ctx)
    assert.deepEqual([...results.keys()].sort(), [...refs].sort())
    for (const [ref, value] of Object.entries(suite.present)) assertHolds(results.get(ref), value, ref)
    for (const [ref, failure] of Object.entries(suite.absent)) {
      const result = results.get(ref)
      assert.ok(result !== undefined && 'failure' in result, `${ref} must fail`)
      assert.equal(result.failure, failure, ref)
      assert.match(result.why, /\S/, `${ref} must say why it fails`)
    }
  })

  declare('gives each failure by itself what it gives among others', async (provider, ctx) => {
    for (const [ref, failure] of Object.entries(suite.absent)) {
      const results = await provider.resolveMany([ref], ctx)
      assert.deepEqual([...results].map(([key, result]) => [key, 'failure' in result ? result.failure : 'a value']), [[ref, failure]])
    }
  })

  declare('answers a reference that is asked for twice, and asks nobody when there is none', async (provider, ctx) => {
    const before = suite.asked?.()
    assert.equal((await provider.resolveMany([], ctx)).size, 0)
    assert.equal(suite.asked?.(), before, 'it asked for nothing')
    const [ref = ''] = present
    const results = await provider.resolveMany([ref, ref], ctx)
    assert.deepEqual([...results.keys()], [ref])
    assertHolds(results.get(ref), suite.present[ref] ?? '', ref)
  })

  declare('gives the same to those who ask at the same time', async (provider, ctx) => {
    const answers = await Promise.all(present.map((ref) => provider.resolveMany([ref], ctx)))
    present.forEach((ref, index) => {
      assertHolds(answers[index]?.get(ref), suite.present[ref] ?? '', ref)
      assert.equal(answers[index]?.size, 1)
    })
  })

  declare('leaves the list of references as it is', async (provider, ctx) => {
    const refs = Object.freeze([...present].reverse())
    await provider.resolveMany(refs, ctx)
    assert.deepEqual(refs, [...present].reverse())
  })

  declare('shows no value in its results, its identity, its messages or its errors', async (provider, ctx) => {
    const said: string[] = []
    const listening = { ...ctx, progress: (message: string) => void said.push(message), warn: (message: string) => void said.push(message) }
    const results = await provider.resolveMany(mixed(present, absent), listening)
    const account = await provider.preflight?.(listening)
    if (account !== undefined && 'identity' in account) assert.ok(account.identity !== '' && account.mode !== '', 'preflight must say who and how')
    const shown = [
      ...said,
      ...appearances([...results.values()]),
      ...[...results.values()].flatMap((result) => ('failure' in result ? [result.why, result.fix ?? ''] : appearances(result.value))),
      ...appearances(account),
      ...suite.malformed.flatMap((ref) => appearances(thrownBy(() => provider.parseRef(ref)))),
    ]
    values.forEach((value, index) => assertUnseen(value, shown, `the value of ${present[index] ?? ''}`))
  })

  suite.test('hands on a thousand values of every kind, byte for byte', async () => {
    const many = fuzzedSecrets(1000, { fits: suite.holds ?? (() => true) })
    const world = await suite.holding(many)
    try {
      assert.equal(world.refs.length, many.length)
      assert.equal(new Set(world.refs).size, many.length, 'give each value a reference of its own')
      for (const ref of world.refs) world.provider.parseRef(ref)
      const results = await world.provider.resolveMany(world.refs, secretContext({ ...suite.context, ...world.context }))
      assert.equal(results.size, many.length)
      many.forEach((value, index) => assertHolds(results.get(world.refs[index] ?? ''), value, `value ${index} of the thousand`))
    } finally {
      await world.provider.dispose?.()
      await world.cleanup?.()
    }
  })

  declare('gives no value once it is interrupted', async (provider, ctx) => {
    const before = suite.asked?.()
    const results = await provider.resolveMany(present, { ...ctx, signal: AbortSignal.abort() }).catch(() => new Map<string, SecretResult>())
    for (const result of results.values()) assert.ok('failure' in result, 'a value was read after the signal was aborted')
    assert.equal(suite.asked?.(), before, 'it asked although it was interrupted')
  })

  if (suite.stuck !== undefined) {
    const { stuck } = suite
    const whileStuck = (name: string, reason: Error, check: (outcome: ReadonlyMap<string, SecretResult> | undefined) => void): void => {
      suite.test(name, async () => {
        const world = await stuck()
        const controller = new AbortController()
        try {
          const reading = world.provider.resolveMany(world.refs, secretContext({ ...suite.context, ...world.context, signal: controller.signal }))
          await Promise.race([world.asked, reading.catch(() => {})])
          controller.abort(reason)
          const outcome = await reading.catch(() => undefined)
          for (const result of outcome?.values() ?? []) assert.ok('failure' in result, 'a value came from a world that does not answer')
          check(outcome)
        } finally {
          await world.provider.dispose?.()
          await world.cleanup?.()
        }
        assert.equal(world.running?.() ?? 0, 0, 'something it started is still running')
      })
    }
    whileStuck('ends what is under way when it is interrupted', new DOMException('Interrupted', 'AbortError'), () => {})
    whileStuck('ends what is under way when the time is up', new DOMException('The time is up.', 'TimeoutError'), (outcome) => {
      for (const [ref, result] of outcome ?? []) assert.ok('failure' in result && result.failure === 'timeout', `${ref} must answer "timeout", or the call fail`)
    })
  }

  declare('can be disposed of twice, and without having been used', async (provider) => {
    const before = suite.asked?.()
    await provider.dispose?.()
    await provider.dispose?.()
    assert.equal(suite.asked?.(), before, 'it asked although nothing was wanted')
  })

  declare('can be disposed of after it was used', async (provider, ctx) => {
    await provider.resolveMany(present, ctx)
    await provider.dispose?.()
    await provider.dispose?.()
  })
}

/** Failing references between and around the good ones. */
function mixed(present: readonly string[], absent: readonly string[]): readonly string[] {
  return [...absent.slice(0, 1), ...present, ...absent.slice(1)]
}

function assertHolds(result: SecretResult | undefined, value: string, what: string): void {
  assert.ok(result !== undefined, `${what} is not answered`)
  assert.ok('value' in result, `${what} fails: ${'failure' in result ? `${result.failure}, ${result.why}` : ''}`)
  assert.ok(result.value instanceof SecretValue, 'a value must be a SecretValue')
  // Compared as a boolean: a failed comparison of strings would print the value.
  assert.ok(Buffer.from(result.value.reveal()).equals(Buffer.from(value)), `${what} does not give its value, byte for byte`)
}

function assertRefused(error: unknown, ref: string): void {
  assert.ok(isStkError(error) && error.code === 'STK3002', `${ref} must be refused with STK3002, not with ${inspect(error)}`)
}

function assertUnseen(value: string, texts: readonly string[], what: string): void {
  for (const form of encodings(value)) assert.ok(!texts.some((text) => text.includes(form)), `${what} can be seen`)
}

function thrownBy(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
