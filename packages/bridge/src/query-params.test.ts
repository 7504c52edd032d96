import { expect, test } from 'vitest'
import { parseQuery, readQueryParams } from './query-params.ts'

test('a name that stands there twice has both values', () => {
  expect(parseQuery('?a=1&b=x%20y&a=2&a=3')).toEqual({ a: ['1', '2', '3'], b: 'x y' })
  expect(Object.keys(parseQuery('?__proto__=1'))).toEqual(['__proto__'])
})

test('strings become what the schema expects, and stay what they are where they do not fit', () => {
  const schema = { type: 'object', properties: {
    limit: { type: 'integer' }, price: { type: 'number' }, open: { type: 'boolean' }, tags: { type: 'array', items: { type: 'integer' } }, name: { type: 'string' },
  } }
  expect(readQueryParams(schema, parseQuery('?limit=20&price=-1.5e2&open=false&tags=1&name=5'))).toEqual({ limit: 20, price: -150, open: false, tags: [1], name: '5' })
  expect(readQueryParams(schema, parseQuery('?limit=0x10&price=&open=yes&tags=1&tags=b&other=1'))).toEqual({ limit: '0x10', price: '', open: 'yes', tags: [1, 'b'], other: '1' })
})

test('escapes that are no UTF-8 are refused, and many values take no long time', () => {
  for (const search of ['?a=%ff%fe', '?a=%', '?%c0%ae=1', '?a=%zz', '?a=%ed%a0%80']) expect(() => parseQuery(search), search).toThrow('not percent-encoded UTF-8')
  expect(parseQuery('?a=%C3%BC+x&b=100%25')).toEqual({ a: 'ü x', b: '100%' })
  expect(parseQuery(`?${'a=1&'.repeat(100_000)}`).a).toHaveLength(100_000)
})
