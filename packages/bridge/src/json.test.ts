import { expect, test } from 'vitest'
import { encodeJson, isDeeperThan } from './json.ts'

test('values that JSON has no form for are written as documented', () => {
  const value = {
    big: 2n ** 64n, at: new Date(0), bytes: new Uint8Array([1, 2, 255]), buffer: Buffer.from('hi'), view: new Uint8Array([9, 1, 2, 9]).subarray(1, 3),
    list: [1n, undefined], gone: undefined,
  }
  expect(encodeJson(value)).toBe(
    '{"big":"18446744073709551616","at":"1970-01-01T00:00:00.000Z","bytes":"AQL/","buffer":"aGk=","view":"AQI=","list":["1",null]}',
  )
  expect(encodeJson(5n)).toBe('"5"')
  expect(encodeJson(undefined)).toBe('null')
  expect(encodeJson(new Uint8Array([1]))).toBe('"AQ=="')
})

test('nesting is counted in arrays and objects', () => {
  expect(isDeeperThan(1, 0)).toBe(false)
  expect(isDeeperThan({ a: [1] }, 2)).toBe(false)
  expect(isDeeperThan({ a: [1] }, 1)).toBe(true)
  expect(isDeeperThan(JSON.parse('{"__proto__":{"a":{}}}'), 2)).toBe(true)
  expect(isDeeperThan(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)), 20)).toBe(true)
})
