import { describe, expect, test } from 'vitest'
import type { SecretSink } from '../plugin/contract.ts'
import { FakePlatform } from './fixtures/platform/server.ts'
import { appTarget, shelfTarget, type AppOptions } from './fixtures/platform/target.ts'
import { testSecretSink, type SinkWorld } from './secret-sink.ts'
import { testTarget } from './target.ts'

const TOKEN = 'canary-token-of-the-platform'

async function create(): Promise<SinkWorld> {
  const platform = await FakePlatform.start(TOKEN)
  return {
    options: { url: platform.origin, app: 'shop', token: { secret: 'PLATFORM_TOKEN' } },
    credentials: { PLATFORM_TOKEN: TOKEN },
    secretValues: () => platform.valuesOf('shop'),
    breakDown: ({ status, after }) => { platform.failures = Array.from({ length: 20 }, () => ({ request: '/shop', status, after: after ?? 0 })) },
    mend: () => { platform.failures = [] },
    async cleanup() {
      await platform.close()
      expect(platform.violations).toEqual([])
    },
  }
}

describe('a platform whose secrets belong to what was released', () => {
  testTarget({ test, target: appTarget, create })
  testSecretSink({ test, target: appTarget, create })
})

describe('a platform that keeps secrets apart, one by one', () => {
  testSecretSink({ test, target: shelfTarget, create })
})

/** Runs one test of the suite over a sink that breaks the contract, and tells whether it failed. */
async function fails(name: string, broken: (sink: SecretSink<AppOptions>) => Partial<SecretSink<AppOptions>>): Promise<boolean> {
  const bodies: (() => Promise<void>)[] = []
  const sink = appTarget.secrets!
  testSecretSink({
    test: (declared, body) => { if (declared === name) bodies.push(body) },
    target: { ...appTarget, secrets: { ...sink, ...broken(sink) } }, create,
  })
  expect(bodies).toHaveLength(1)
  return bodies[0]!().then(() => false, () => true)
}

test.each<readonly [string, string, (sink: SecretSink<AppOptions>) => Partial<SecretSink<AppOptions>>]>([
  ['forgets what it is not given', 'sets names, and leaves all others as they are', (sink) => ({
    async set(values, ctx) {
      await sink.remove?.(await sink.list(ctx) ?? [], ctx)
      await sink.set(values, ctx)
    },
  })],
  ['lists what it does not have', 'lists no secret at first, twice the same, and makes nothing by looking', () => ({ list: async () => ['DATABASE_URL'] })],
  ['tells a value as it works', 'shows no value in what it says, nor when it fails', (sink) => ({
    async set(values, ctx) {
      for (const [name, value] of values) ctx.progress(`${name}=${Buffer.from(value.reveal()).toString('base64')}`)
      await sink.set(values, ctx)
    },
  })],
  ['repeats a value when it fails', 'shows no value in what it says, nor when it fails', (sink) => ({
    set: (values, ctx) => sink.set(values, ctx).catch((error: Error) => { throw Object.assign(error, { values: [...values.values()].map((value) => value.reveal()) }) }),
  })],
  ['fails when asked to remove what is gone', 'removes names and no other, also some that are not there', (sink) => ({
    async remove(names, ctx) {
      const listed = await sink.list(ctx)
      if (names.some((name) => listed?.includes(name) === false)) throw new Error('not there')
      await sink.remove?.(names, ctx)
    },
  })],
  ['trims values', 'hands on a thousand values of every kind, byte for byte', (sink) => ({
    set: (values, ctx) => sink.set(new Map([...values].map(([name, value]) => [name, { reveal: () => value.reveal().trim() } as typeof value])), ctx),
  })],
])('the suite finds a sink that %s', async (_, name, broken) => {
  expect(await fails(name, () => ({}))).toBe(false)
  expect(await fails(name, broken)).toBe(true)
})
