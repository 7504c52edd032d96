import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOfSignal } from './ending.ts'
import { Slots } from './slots.ts'

test('however calls come, go and give up, no slot is lost and none is given twice', async () => {
  const steps = fc.array(fc.constantFrom('enter', 'leave', 'abort'), { maxLength: 60 })
  await fc.assert(fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 }), async (actions, max, queue) => {
    const slots = new Slots('main', max, queue)
    const waiting: { readonly controller: AbortController; done: boolean }[] = []
    let inside = 0
    for (const action of actions) {
      if (action === 'enter') {
        const call = { controller: new AbortController(), done: false }
        waiting.push(call)
        slots.enter(endOfSignal(call.controller.signal)).then(() => inside++, () => {}).finally(() => (call.done = true))
      }
      if (action === 'leave' && inside > 0) {
        inside--
        slots.leave()
      }
      if (action === 'abort') waiting.find((call) => !call.done)?.controller.abort()
      await new Promise((resolve) => setImmediate(resolve))
      expect(slots.taken).toBe(inside)
      expect(inside).toBeLessThanOrEqual(max)
      expect(slots.waiting).toBeLessThanOrEqual(queue)
      if (inside < max) expect(slots.waiting).toBe(0)
    }
    const closed = Promise.all([slots.close(), slots.close()])
    for (; inside > 0; inside--) slots.leave()
    await closed
    expect([slots.taken, slots.waiting]).toEqual([0, 0])
  }), { numRuns: 200 })
})
