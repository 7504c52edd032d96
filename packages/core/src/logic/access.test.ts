import { expect, test } from 'vitest'
import { resolveAccess, unmatchedPermissions } from './access.ts'

test('the file speaks where no permission matches', () => {
  expect(resolveAccess('orders/list', ['clerk'], {})).toEqual(['clerk'])
  expect(resolveAccess('orders/list', 'public', { 'users/*': ['admin'] })).toBe('public')
})

test('the path itself beats every glob, in any order of writing', () => {
  const permissions = { '**': ['a'], 'orders/list': 'public', 'orders/*': ['b'], 'orders/lis*': ['c'] } as const
  expect(resolveAccess('orders/list', 'authenticated', permissions)).toBe('public')
  const reversed = Object.fromEntries(Object.entries(permissions).reverse())
  expect(resolveAccess('orders/list', 'authenticated', reversed)).toBe('public')
})

test.each([
  ['orders/list', ['orders/**', 'orders/*'], 'orders/*'],
  ['admin/orders/list', ['admin/**', 'admin/orders/*'], 'admin/orders/*'],
  ['admin/orders/list', ['**/list', 'admin/**'], 'admin/**'],
  ['admin/orders/list', ['admin/*/*', 'admin/*/list'], 'admin/*/list'],
  ['orders/list', ['**', '*/list'], '*/list'],
  ['orders/list', ['*/*', '**'], '*/*'],
  ['orders/list', ['orders/l*', 'orders/*'], 'orders/l*'],
])('%s is governed by the most specific of %j', (path, patterns, winner) => {
  for (const order of [patterns, [...patterns].reverse()]) {
    expect(resolveAccess(path, 'public', Object.fromEntries(order.map((pattern) => [pattern, [pattern]])))).toEqual([winner])
  }
})

test.each([
  ['orders/*', 'orders/list', true],
  ['orders/*', 'orders/deep/list', false],
  ['orders/**', 'orders/deep/list', true],
  ['orders/**', 'ordersX/list', false],
  ['**', 'a/b/c', true],
  ['*', 'a/b', false],
  ['**/list', 'orders/list', true],
  ['**/list', 'admin/orders/list', true],
  ['**/list', 'orders/blacklist', false],
  ['admin/**/list', 'admin/list', true],
  ['admin/**/list', 'admin/a/b/list', true],
  ['orders/get-*', 'orders/get-one', true],
  ['orders/get.*', 'orders/get-one', false],
  ['orders/(a|b)*', 'orders/a', false],
  ['orders/_*', 'orders/_restock', true],
])('%s on %s: %s', (pattern, path, expected) => {
  expect(resolveAccess(path, 'public', { [pattern]: ['matched'] })).toEqual(expected ? ['matched'] : 'public')
})

test('patterns that name no logic are found', () => {
  const paths = ['orders/list', 'orders/get']
  expect(unmatchedPermissions(paths, { 'orders/*': 'public', 'order/list': [], 'orders/list': 'public', '*': 'public', 'a/**': 'public' }))
    .toEqual(['*', 'a/**', 'order/list'])
})
