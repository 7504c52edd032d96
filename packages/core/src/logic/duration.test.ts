import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'

test.each([
  ['500ms', 500], ['30s', 30_000], ['5m', 300_000], ['1h', 3_600_000], ['1d', 86_400_000], ['0s', 0], ['1.5h', 5_400_000], ['0.1s', 100], ['4.35s', 4350], [' 30 s', 30_000], [0, 0], [1500, 1500],
])('%j is %d milliseconds', (value, milliseconds) => {
  expect(parseDuration(value)).toBe(milliseconds)
})

test.each([
  '', '30', '30S', '-1s', '0.5ms', '1h30m', '.5s', '1.s', '1e3s', '5 minutes', 's', '9007199254740993ms', '99999999999d',
  -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY,
])('%j is no duration', (value) => {
  expect(parseDuration(value)).toBeUndefined()
})
