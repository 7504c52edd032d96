import { expect, test } from 'vitest'
import { fakeClock } from './fake-clock.ts'

test('moves when asked and when told', () => {
  const clock = fakeClock({ start: '2030-01-01T00:00:00Z', step: 500 })
  expect(clock.now().toISOString()).toBe('2030-01-01T00:00:00.500Z')
  clock.advance(60_000)
  expect(clock.now().toISOString()).toBe('2030-01-01T00:01:01.000Z')
  expect(() => fakeClock({ start: 'tomorrow' })).toThrow(RangeError)
})
