import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fuzzedSecrets } from '../testkit/fuzzed-secrets.ts'
import { faultOf, SECRET_TYPES, type SecretType } from './secret-type.ts'

const NOW = new Date('2030-01-01T00:00:00Z')
const token = (claims: object, header: object = { alg: 'RS256' }): string =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.c2lnbmF0dXJl'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })
const encrypted = generateKeyPairSync('rsa', {
  modulusLength: 2048, publicKeyEncoding: { type: 'pkcs1', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' },
}).privateKey

const RIGHT: Readonly<Record<SecretType, readonly string[]>> = {
  string: ['anything', ' at all\n'],
  url: ['https://a.example/x?y', 'postgres://app:p%40ss@db/shop', 'redis://:x@cache:6379/0'],
  int: ['0', '-12', '+7', '90071992547409931'],
  number: ['1.5', '-.5', '1e-3', '7.'],
  boolean: ['true', 'false', '1', '0'],
  uuid: ['c56a4180-65aa-42ec-a945-5fd21dec0538', 'C56A4180-65AA-42EC-A945-5FD21DEC0538'],
  json: ['{"a":[1]}', '"text"', 'null'],
  base64: ['Zm9v', 'Zm9vYg==', 'Zm9vYg', '-_-_', 'ab+/'],
  hex: ['00ff', 'DEADBEEF'],
  jwt: [token({ sub: 'a' }), token({ exp: NOW.getTime() / 1000 + 1 })],
  pem: [privateKey, publicKey, encrypted, privateKey.trim(), `${publicKey}${privateKey}`, privateKey.replaceAll('\n', '\r\n')],
}

const WRONG: Readonly<Record<SecretType, readonly string[]>> = {
  string: [],
  url: ['canary-host:5432/shop', '"https://canary"', 'https://canary\n', ' https://canary'],
  int: ['1.5', '1_000', 'canary', '0x10', '12\n'],
  number: ['1,5', 'canary', 'NaN', '.'],
  boolean: ['yes', 'TRUE', 'canary'],
  uuid: ['c56a4180-65aa-42ec-a945-5fd21dec053', 'canary'],
  json: ['{canary: 1}', "{'canary': 1}", 'canary'],
  base64: ['Zm9vYg=', 'a', 'ab+_', 'canary!', 'Zm9v\n'],
  hex: ['0f0', '0xff', 'canary'],
  jwt: ['canary', 'a.b.c', token({ exp: NOW.getTime() / 1000 }), token({ sub: 'a' }).slice(0, -4).replace(/\.[^.]*$/, '.'), `Bearer ${token({ sub: 'a' })}`],
  pem: ['canary', privateKey.replaceAll('\n', '\\n'), privateKey.replaceAll('\n', ' '), privateKey.split('\n').slice(0, 2).join('\n'), privateKey.replace('-----END PRIVATE', '-----END PUBLIC'), privateKey.replace(/\n[A-Za-z0-9]{4}/, '\n?!?!')],
}

describe.each(SECRET_TYPES)('%s', (type) => {
  test('what is right passes', () => {
    for (const value of RIGHT[type]) expect(faultOf(type, value, NOW)).toBeUndefined()
  })

  test('what is wrong is told, in words that hold nothing of it', () => {
    for (const value of WRONG[type]) {
      const fault = faultOf(type, value, NOW)
      expect(fault, JSON.stringify(value)).toMatch(/^(It|Its) .+\.$/)
      expect(fault).not.toContain('canary')
    }
  })

  test('says only what stands in the program, whatever the value', () => {
    const said = new Set(fuzzedSecrets(2000, { seed: 3 }).map((value) => faultOf(type, value, NOW)))
    expect(said.size).toBeLessThanOrEqual(5)
  })
})

test('an expired token is told apart from what is no token', () => {
  expect(faultOf('jwt', token({ exp: NOW.getTime() / 1000 }), NOW)).toBe('It is a token that has expired.')
  expect(faultOf('pem', privateKey.replaceAll('\n', '\\n'), NOW)).toContain('written out')
})
