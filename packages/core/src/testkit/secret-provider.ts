import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isStkError } from '../diagnostics/index.ts'
import type { SecretContext, SecretFailure, SecretProvider, SecretResult } from '../plugin/contract.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import { appearances, encodings } from './appearances.ts'

/** A provider under test, and the world it is put into. */
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
  /** References of the provider's scheme that {@link SecretProvider.parseRef} must refuse. */
  readonly malformed: readonly string[]
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
 * })
 */
export function testSecretProvider(suite: SecretProviderSuite): void {
  const present = Object.keys(suite.present)
  const absent = Object.keys(suite.absent)
  const values = Object.values(suite.present)
  assert.ok(present.length >= 2 && absent.length >= 1 && suite.malformed.length >= 1, 'give two present, one absent and one malformed reference')
  assert.ok(values.every((value) => value.length >= 8), 'give values of eight characters or more, so that they match nothing by chance')

  const declare = (name: string, body: (provider: SecretProvider, ctx: SecretContext) => Promise<void>, signal?: AbortSignal): void => {
    suite.test(name, async () => {
      const provider = await suite.create()
      try {
        await body(provider, contextOf(suite, signal ?? new AbortController().signal))
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
    for (const ref of [...present, ...absent]) assert.equal(provider.parseRef(ref), undefined, `parseRef must return nothing for ${ref}`)
  })

  declare('refuses a malformed reference with STK3002', async (provider) => {
    for (const ref of suite.malformed) {
      const error = thrownBy(() => provider.parseRef(ref))
      assert.ok(isStkError(error) && error.code === 'STK3002', `${ref} must be refused with STK3002, not with ${inspect(error)}`)
    }
  })

  declare('reads every value, whole', async (provider, ctx) => {
    const results = await provider.resolveMany(present, ctx)
    for (const [ref, value] of Object.entries(suite.present)) {
      // Compared as a boolean: a failed comparison of strings would print the value.
      assert.ok(valueOf(results.get(ref)) === value, `${ref} does not give its value`)
    }
  })

  declare('answers each reference, and one that fails does not fail the others', async (provider, ctx) => {
    const refs = mixed(present, absent)
    const results = await provider.resolveMany(refs, ctx)
    assert.deepEqual([...results.keys()].sort(), [...refs].sort())
    for (const [ref, value] of Object.entries(suite.present)) assert.ok(valueOf(results.get(ref)) === value, `${ref} does not give its value`)
    for (const [ref, failure] of Object.entries(suite.absent)) {
      const result = results.get(ref)
      assert.ok(result !== undefined && 'failure' in result, `${ref} must fail`)
      assert.equal(result.failure, failure, ref)
      assert.match(result.why, /\S/, `${ref} must say why it fails`)
    }
  })

  declare('answers a reference that is asked for twice, and no reference at all', async (provider, ctx) => {
    const [ref = ''] = present
    const results = await provider.resolveMany([ref, ref], ctx)
    assert.deepEqual([...results.keys()], [ref])
    assert.ok(valueOf(results.get(ref)) === suite.present[ref])
    assert.equal((await provider.resolveMany([], ctx)).size, 0)
  })

  declare('gives the same to those who ask at the same time', async (provider, ctx) => {
    const answers = await Promise.all(present.map((ref) => provider.resolveMany([ref], ctx)))
    present.forEach((ref, index) => {
      assert.ok(valueOf(answers[index]?.get(ref)) === suite.present[ref], `${ref} does not give its value`)
      assert.equal(answers[index]?.size, 1)
    })
  })

  declare('leaves the list of references as it is', async (provider, ctx) => {
    const refs = Object.freeze([...present].reverse())
    await provider.resolveMany(refs, ctx)
    assert.deepEqual(refs, [...present].reverse())
  })

  declare('shows no value in its results, its identity or its errors', async (provider, ctx) => {
    const results = await provider.resolveMany(mixed(present, absent), ctx)
    const shown = [
      ...appearances([...results.values()]),
      ...[...results.values()].flatMap((result) => ('failure' in result ? [result.why, result.fix ?? ''] : appearances(result.value))),
      ...appearances(await provider.preflight?.(ctx)),
      ...suite.malformed.flatMap((ref) => appearances(thrownBy(() => provider.parseRef(ref)))),
      // A value pasted where a reference belongs.
      ...values.flatMap((value) => appearances(thrownBy(() => provider.parseRef(value)))),
    ]
    for (const [index, value] of values.entries()) {
      for (const form of encodings(value)) {
        assert.ok(!shown.some((text) => text.includes(form)), `the value of ${present[index] ?? ''} can be seen`)
      }
    }
  })

  declare('gives no value once it is interrupted', async (provider, ctx) => {
    const results = await provider.resolveMany(present, ctx).catch(() => new Map<string, SecretResult>())
    for (const result of results.values()) assert.ok('failure' in result, 'a value was read after the signal was aborted')
  }, AbortSignal.abort())

  declare('can be disposed of twice, and without having been used', async (provider) => {
    await provider.dispose?.()
    await provider.dispose?.()
  })
}

function contextOf(suite: SecretProviderSuite, signal: AbortSignal): SecretContext {
  return { root: process.cwd(), environment: 'test', env: {}, interactive: false, ...suite.context, signal }
}

/** Failing references between and around the good ones. */
function mixed(present: readonly string[], absent: readonly string[]): readonly string[] {
  return [...absent.slice(0, 1), ...present, ...absent.slice(1)]
}

function valueOf(result: SecretResult | undefined): string | undefined {
  if (result === undefined || !('value' in result)) return undefined
  assert.ok(result.value instanceof SecretValue, 'a value must be a SecretValue')
  return result.value.reveal()
}

function thrownBy(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
