import { expect, test } from 'vitest'
import { findSecretValue } from './find-value.ts'

const env = { TOKEN: 'canary "5e0b"', SHORT: 'abc' }

test.each([
  ['plain', 'x canary "5e0b" y', 'TOKEN'],
  ['in JSON', JSON.stringify({ label: env.TOKEN }), 'TOKEN'],
  ['too short to tell', 'abc', undefined],
  ['absent', 'nothing', undefined],
])('finds a value %s', (_, text, name) => {
  expect(findSecretValue(Buffer.from(text), ['SHORT', 'TOKEN', 'UNSET'], env)).toBe(name)
})
