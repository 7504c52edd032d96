import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from './redact.ts'

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl'

test('what tells a secret by its name or its look is not written', () => {
  expect(redact({
    email: 'ann@example.com', password: 'p1', newPassword: 'p2', pass: 'p3', access_token: 't1', refreshToken: 't2', clientSecret: 's1', 'api-key': 'k1',
    apiKey: 'k2', user: { pin: 1234, cvv: '000', cardNumber: '4111', name: 'Ann' }, list: [{ secret: ['s2'] }], anything: JWT, [JWT]: 1,
  })).toEqual({
    email: 'ann@example.com', password: '[redacted]', newPassword: '[redacted]', pass: '[redacted]', access_token: '[redacted]',
    refreshToken: '[redacted]', clientSecret: '[redacted]', 'api-key': '[redacted]', apiKey: '[redacted]',
    user: { pin: '[redacted]', cvv: '[redacted]', cardNumber: '[redacted]', name: 'Ann' }, list: [{ secret: '[redacted]' }], anything: '[redacted]',
    '[redacted]': 1,
  })
})

test('innocent names stay', () => {
  const params = { status: 'open', limit: 20, passenger: 'Ann', compass: 'north', spinning: true, author: 'Bob', opinion: 'good', at: null }
  expect(redact(params)).toEqual(params)
})

test('what is long, deep or many is cut', () => {
  expect(redact({ text: 'x'.repeat(1000) })).toEqual({ text: `${'x'.repeat(200)}… [1000 characters]` })
  expect(redact({ a: { b: { c: { d: [1] } } } })).toEqual({ a: { b: { c: { d: '[deep]' } } } })
  expect(redact(Array.from({ length: 25 }, (_, n) => n))).toEqual([...Array.from({ length: 20 }, (_, n) => n), '[5 more]'])
  expect(Object.keys(redact(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`n${n}`, n]))) as object)).toHaveLength(21)
})

test('any params give a line of bounded length that holds no planted secret', () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), fc.constantFrom('password', 'token', 'x-api-key', 'SECRET'), (params, name) => {
    const line = JSON.stringify(redact({ ...params, [name]: 'planted-value', nested: { [name]: { deep: 'planted-value' } } }))
    expect(line).not.toContain('planted-value')
  }))
  const large = fc.sample(fc.array(fc.string({ minLength: 500 }), { minLength: 500, maxLength: 500 }), 1)
  expect(JSON.stringify(redact({ large })).length).toBeLessThan(10_000)
})
