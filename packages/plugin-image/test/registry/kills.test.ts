import { afterAll, beforeAll, expect, test } from 'vitest'
import { killEverywhere, SCENARIOS } from './kills.ts'
import { bundlePusher, type Pusher } from './processes.ts'

/** A sample: `kills.peer.test.ts` kills at every moment. Odd, so that each kind of moment has its turn. */
const STRIDE = 23

let pusher: Pusher
beforeAll(async () => { pusher = await bundlePusher() })
afterAll(() => pusher.remove())

test.each(SCENARIOS)('a push that is killed leaves the old image or the new one, whole: $name', { timeout: 120_000 }, async (scenario) => {
  const { kills, faults } = await killEverywhere(scenario, pusher, STRIDE)
  expect(faults).toEqual([])
  expect(kills).toBeGreaterThan(0)
})
