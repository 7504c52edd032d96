import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactJson } from './exact-json.ts'

test.each([
  ['9007199254740991', '9007199254740991'], ['9007199254740992', '"9007199254740992"'], ['-9007199254740993', '"-9007199254740993"'],
  ['[1,12345678901234567890]', '[1,"12345678901234567890"]'], ['{"12345678901234567890":1}', '{"12345678901234567890":1}'],
  ['"a \\" 12345678901234567890"', '"a \\" 12345678901234567890"'], ['"\\\\",12345678901234567890', '"\\\\","12345678901234567890"'],
  ['1e308', '1e308'], ['1e309', '"1e309"'], ['-1E+400', '"-1E+400"'], ['1e-400', '1e-400'], ['0.1234567890123456789', '0.1234567890123456789'],
])('%s becomes %s', (text, exact) => {
  expect(exactJson(text)).toBe(exact)
})

test('what JavaScript reads as it is stays as it is, beside what it would change', () => {
  const plain = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.double({ noNaN: true, min: -1e15, max: 1e15 })))
  fc.assert(fc.property(plain, (values) => {
    const text = `[${JSON.stringify(values)},12345678901234567890]`
    expect(JSON.parse(exactJson(text))).toEqual([JSON.parse(JSON.stringify(values)), '12345678901234567890'])
  }))
})
