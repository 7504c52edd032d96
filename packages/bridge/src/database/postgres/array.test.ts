import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SqlValue } from '../../logic.ts'
import { parseArray } from './array.ts'
import { bindForPostgres } from './values.ts'

test('an array that was written reads as it was', () => {
  const items = fc.array(fc.option(fc.string({ unit: 'binary' })))
  fc.assert(fc.property(fc.oneof(items, fc.array(items, { minLength: 1 })), (array) => {
    const [text] = bindForPostgres([array as SqlValue])
    expect(parseArray(String(text), (item) => item)).toEqual(array)
  }))
})

test('text that is no whole array is refused, not read for ever', () => {
  for (const text of ['{', '{1,2', '{"a', '{"a\\', '{{1}']) expect(() => parseArray(text, Number)).toThrow('array')
})
