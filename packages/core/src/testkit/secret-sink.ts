import assert from 'node:assert/strict'
import type { Artifact } from '../artifact/artifact.ts'
import { isStkError } from '../diagnostics/index.ts'
import type { SecretSink, Target, TargetContext } from '../plugin/contract.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import { appearances, encodings } from './appearances.ts'
import { fuzzedSecrets } from './fuzzed-secrets.ts'
import { TargetBench, type TargetWorld } from './target-bench.ts'

/** A platform whose secrets a test can see. */
export interface SinkWorld extends TargetWorld {
  /** Every secret that the platform holds, by name. Left out for a real platform: it shows none. */
  secretValues?(): Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>
  /** Makes what is asked of the platform fail, from now on or after some requests, and lets it work again. */
  breakDown?(how: { readonly status: number; readonly after?: number }): void
  mend?(): void
}

/** A target's secret sink under test, and the platforms it is given. */
export interface SecretSinkSuite<Options, Package extends Artifact> {
  /** Declares a test: `test` of vitest, `node:test`, jest, … */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  readonly target: Target<Options, Package>
  /** An empty platform. Called for each test. */
  readonly create: () => Promise<SinkWorld>
  /** Which values the platform can hold at all. @default every one */
  readonly holds?: (value: string) => boolean
  /** How many of the thousand values go into one `set`: what the platform allows. @default 100 */
  readonly batch?: number
}

const URL_VALUE = 'postgres://app:canary%40one@db/shop'
const TOKEN_VALUE = 'canary "two" $HOME \n\t#'

/**
 * Declares the tests that every target with a secret sink must pass, beside `testTarget`.
 *
 * @example
 * testSecretSink({
 *   test,
 *   target: workerTarget,
 *   async create() {
 *     const api = await startApi()
 *     return { options: { name: 'shop' }, credentials: { API_TOKEN: api.token }, secretValues: () => api.secrets(), cleanup: () => api.close() }
 *   },
 * })
 */
export function testSecretSink<Options, Package extends Artifact>(suite: SecretSinkSuite<Options, Package>): void {
  const { target } = suite
  const { secrets: sink } = target
  assert.ok(sink !== undefined, 'the target has no secret sink')
  const declare = (name: string, body: (stand: Stand<Options, Package>) => Promise<void>): void => {
    suite.test(name, async () => {
      const world = await suite.create()
      try {
        await body(new Stand(new TargetBench(target, world, await target.options.parseAsync(world.options)), sink, world))
      } finally {
        await world.cleanup?.()
      }
    })
  }

  declare('lists no secret at first, twice the same, and makes nothing by looking', async (stand) => {
    const first = await stand.sink.list(stand.ctx())
    if (sink.atRelease === true) assert.equal(first, undefined, 'before a first release there is nothing that could hold a secret')
    else assert.deepEqual(first ?? [], [])
    assert.deepEqual(await stand.sink.list(stand.ctx()), first)
    assert.deepEqual(await stand.bench.list(), [])
  })

  declare('sets names, and leaves all others as they are', async (stand) => {
    await stand.ready()
    await stand.set({ DATABASE_URL: URL_VALUE, CACHE_TOKEN: TOKEN_VALUE })
    await stand.assertHolds({ DATABASE_URL: URL_VALUE, CACHE_TOKEN: TOKEN_VALUE })
    await stand.set({ CACHE_TOKEN: `${TOKEN_VALUE}, another`, API_KEY: 'canary-three' })
    await stand.assertHolds({ API_KEY: 'canary-three', CACHE_TOKEN: `${TOKEN_VALUE}, another`, DATABASE_URL: URL_VALUE })
  })

  declare('sets the same again without harm, and nothing when there is nothing to set', async (stand) => {
    await stand.ready()
    await stand.set({ DATABASE_URL: URL_VALUE })
    await stand.set({ DATABASE_URL: URL_VALUE })
    await stand.set({})
    await stand.assertHolds({ DATABASE_URL: URL_VALUE })
  })

  declare('keeps secrets through a release, and the release through a change of secrets', async (stand) => {
    await stand.ready()
    await stand.set({ DATABASE_URL: URL_VALUE })
    await stand.bench.release('b')
    await stand.assertHolds({ DATABASE_URL: URL_VALUE })
    const live = await stand.bench.live()
    await stand.set({ DATABASE_URL: `${URL_VALUE}-next` })
    const after = await stand.bench.live()
    assert.equal(after?.digest, live?.digest, 'a change of secrets must leave the release live')
  })

  if (sink.remove !== undefined) {
    const remove = sink.remove.bind(sink)
    declare('removes names and no other, also some that are not there', async (stand) => {
      await stand.ready()
      await stand.set({ DATABASE_URL: URL_VALUE, OLD_KEY: 'canary-old', CACHE_TOKEN: TOKEN_VALUE })
      await remove(['OLD_KEY', 'NEVER_SET'], stand.ctx())
      await remove([], stand.ctx())
      await stand.assertHolds({ CACHE_TOKEN: TOKEN_VALUE, DATABASE_URL: URL_VALUE })
      await remove(['OLD_KEY'], stand.ctx())
      await stand.assertHolds({ CACHE_TOKEN: TOKEN_VALUE, DATABASE_URL: URL_VALUE })
    })
  }

  declare('changes nothing once it is interrupted', async (stand) => {
    await stand.ready()
    await stand.set({ DATABASE_URL: URL_VALUE })
    const ctx = stand.ctx({ signal: AbortSignal.abort() })
    await assert.rejects(stand.sink.set(valuesOf({ DATABASE_URL: 'canary-other', MORE: 'canary-more' }), ctx), 'it must fail')
    if (sink.remove !== undefined) await assert.rejects(sink.remove(['DATABASE_URL'], ctx), 'it must fail')
    await stand.assertHolds({ DATABASE_URL: URL_VALUE })
  })

  suite.test('hands on a thousand values of every kind, byte for byte', async () => {
    const many = fuzzedSecrets(1000, { seed: 4, fits: suite.holds ?? (() => true) })
    const size = suite.batch ?? 100
    const world = await suite.create()
    try {
      if (world.secretValues === undefined) return
      const stand = new Stand(new TargetBench(target, world, await target.options.parseAsync(world.options)), sink, world)
      await stand.ready()
      for (let from = 0; from < many.length; from += size) {
        const batch = Object.fromEntries(many.slice(from, from + size).map((value, index) => [`V${index}`, value]))
        await stand.set(batch)
        await stand.assertHolds(batch)
      }
    } finally {
      await world.cleanup?.()
    }
  })

  declare('shows no value in what it says, nor when it fails', async (stand) => {
    const { world, bench } = stand
    await stand.ready()
    await stand.set({ DATABASE_URL: URL_VALUE, CACHE_TOKEN: TOKEN_VALUE })
    const said: unknown[] = [await stand.sink.list(stand.ctx()), bench.messages]
    const failed = async (what: string, ctx: TargetContext<Options>): Promise<void> => {
      const error = await stand.sink.set(valuesOf({ DATABASE_URL: URL_VALUE, MORE: TOKEN_VALUE }), ctx).then(() => undefined, (thrown: unknown) => thrown ?? new Error('nothing'))
      assert.ok(error !== undefined, `${what}: it must fail`)
      assert.ok(isStkError(error), `${what}: it must give a StkError, not ${error instanceof Error ? error.constructor.name : typeof error}`)
      said.push(error, error.details)
    }
    const wrong = Object.fromEntries(Object.keys(world.credentials ?? {}).map((name, index) => [name, `wrong-canary-${index}-4c1d`]))
    if (Object.keys(wrong).length > 0) await failed('refused credentials', stand.ctx({ credentials: wrong }))
    for (const status of world.breakDown === undefined ? [] : [401, 403, 429, 500, 503]) {
      world.breakDown?.({ status })
      await failed(`a platform that answers ${status}`, stand.ctx())
      world.mend?.()
    }
    const texts = said.flatMap(appearances)
    for (const value of [URL_VALUE, TOKEN_VALUE, ...Object.values(world.credentials ?? {}), ...Object.values(wrong)]) {
      for (const form of encodings(value)) assert.ok(!texts.some((text) => text.includes(form)), 'a value can be seen')
    }
  })

  declare('finishes what failed in the middle when it is run again', async (stand) => {
    const { world } = stand
    if (world.breakDown === undefined) return
    await stand.ready()
    const wanted = { DATABASE_URL: URL_VALUE, CACHE_TOKEN: TOKEN_VALUE, API_KEY: 'canary-three' }
    for (const after of [0, 1, 2]) {
      world.breakDown({ status: 500, after })
      await stand.set(wanted).catch(() => {})
      world.mend?.()
      const listed = await stand.sink.list(stand.ctx())
      assert.ok((listed ?? []).every((name) => Object.hasOwn(wanted, name)), 'it must list what is there, and no more')
    }
    await stand.set(wanted)
    await stand.assertHolds(wanted)
  })

  if (sink.atRelease !== true) return

  declare('plans each secret that a release is to set, by its name alone', async (stand) => {
    const ctx = stand.ctx({ secretsToSet: { DATABASE_URL: URL_VALUE, CACHE_TOKEN: TOKEN_VALUE } })
    const plan = await target.plan(await stand.bench.package('a'), ctx)
    for (const name of ['DATABASE_URL', 'CACHE_TOKEN']) {
      assert.ok(plan.steps.some(({ action, subject }) => action === 'create' && subject === `secret ${name}`), `the plan must create "secret ${name}"`)
    }
    for (const form of [URL_VALUE, TOKEN_VALUE].flatMap(encodings)) assert.ok(!JSON.stringify(plan).includes(form), 'a value stands in the plan')
    assert.equal(await stand.sink.list(stand.ctx()), undefined, 'a plan must set nothing')
  })

  declare('sets secrets with the release that brings them, the first and a later one', async (stand) => {
    await stand.releaseWith('a', { DATABASE_URL: URL_VALUE, OLD_KEY: 'canary-old' })
    await stand.assertHolds({ DATABASE_URL: URL_VALUE, OLD_KEY: 'canary-old' })
    await stand.releaseWith('b', { DATABASE_URL: `${URL_VALUE}-next`, CACHE_TOKEN: TOKEN_VALUE })
    await stand.assertHolds({ CACHE_TOKEN: TOKEN_VALUE, DATABASE_URL: `${URL_VALUE}-next`, OLD_KEY: 'canary-old' })
  })

  declare('sets secrets although the code that is live stays the same', async (stand) => {
    await stand.releaseWith('a', { DATABASE_URL: URL_VALUE })
    const plan = await target.plan(await stand.bench.package('a'), stand.ctx({ secretsToSet: { DATABASE_URL: 'canary-changed' } }))
    assert.ok(plan.steps.some(({ action, subject }) => action === 'update' && subject === 'secret DATABASE_URL'), 'the plan must update the secret')
    await stand.releaseWith('a', { DATABASE_URL: 'canary-changed' })
    await stand.assertHolds({ DATABASE_URL: 'canary-changed' })
  })

  declare('a release that cannot be made sets nothing', async (stand) => {
    await stand.releaseWith('a', { DATABASE_URL: URL_VALUE })
    const stale = await target.plan(await stand.bench.package('b'), stand.ctx({ secretsToSet: { CACHE_TOKEN: TOKEN_VALUE } }))
    await stand.releaseWith('c', {})
    await assert.rejects(target.release(stale, await stand.bench.package('b'), stand.ctx({ secretsToSet: { CACHE_TOKEN: TOKEN_VALUE } })))
    await stand.assertHolds({ DATABASE_URL: URL_VALUE })
  })
}

/** A bench with a sink, and what a test does with both. */
class Stand<Options, Package extends Artifact> {
  constructor(readonly bench: TargetBench<Options, Package>, readonly sink: SecretSink<Options>, readonly world: SinkWorld) {}

  ctx(more: Parameters<TargetBench<Options, Package>['context']>[0] = {}): TargetContext<Options> {
    return this.bench.context(more)
  }

  /** Brings the platform to where it can be given secrets. */
  async ready(): Promise<void> {
    if (this.sink.atRelease === true) await this.bench.release('a')
  }

  async set(values: Readonly<Record<string, string>>): Promise<void> {
    await this.sink.set(valuesOf(values), this.ctx())
  }

  async releaseWith(seed: string, secretsToSet: Readonly<Record<string, string>>): Promise<void> {
    const ctx = this.ctx({ secretsToSet })
    await this.bench.carryOut(await this.bench.plan(seed, ctx), seed, ctx)
  }

  /** These names are on the platform, and no other; with these values, where that can be seen. */
  async assertHolds(values: Readonly<Record<string, string>>): Promise<void> {
    const listed = await this.sink.list(this.ctx())
    assert.deepEqual([...listed ?? []].sort(), Object.keys(values).sort(), 'the platform must list these names, each once')
    const held = await this.world.secretValues?.()
    if (held === undefined) return
    // Compared as booleans: a failed comparison of strings would print the values.
    for (const [name, value] of Object.entries(values)) assert.ok(held[name] === value, `${name} did not arrive as it is`)
  }
}

function valuesOf(values: Readonly<Record<string, string>>): ReadonlyMap<string, SecretValue> {
  return new Map(Object.entries(values).map(([name, value]) => [name, new SecretValue(value)]))
}
