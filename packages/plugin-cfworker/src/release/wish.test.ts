import { isStkError } from '@santokit/core'
import { describe, expect, test } from 'vitest'
import { previewAlias, readWish } from './wish.ts'

test.each([
  [{}, { kind: 'all' }],
  [{ percentage: '10' }, { kind: 'share', percentage: 10 }],
  [{ percentage: '0' }, { kind: 'share', percentage: 0 }],
  [{ percentage: '2.5%' }, { kind: 'share', percentage: 2.5 }],
  [{ percentage: '100' }, { kind: 'all' }],
  [{ preview: 'main' }, { kind: 'preview', alias: 'main' }],
])('%o', (flags, wish) => {
  expect(readWish(flags, 'shop')).toEqual(wish)
})

test.each([[{ percentage: '101' }], [{ percentage: '-1' }], [{ percentage: 'half' }], [{ percentage: '' }], [{ percentage: '10', preview: 'x' }], [{ preview: '---' }]])('refuses %o', (flags) => {
  let thrown: unknown
  try {
    readWish(flags, 'shop')
  } catch (error) {
    thrown = error
  }
  expect(isStkError(thrown) && thrown.code).toBe('STK1020')
})

describe('the address of a branch', () => {
  test.each([
    ['feature/Cart_2', 'feature-cart-2'],
    ['refs/pull/12/merge', 'refs-pull-12-merge'],
    // An alias begins with a letter.
    ['2024-fix', 'fix'],
    ['--x--', 'x'],
  ])('%s', (branch, alias) => {
    expect(previewAlias(branch, 'shop')).toBe(alias)
  })

  test('fits into a host name beside the name of the Worker', () => {
    const alias = previewAlias(`feature/${'very-long-'.repeat(20)}`, 'shop')
    expect(`${alias}-shop`.length).toBeLessThanOrEqual(63)
    expect(alias).toMatch(/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/)
  })
})
