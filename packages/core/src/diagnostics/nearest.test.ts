import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearest, suggestion } from './nearest.ts'

test.each([
  ['dotnev', 'dotenv'],
  ['tarbal', 'tarball'],
  ['Staging', 'staging'],
  ['sohp', 'shop'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['op', 'op'],
])('%s is taken for %s', (word, meant) => {
  expect(nearest(word, ['env', 'dotenv', 'file', 'op', 'tarball', 'staging', 'production', 'shop', 'DATABASE_URL'])).toBe(meant)
})

test('a word that is not near to any is not guessed at', () => {
  expect(nearest('image', ['tarball', 'cfworker'])).toBeUndefined()
  expect(nearest('ab', ['op', 'env'])).toBeUndefined()
  expect(nearest('anything', [])).toBeUndefined()
})

test('of two, the nearer wins; of equals, the first', () => {
  expect(nearest('order', ['orders', 'borders'])).toBe('orders')
  expect(nearest('cat', ['bat', 'car'])).toBe('bat')
})

test('a word is nearest to itself, and one edit of a longer word is forgiven', () => {
  const word = fc.stringMatching(/^[a-z]{4,12}$/)
  fc.assert(fc.property(word, fc.nat(), (text, seed) => {
    expect(nearest(text, ['zzzzzzzzzzzzzzzzzz', text])).toBe(text)
    const at = seed % text.length
    expect(nearest(text.slice(0, at) + text.slice(at + 1), [text])).toBe(text)
    expect(nearest(`${text.slice(0, at)}-${text.slice(at)}`, [text])).toBe(text)
  }))
})

test('a refusal ends with the likeliest name, else with all there are', () => {
  expect(suggestion('sohp', ['shop', 'links'])).toBe('Did you mean "shop"?')
  expect(suggestion('blog', ['shop', 'links'])).toBe('There is: shop, links.')
  expect(suggestion('blog', [])).toBe('There is none.')
})
