import { expect, test } from 'vitest'
import { toCaller } from './caller.ts'
import { TokenCache } from './token-cache.ts'

const HOUR = 3_600_000
const caller = toCaller({ sub: 'u1' }, 'roles')
const holds = (): boolean => true

function setUp() {
  let now = 1_000_000
  return { cache: new TokenCache(() => now), now: () => now, pass: (ms: number) => { now += ms } }
}

test('a token is remembered until it expires, and five minutes at most', () => {
  const { cache, now, pass } = setUp()
  cache.set('short', caller, now() + 1000, holds)
  cache.set('long', caller, now() + HOUR, holds)
  expect([cache.get('short'), cache.get('long')]).toEqual([caller, caller])
  pass(1000)
  expect([cache.get('short'), cache.get('long')]).toEqual([undefined, caller])
  pass(5 * 60_000)
  expect(cache.get('long')).toBeUndefined()
})

test('a token is forgotten with the keys that proved it', () => {
  const { cache, now } = setUp()
  let current = true
  cache.set('token', caller, now() + HOUR, () => current)
  expect(cache.get('token')).toBe(caller)
  current = false
  expect(cache.get('token')).toBeUndefined()
})

test('a token is found by the whole of it', () => {
  const { cache, now } = setUp()
  cache.set('token', caller, now() + HOUR, holds)
  for (const other of ['tokem', 'token ', 'toke', '', 'TOKEN', '__proto__']) expect(cache.get(other)).toBeUndefined()
})

test('a token that ends as a good one does is another, and does not replace it', () => {
  const { cache, now } = setUp()
  const signature = 's'.repeat(342)
  cache.set(`head.good.${signature}`, caller, now() + HOUR, holds)
  expect(cache.get(`head.evil.${signature}`)).toBeUndefined()
  expect(cache.get(`head.good.${signature}`)).toBe(caller)
})

test('neither many tokens nor large ones fill the memory', () => {
  const { cache, now } = setUp()
  for (let n = 0; n < 10_001; n++) cache.set(`token ${n}`, caller, now() + HOUR, holds)
  expect([cache.get('token 0'), cache.get('token 1'), cache.get('token 10000')]).toEqual([undefined, caller, caller])
  const large = (n: number): string => `${'x'.repeat(8000)}${n}`
  for (let n = 0; n < 3000; n++) cache.set(large(n), caller, now() + HOUR, holds)
  expect([cache.get('token 10000'), cache.get(large(0)), cache.get(large(2999))]).toEqual([undefined, undefined, caller])
})
