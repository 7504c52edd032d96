import { sampleBundle } from '@santokit/core/testkit'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { imageTarget } from '../src/target.ts'
import type { Send } from '../src/registry/connection/sender.ts'
import { countRounds, type RoundCounter } from './registry/rounds.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

// What `stk deploy image` asks of a registry, by the counting of registry/rounds.ts: plan, release and verification, with the
// documents and the list, as they are by default. A registry that wants credentials costs one more round trip, and a token another.

const opened = vi.hoisted((): { send?: Send } => ({}))
vi.mock(import('../src/registry/connection/sender.ts'), async (load) => {
  const { openSender } = await load()
  return { openSender: () => (url, request) => (opened.send ??= openSender())(url, request) }
})

let world: ImageWorld
beforeEach(async () => {
  world = await createWorld()
  delete world.registry.quirks.authorize
})
afterEach(async () => {
  delete opened.send
  await world.cleanup()
})

const ONE = { platforms: ['linux/amd64'] }

async function deploy(seed: string, settings: object = {}, isDecided = false): Promise<RoundCounter['rounds']> {
  const { openSender } = await vi.importActual<typeof import('../src/registry/connection/sender.ts')>('../src/registry/connection/sender.ts')
  const counter = countRounds(openSender())
  opened.send = counter.send
  const ctx = contextOn(world, { settings, isDecided })
  const pkg = await imageTarget.package(await sampleBundle({ seed }), ctx)
  const release = await imageTarget.release(await imageTarget.plan(pkg, ctx), pkg, ctx)
  expect(await imageTarget.verify!(release, ctx)).toMatchObject({ healthy: true })
  return counter.rounds
}

/** The round trip, from 1, in which the environment's tag is written. */
function liveIn(rounds: RoundCounter['rounds']): number {
  return 1 + rounds.findIndex((round) => round.some((request) => request.endsWith('PUT /v2/acme/shop/manifests/production')))
}

test.each([['one platform', ONE], ['two platforms', {}]])('%s: live in the fifth round trip, noted and verified in the sixth', async (_, settings) => {
  const cold = await deploy('a', settings)
  expect([liveIn(cold), cold.length], JSON.stringify(cold, null, 1)).toEqual([5, 6])
  const warm = await deploy('b', settings)
  expect([liveIn(warm), warm.length], JSON.stringify(warm, null, 1)).toEqual([5, 6])
})

test.each([['one platform', ONE], ['two platforms', {}]])('%s, with a yes beforehand: live in the fourth round trip', async (_, settings) => {
  const cold = await deploy('a', settings, true)
  expect([liveIn(cold), cold.length], JSON.stringify(cold, null, 1)).toEqual([5, 6])
  const warm = await deploy('b', settings, true)
  expect([liveIn(warm), warm.length], JSON.stringify(warm, null, 1)).toEqual([4, 5])
})

test('what this computer released last is a guess: another computer may have released since', async () => {
  await deploy('a', {}, true)
  const here = process.env.SANTOKIT_CACHE
  process.env.SANTOKIT_CACHE = join(world.root, 'another-computer')
  await deploy('b', {}, true)
  process.env.SANTOKIT_CACHE = here
  // What this one takes for new is there.
  const rounds = await deploy('b', {}, true)
  expect(rounds.flat().filter((request) => /^P(UT|ATCH)/.test(request))).toEqual([])
  expect(rounds).toHaveLength(1)
})

test.each([[true], [false]])('nothing changed: two requests, side by side, and no bytes (decided: %s)', async (isDecided) => {
  await deploy('a', {}, isDecided)
  const rounds = await deploy('a', {}, isDecided)
  expect(rounds.map((round) => [...round].sort())).toEqual([['GET /v2/acme/shop/manifests/production', 'GET /v2/acme/shop/manifests/production.releases']])
})

test.each([
  ['without documents', { attach: { sbom: false, provenance: false } }, 4096], ['with documents', {}, 8192],
])('a changed logic sends its layer and little more, %s', async (_, settings, most) => {
  await deploy('a', { ...ONE, ...settings })
  const ctx = contextOn(world, { settings: { ...ONE, ...settings } })
  const pkg = await imageTarget.package(await sampleBundle({ seed: 'b' }), ctx)
  const plan = await imageTarget.plan(pkg, ctx)
  const layers = plan.steps.filter(({ action, subject }) => action === 'upload' && subject.startsWith('layer'))
  expect(layers).toHaveLength(1)
  const { sent = 0 } = await imageTarget.release(plan, pkg, ctx)
  expect(sent - layers[0]!.bytes!).toBeLessThanOrEqual(most)
})
