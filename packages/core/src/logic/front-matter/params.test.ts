import { PARAM_TYPES, type ParamSpec } from '@santokit/bridge/manifest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileInputs } from '../../../../bridge/src/params/index.ts'
import { readFrontMatter } from './front-matter.ts'
import { asType } from './values.ts'

/** Reads `params: { p: <declaration> }`. */
function declare(declaration: string): { readonly input: ParamSpec | undefined; readonly faults: readonly string[] } {
  const text = `params: { p: ${declaration} }`
  const { frontMatter, problems } = readFrontMatter(text, { start: 0, end: text.length })
  return {
    input: frontMatter.inputs[0],
    faults: problems.map(({ code, start, end, why, fix }) => `${code} ${text.slice(start, end)} | ${why}${fix === undefined ? '' : ` ${String(fix)}`}`),
  }
}

describe('a declaration', () => {
  test.each([
    ['int', { type: 'int', array: false, required: true }],
    ['uuid[]', { type: 'uuid', array: true, required: true }],
    ['{ type: int[], default: [] }', { type: 'int', array: true, required: false, default: [] }],
    ['{ type: string, default: "a[] b[]" }', { type: 'string', array: false, required: false, default: 'a[] b[]' }],
    ['{ type: string }', { type: 'string', array: false, required: true }],
    ['{ type: int, optional: true }', { type: 'int', array: false, required: false }],
    ['{ type: int, optional: false }', { type: 'int', array: false, required: true }],
    ['{ type: int, required: false }', { type: 'int', array: false, required: false }],
    ['{ type: int, required: true, optional: false }', { type: 'int', array: false, required: true }],
    ['{ type: int, default: 20, min: 1, max: 100 }', { type: 'int', array: false, required: false, default: 20, min: 1, max: 100 }],
    ['{ type: int, default: 0x10 }', { type: 'int', array: false, required: false, default: 16 }],
    ['{ type: int, default: 1, optional: true }', { type: 'int', array: false, required: false, default: 1 }],
    ['{ type: int, default: 1, required: false }', { type: 'int', array: false, required: false, default: 1 }],
    ['{ type: int, default: null }', { type: 'int', array: false, required: false }],
    ['{ type: string, default: "20" }', { type: 'string', array: false, required: false, default: '20' }],
    ['{ type: string, enum: [a, b], default: a }', { type: 'string', array: false, required: false, default: 'a', enum: ['a', 'b'] }],
    ['{ type: int, enum: [1, 2] }', { type: 'int', array: false, required: true, enum: [1, 2] }],
    ['{ type: string, pattern: "^\\\\p{L}+$", min: 1, max: 5 }', { type: 'string', array: false, required: true, pattern: '^\\p{L}+$', min: 1, max: 5 }],
    ['{ type: int, min: 3, max: 3 }', { type: 'int', array: false, required: true, min: 3, max: 3 }],
    ['{ type: number, min: -0.5 }', { type: 'number', array: false, required: true, min: -0.5 }],
    ['{ type: "string[]", default: [a, b], max: 1 }', { type: 'string', array: true, required: false, default: ['a', 'b'], max: 1 }],
    ['{ type: "string[]", default: [] }', { type: 'string', array: true, required: false, default: [] }],
    ['{ type: bigint, default: 9223372036854775807 }', { type: 'bigint', array: false, required: false, default: '9223372036854775807' }],
    ['{ type: bigint, default: "-12" }', { type: 'bigint', array: false, required: false, default: '-12' }],
    ['{ type: boolean, default: false }', { type: 'boolean', array: false, required: false, default: false }],
    ['{ type: json, default: { a: [1, null] } }', { type: 'json', array: false, required: false, default: { a: [1, null] } }],
    ['{ type: date, default: 2024-02-29 }', { type: 'date', array: false, required: false, default: '2024-02-29' }],
    ['{ type: datetime, default: 2024-02-29T12:30:00.5+09:00 }', { type: 'datetime', array: false, required: false, default: '2024-02-29T12:30:00.5+09:00' }],
    ['{ type: bytes, default: AQI= }', { type: 'bytes', array: false, required: false, default: 'AQI=' }],
    ['{ type: string, max: 1, default: 🙂 }', { type: 'string', array: false, required: false, default: '🙂', max: 1 }],
    ['{ type: int, description: How many. }', { type: 'int', array: false, required: true, description: 'How many.' }],
  ])('%s', (declaration, expected) => {
    const { input, faults } = declare(declaration)
    expect(faults).toEqual([])
    expect(input).toStrictEqual({ name: 'p', ...expected })
    // The Bridge reads every declaration that is let through; it throws on a default that it would not accept from a caller.
    expect(() => compileInputs(input === undefined ? [] : [input])).not.toThrow()
  })

  test.each([
    ['', 'p | "p" has no type.'],
    ['5', '5 | The type of "p" is a text'],
    ['[int]', '[int] | The type of "p" is a text'],
    ['text', 'text | There is no type "text". Write `string`.'],
    ['bool[]', 'bool[] | There is no type "bool[]". Write `boolean[]`.'],
    ['strin', 'strin | There is no type "strin". Write `string`.'],
    ['int[][]', 'int[][] | There is no type'],
    ['constructor', 'constructor | There is no type'],
    ['{}', 'p | "p" has no `type`.'],
    ['{ max: 5 }', 'p | "p" has no `type`.'],
    ['{ type: int, maximum: 5 }', 'maximum | A parameter has no rule "maximum".'],
    ['{ type: int, mx: 5 }', 'mx | A parameter has no rule "mx". Did you mean "max"?'],
    ['{ type: int, min: 3, max: 1 }', '3 | `min` 3 is more than `max` 1.'],
    ['{ type: int, min: 1.5 }', '1.5 | `min` must be a whole number.'],
    ['{ type: number, max: .inf }', '.inf | `max` must be a number.'],
    ['{ type: string, min: -1 }', '-1 | `min` must be a length'],
    ['{ type: string, max: "3" }', '"3" | `max` must be a length'],
    ['{ type: uuid, min: 1 }', 'min | `min` is for string, int and number, not for uuid.'],
    ['{ type: int, pattern: a }', 'pattern | `pattern` is for string, not for int.'],
    ['{ type: json, enum: [1] }', 'enum | `enum` is for'],
    ['{ type: string, pattern: "(" }', '"(" | `pattern` is no regular expression'],
    ['{ type: string, pattern: "\\\\_" }', '"\\\\_" | `pattern` is no regular expression'],
    ['{ type: string, pattern: 5 }', '5 | `pattern` is no regular expression'],
    ['{ type: string, enum: [] }', '[] | `enum` is a list'],
    ['{ type: string, enum: a }', 'a | `enum` is a list'],
    ['{ type: string, enum: [a, a] }', '[a, a] | `enum` has a value twice.'],
    ['{ type: string, enum: [a, 1] }', '[a, 1] | The value 1 in `enum` is no string.'],
    ['{ type: int, enum: [1, 1.5] }', '[1, 1.5] | The value 1.5 in `enum` is no int.'],
    ['{ type: int, enum: [1, 9], max: 5 }', '[1, 9] | The value 9 in `enum` is more than 5.'],
    ['{ type: int, required: true, default: 5 }', 'required | A parameter with a default is not required.'],
    ['{ type: int, required: true, optional: true }', 'required | `required` and `optional` contradict'],
    ['{ type: int, required: false, optional: false }', 'required | `required` and `optional` contradict'],
    ['{ type: int, required: "yes" }', '"yes" | `required` is `true` or `false`.'],
    ['{ type: int, default: "5" }', '"5" | This must be a whole number'],
    ['{ type: int, default: 9007199254740993 }', '9007199254740993 | This must be a whole number up to 2^53.'],
    ['{ type: int, default: 5, max: 3 }', '5 | The default 5 is more than 3.'],
    ['{ type: string, default: abc, max: 2 }', 'abc | The default "abc" is more than 2 in length.'],
    ['{ type: string, default: c, enum: [a, b] }', 'c | The default "c" is not one of'],
    ['{ type: string, default: B, pattern: "^[a-z]$" }', 'B | The default "B" does not match'],
    ['{ type: string, default: 5 }', '5 | This must be text'],
    ['{ type: "int[]", default: 5 }', '5 | The default of a list is a list'],
    ['{ type: "int[]", default: [1, a] }', '[1, a] | This must be a whole number'],
    ['{ type: date, default: 2023-02-29 }', '2023-02-29 | This must be a day'],
    ['{ type: datetime, default: 2024-01-01T00:00:00 }', '2024-01-01T00:00:00 | This must be a time'],
    ['{ type: uuid, default: x }', 'x | This must be a UUID.'],
    ['{ type: bigint, default: 9223372036854775808 }', '9223372036854775808 | This must be a whole number of 64 bits.'],
    ['{ type: bytes, default: "a b" }', '"a b" | This must be base64.'],
    ['{ type: json, default: .nan }', '.nan | This must be data'],
    ['{ type: json, default: { a: 9007199254740993 } }', '{ a: 9007199254740993 } | This must be data'],
    ['{ type: int, description: 5 }', '5 | `description` is a text.'],
  ])('%s is refused', (declaration, expected) => {
    const { faults } = declare(declaration)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(`STK2011 ${expected}`)
  })
})

describe('names', () => {
  test.each(['auth', '1a', 'a-b', 'größe', '"a b"', '__proto__', '""'])('%s is none', (name) => {
    const text = `params:\n  ${name}: int`
    const { problems, frontMatter } = readFrontMatter(text, { start: 0, end: text.length })
    expect(problems.map(({ code, start, end }) => `${code} ${text.slice(start, end)}`)).toEqual([`STK2011 ${name}`])
    expect(frontMatter.inputs).toEqual([])
  })

  test('stand in the order of writing', () => {
    const text = 'params: { b: int, a: int, _: int, "2": int }'
    const { frontMatter } = readFrontMatter(text, { start: 0, end: text.length })
    expect(frontMatter.inputs.map(({ name }) => name)).toEqual(['b', 'a', '_'])
  })
})

test.each(['int', '[a, b]', '5'])('params: %s is refused', (value) => {
  const text = `params: ${value}`
  const { problems } = readFrontMatter(text, { start: 0, end: text.length })
  expect(problems.map(({ code, start }) => `${code} ${start}`)).toEqual(['STK2011 8'])
})

/** What is accepted as a default is what the Bridge accepts from a caller. */
test('defaults and calls are measured alike', () => {
  const texts = fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
    fc.constantFrom('0000-01-01', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00', '2024-02-30', '2024-01-01T00:00:60Z', '2024-01-01t00:00:00z'),
    fc.base64String(), fc.uuid(), fc.bigInt().map(String), fc.string({ unit: 'binary' }), fc.constantFrom('AP9=', '-0', '01', '\0', '\ud800'),
  )
  const values = fc.oneof(texts, fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.boolean(), fc.jsonValue(), fc.constantFrom({ id: [2 ** 53] }, { id: 2 ** 53 - 1 }))
  fc.assert(fc.property(fc.constantFrom(...PARAM_TYPES), values, (type, value) => {
    fc.pre(value !== null)
    const accepted = 'json' in asType(value, type)
    const called = compileInputs([{ name: 'p', type, array: false, required: true }])({ p: value }, 'json')
    // A decimal with leading zeros is let through from callers only.
    fc.pre(!(type === 'bigint' && typeof value === 'string' && /^-?0\d|^-0$/.test(value)))
    expect(accepted).toBe(called.ok)
  }), { numRuns: 1500 })
})
