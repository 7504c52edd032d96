import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { fuzzedSecrets } from '../testkit/fuzzed-secrets.ts'
import { encodings } from './encodings.ts'
import { createRedactor } from './redactor.ts'
import { SecretValue } from './secret-value.ts'

test('takes a value out in every form it may have on its way', () => {
  const value = 'canary "one" é/+?&'
  const redactor = createRedactor()
  redactor.hide(new SecretValue(value))
  const shown = [
    value, JSON.stringify({ url: value }), JSON.stringify(JSON.stringify({ url: value })), encodeURIComponent(value), new URLSearchParams({ value }).toString(),
    Buffer.from(value).toString('base64'), Buffer.from(value).toString('base64url'), Buffer.from(`app:${value}`).toString('base64'),
    Buffer.from(`x${value}yy`).toString('base64url'), Buffer.from(value).toString('hex'), new Error(`cannot use ${value}`).stack ?? '', inspect({ nested: [value] }),
  ]
  for (const text of shown) {
    const clean = redactor.redact(`before ${text} after`)
    expect(clean).toContain('[secret]')
    expect(clean).toMatch(/^before .*after$/s)
    for (const form of encodings(value)) expect(clean).not.toContain(form)
  }
  expect(redactor.redact('nothing of it')).toBe('nothing of it')
})

test('knows the parts of a value that are secret by themselves', () => {
  const redactor = createRedactor()
  redactor.hide('postgres://app:pa%24%24word-canary@db/shop')
  redactor.hide('libsql://db?authToken=canary.of.a.token')
  redactor.hide('-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n')
  redactor.hide('{"private_key":"canary-of-a-service-account-key","type":"x"}')
  for (const part of ['pa$$word-canary', 'pa%24%24word-canary', 'canary.of.a.token', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', 'canary-of-a-service-account-key']) {
    expect(redactor.redact(`<${part}>`)).toBe('<[secret]>')
  }
})

test('leaves words alone that a short value would match', () => {
  const redactor = createRedactor()
  for (const value of ['', 'true', '5432', 'secret']) redactor.hide(value)
  expect(redactor.redact('true: port 5432 of a secret')).toBe('true: port 5432 of a secret')
})

test('no value of eight characters or more survives', () => {
  for (const value of fuzzedSecrets(500, { seed: 5, fits: (text) => text.trim().length >= 8 })) {
    const redactor = createRedactor()
    redactor.hide(value)
    for (const form of encodings(value)) expect(redactor.redact(`a ${form} b`).includes(form)).toBe(false)
  }
})
