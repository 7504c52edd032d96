import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, manifestDigest, sealManifest } from './digest.ts'
import type { Manifest } from './format.ts'

test('canonical JSON means the same as the value', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
  }))
})

test('the order of keys does not reach canonical JSON', () => {
  const shuffled = fc.dictionary(fc.string(), fc.jsonValue()).chain((value) =>
    fc.shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length }).map((entries) => [value, Object.fromEntries(entries)] as const))
  fc.assert(fc.property(shuffled, ([value, other]) => {
    expect(canonicalJson(other)).toBe(canonicalJson(value))
  }))
})

test('keys are sorted at every depth, blanks and absent members left out', () => {
  expect(canonicalJson({ b: [{ d: 1, c: undefined }, undefined], a: 'é"\n', B: null })).toBe('{"B":null,"a":"é\\"\\n","b":[{"d":1},null]}')
  expect(canonicalJson(JSON.parse('{"__proto__":{"x":1},"a":2}'))).toBe('{"__proto__":{"x":1},"a":2}')
})

test('a sealed manifest carries its own digest, and its JSON is canonical', () => {
  const content = { project: 'shop', logic: { 'b/c': { access: 'public' }, 'a/b': {} }, auth: { mode: 'none' } } as unknown as Omit<Manifest, 'digest'>
  const { manifest, json } = sealManifest(content)
  expect(manifest.digest).toBe(manifestDigest(content))
  expect(manifestDigest(manifest)).toBe(manifest.digest)
  expect(json).toBe(canonicalJson(manifest))
})
