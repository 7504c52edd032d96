import { afterEach, beforeEach, expect, test } from 'vitest'
import { planPush, pushImage, retag } from '../../src/registry/index.ts'
import { plant, sampleImage, type SampleOptions } from './images.ts'
import { startRegistry, type TestRegistry } from './registry.ts'
import { countRounds } from './rounds.ts'
import { open } from './world.ts'

const TAGS = [{ name: 'sha-2', moves: false }, { name: 'production', moves: true }]
const MULTI = { platforms: ['amd64', 'arm64'] }

let registry: TestRegistry
beforeEach(async () => { registry = await startRegistry() })
afterEach(() => registry.close())

interface Case {
  readonly name: string
  readonly shape: Omit<SampleOptions, 'seed'>
  readonly warm: boolean
  readonly plan: number
  readonly push: number
}

// A push: uploads begun, contents sent, child manifests and referrers, tags. What there is none of takes no time.
test.each<Case>([
  { name: 'warm, one platform', shape: {}, warm: true, plan: 1, push: 3 },
  { name: 'warm, one platform with referrers', shape: { referrers: 2 }, warm: true, plan: 1, push: 4 },
  { name: 'warm, two platforms with referrers', shape: { ...MULTI, referrers: 2 }, warm: true, plan: 2, push: 4 },
  { name: 'cold, one platform', shape: {}, warm: false, plan: 1, push: 3 },
  { name: 'cold, one platform with referrers', shape: { referrers: 2 }, warm: false, plan: 1, push: 4 },
  { name: 'cold, two platforms with referrers', shape: { ...MULTI, referrers: 2 }, warm: false, plan: 1, push: 4 },
])('$name: $plan round trips to plan, $push to push', async ({ shape, warm, plan, push }) => {
  if (warm) await plant(registry.store, 'acme/shop', sampleImage({ seed: 'old', ...shape }), 'production')
  const image = sampleImage({ seed: 'new', ...shape })
  const planning = countRounds()
  const planned = await planPush(open(registry, 'acme/shop', { send: planning.send }), image, TAGS)
  expect(planning.rounds, JSON.stringify(planning.rounds, null, 1)).toHaveLength(plan)
  const pushing = countRounds()
  await pushImage(open(registry, 'acme/shop', { send: pushing.send }), image, TAGS, { planned })
  expect(pushing.rounds, JSON.stringify(pushing.rounds, null, 1)).toHaveLength(push)
})

test('without a plan a push takes what both take', async () => {
  await plant(registry.store, 'acme/shop', sampleImage({ seed: 'old' }), 'production')
  const counter = countRounds()
  await pushImage(open(registry, 'acme/shop', { send: counter.send }), sampleImage({ seed: 'new' }), TAGS)
  expect(counter.rounds).toHaveLength(4)
})

test('nothing to do: one round trip and a request a tag, with the plan', async () => {
  const image = sampleImage({ seed: 'same', ...MULTI, referrers: 2 })
  await plant(registry.store, 'acme/shop', image, 'sha-2', 'production')
  const counter = countRounds()
  const repository = open(registry, 'acme/shop', { send: counter.send })
  expect((await planPush(repository, image, TAGS)).survey.isDone).toBe(true)
  expect(counter.rounds.map((round) => round.length)).toEqual([2])
})

test('a rollback: two round trips of a request each', async () => {
  const image = sampleImage({ seed: 'old', ...MULTI })
  await plant(registry.store, 'acme/shop', image, 'sha-1')
  const counter = countRounds()
  await retag(open(registry, 'acme/shop', { send: counter.send }), 'sha-1', 'production')
  expect(counter.rounds).toEqual([['GET /v2/acme/shop/manifests/sha-1'], ['PUT /v2/acme/shop/manifests/production']])
})
