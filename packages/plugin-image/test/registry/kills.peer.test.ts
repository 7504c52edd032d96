import { afterAll, beforeAll, expect, test } from 'vitest'
import { killEverywhere, SCENARIOS } from './kills.ts'
import { bundlePusher, type Pusher } from './processes.ts'

// Needs no peer, but minutes.

let pusher: Pusher
let total = 0
beforeAll(async () => { pusher = await bundlePusher() })
afterAll(() => pusher.remove())

test.each(SCENARIOS)('a push that is killed at any moment leaves the old image or the new one, whole: $name', { timeout: 900_000 }, async (scenario) => {
  const { kills, faults } = await killEverywhere(scenario, pusher, 1)
  expect(faults).toEqual([])
  total += kills
})

test('that were five hundred kills at least', () => {
  expect(total).toBeGreaterThanOrEqual(500)
})
