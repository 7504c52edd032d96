import { SecretValue } from '@santokit/core'
import { expect, test } from 'vitest'
import { atlasAddress } from './address.ts'

test.each([
  ['postgres://u:p@h:5432/d', {}, 'postgres://u:p@h:5432/d?sslmode=disable'],
  ['postgresql://u:p%40@h/d?sslmode=require', {}, 'sslmode=verify-full'],
  ['postgres://u@h/d?sslmode=no-verify', {}, 'sslmode=require'],
  ['postgres://u@h/d?sslmode=require&uselibpqcompat=true', {}, 'sslmode=require'],
  ['postgres://u@h/d?ssl=true', {}, 'sslmode=verify-full'],
  ['postgres://u@h/d', { PGSSLMODE: 'verify-ca' }, 'sslmode=verify-full'],
  ['postgres://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem', {}, 'sslrootcert=%2Fca.pem&sslmode=verify-full'],
])('%s %j', (url, env, expected) => {
  expect(atlasAddress({ url: new SecretValue(url) }, env)).toContain(expected)
})

test('parameters of poolers and of pg are left out, and the database is another one', () => {
  const address = atlasAddress({ url: new SecretValue('postgres://u:p@h/d?pgbouncer=true&channel_binding=require&search_path=x&options=endpoint%3Da') }, {}, 'a b')
  expect(address).toBe('postgres://u:p@h/a%20b?options=endpoint%3Da&sslmode=disable')
})

test('what is no URL is not repeated', () => {
  expect(() => atlasAddress({ url: new SecretValue('hunter2') }, {})).toThrow(/^(?!.*hunter2)STK6004/)
})
