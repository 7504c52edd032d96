import { expect, test } from 'vitest'
import { parseDuration, parseSize } from './units.ts'

test.each([
  ['500ms', 500], ['5s', 5000], ['1.5s', 1500], ['0.1s', 100], ['10m', 600_000], ['1h', 3_600_000], ['2d', 172_800_000], [' 5 s ', 5000], [250, 250], ['0s', 0], [0, 0],
])('the duration %j is %d ms', (written, ms) => {
  expect(parseDuration(written)).toBe(ms)
})

test.each(['', '5', 's', '-5s', '5 sec', '1h30m', '0.0001ms', '1e3s', -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%j is no duration', (written) => {
  expect(parseDuration(written)).toBeUndefined()
})

test.each([
  ['10b', 10], ['1kB', 1000], ['1KB', 1000], ['1MB', 1_000_000], ['1.5mb', 1_500_000], ['1MiB', 1_048_576], ['2GiB', 2_147_483_648], ['1gb', 1_000_000_000], [42, 42],
])('the size %j is %d bytes', (written, bytes) => {
  expect(parseSize(written)).toBe(bytes)
})

test.each(['', '5', 'MB', '-1MB', '1TB', '1ib', '0.5b', -1, 0.5])('%j is no size', (written) => {
  expect(parseSize(written)).toBeUndefined()
})
