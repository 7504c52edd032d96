import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PARAM_TYPES, type ParamSpec, type ParamType } from '../manifest/format.ts'
import { compileInputs, type ParamSource } from './inputs.ts'

function spec(type: ParamType, rules: Partial<ParamSpec> = {}): ParamSpec {
  return { name: 'x', type, array: false, required: true, ...rules }
}

function check(input: ParamSpec, value: unknown, from: ParamSource = 'json'): unknown {
  const checked = compileInputs([input])({ x: value }, from)
  return checked.ok ? checked.value.x : checked.issues.map(({ path, code }) => `${path} ${code}`).join(', ')
}

test.each([
  ['string', 'Grüße', 'Grüße'], ['string', '', ''], ['string', 5, 'x type'], ['string', 'a\0b', 'x type'], ['string', '\ud800', 'x type'],
  ['int', 5, 5], ['int', 2 ** 53, 'x type'], ['int', 1.5, 'x type'], ['int', '5', 'x type'], ['int', true, 'x type'],
  ['bigint', '9223372036854775807', 9223372036854775807n], ['bigint', '9223372036854775808', 'x type'], ['bigint', -5, -5n],
  ['bigint', '-9223372036854775808', -9223372036854775808n], ['bigint', 2 ** 60, 'x type'], ['bigint', '1e3', 'x type'], ['bigint', '', 'x type'],
  ['number', 1.5, 1.5], ['number', Infinity, 'x type'], ['number', NaN, 'x type'], ['number', '1.5', 'x type'],
  ['boolean', false, false], ['boolean', 0, 'x type'], ['boolean', 'true', 'x type'],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'], ['uuid', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', 'x type'],
  ['date', '2024-02-29', '2024-02-29'], ['date', '2023-02-29', 'x type'], ['date', '2024-13-01', 'x type'], ['date', '0000-01-01', 'x type'],
  ['date', '0099-12-31', '0099-12-31'], ['date', '2024-2-9', 'x type'], ['date', '2024-02-29T00:00:00Z', 'x type'],
  ['datetime', '2024-05-06T07:08:09.123456+05:30', '2024-05-06T01:38:09.123456Z'], ['datetime', '2024-05-06t07:08:09z', '2024-05-06T07:08:09Z'],
  ['datetime', '2024-12-31T23:30:00-01:00', '2025-01-01T00:30:00Z'], ['datetime', '2024-05-06T07:08:09', 'x type'],
  ['datetime', '2024-05-06T24:00:00Z', 'x type'], ['datetime', '2024-05-06 07:08:09Z', 'x type'], ['datetime', '0001-01-01T00:00:00+01:00', 'x type'],
  ['datetime', '9999-12-31T23:59:59-01:00', 'x type'], ['datetime', '2024-02-30T00:00:00Z', 'x type'],
  ['json', { a: [1, null] }, '{"a":[1,null]}'], ['json', 'text', '"text"'], ['json', false, 'false'],
  ['bytes', 'AP8Q', new Uint8Array([0, 255, 16])], ['bytes', '', new Uint8Array()], ['bytes', 'AP8', 'x type'], ['bytes', 'AP9=', 'x type'],
  ['bytes', 'AP_Q', 'x type'], ['bytes', 'AP8=', new Uint8Array([0, 255])],
] as const)('%s from JSON: %j', (type, value, outcome) => {
  expect(check(spec(type), value)).toEqual(outcome)
})

test.each([
  ['9007199254740993', 'x type'], ['{"id":[9007199254740993]}', 'x type'], ['{"id":-9007199254740993}', 'x type'], ['[1e400]', 'x type'],
  ['[9007199254740991,-9007199254740991,0.1]', '[9007199254740991,-9007199254740991,0.1]'],
  ['{"id":"9007199254740993"}', '{"id":"9007199254740993"}'],
])('a number in json is bound as it was written, or refused: %s', (text, outcome) => {
  expect(check(spec('json'), JSON.parse(text))).toBe(outcome)
  expect(check(spec('json'), text, 'query')).toBe(outcome)
})

test.each([
  ['int', '5', 5], ['int', '05', 'x type'], ['int', ' 5', 'x type'], ['int', '5.0', 5], ['int', '', 'x type'], ['int', '0x10', 'x type'],
  ['number', '-1.5e3', -1500], ['number', '1e999', 'x type'], ['number', '.5', 'x type'], ['number', 'Infinity', 'x type'],
  ['boolean', 'true', true], ['boolean', 'True', 'x type'], ['boolean', '1', 'x type'],
  ['bigint', '9007199254740993', 9007199254740993n], ['string', '5', '5'], ['string', 'null', 'null'],
  ['json', '{"a":1}', '{"a":1}'], ['json', '{a:1}', 'x type'], ['string', ['a', 'b'], 'x type'], ['int', ['1', '2'], 'x type'],
] as const)('%s from a query string: %j', (type, value, outcome) => {
  expect(check(spec(type), value, 'query')).toEqual(outcome)
})

test('rules beyond the type are kept', () => {
  expect(check(spec('string', { enum: ['open', 'paid'] }), 'paid')).toBe('paid')
  expect(check(spec('string', { enum: ['open', 'paid'] }), 'shut')).toBe('x enum')
  expect(check(spec('int', { enum: [1, 2] }), 3)).toBe('x enum')
  expect(check(spec('int', { min: 1, max: 100 }), 0)).toBe('x min')
  expect(check(spec('int', { min: 1, max: 100 }), 101)).toBe('x max')
  expect(check(spec('bigint', { max: 10 }), '11')).toBe('x max')
  expect(check(spec('string', { max: 2 }), '🎉🎉')).toBe('🎉🎉')
  expect(check(spec('string', { min: 3 }), '🎉🎉')).toBe('x min')
  expect(check(spec('bytes', { max: 1 }), 'AP8=')).toBe('x max')
  expect(check(spec('string', { pattern: '^[a-z]+$' }), 'abc')).toBe('abc')
  expect(check(spec('string', { pattern: '^[a-z]+$' }), 'ABC')).toBe('x pattern')
})

test('the items of an array keep the rules one by one', () => {
  const tags = spec('string', { array: true, max: 3 })
  expect(check(tags, ['a', 'b'])).toEqual(['a', 'b'])
  expect(check(tags, [])).toEqual([])
  expect(check(tags, ['a', 5, 'long one', null])).toBe('x.1 type, x.2 max, x.3 type')
  expect(check(tags, 'a')).toBe('x type')
  expect(check(tags, 'a', 'query')).toEqual(['a'])
  expect(check(spec('int', { array: true }), ['1', '2'], 'query')).toEqual([1, 2])
  expect(check(spec('int', { array: true }), Array(1000).fill('x'))).toMatch(/^(x\.\d+ type(, )?){20}$/)
})

test('what is left out, or null, takes the default or is null, unless it is required', () => {
  const inputs = [
    spec('int', { name: 'limit', required: false, default: 20 }), spec('string', { name: 'q', required: false }),
    spec('bytes', { name: 'b', required: false, default: 'AP8=' }),
  ]
  const filled = { limit: 20, q: null, b: new Uint8Array([0, 255]) }
  for (const params of [{}, { limit: null, q: null }, { limit: undefined }]) {
    const checked = compileInputs(inputs)(params, 'json')
    expect(checked.ok && { ...checked.value }).toEqual(filled)
  }
  expect(check(spec('int'), null)).toBe('x type')
  expect(check(spec('int'), undefined)).toBe('x required')
  expect(() => compileInputs([spec('int', { required: false, default: 'many' })])).toThrow('default of parameter "x"')
})

test('every failing parameter is named at once, unknown ones with what was meant', () => {
  const checked = compileInputs([spec('string', { name: 'status' }), spec('int', { name: 'limit' })])({ staus: 'open', limit: 'x', other: 1 }, 'json')
  expect(checked).toEqual({
    ok: false,
    issues: [
      { path: 'status', message: 'is required', code: 'required' },
      { path: 'limit', message: expect.stringContaining('integer') as string, code: 'type' },
      { path: 'staus', message: 'is not a parameter; did you mean "status"?', code: 'unknown' },
      { path: 'other', message: 'is not a parameter', code: 'unknown' },
    ],
  })
})

test('names that objects are born with are names like any other', () => {
  const inputs = ['__proto__', 'constructor', 'toString'].map((name) => spec('int', { name, required: false }))
  const given = compileInputs(inputs)(JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, unknown>, 'json')
  expect(given.ok && Object.entries(given.value)).toEqual([['__proto__', 1], ['constructor', 2], ['toString', null]])
  expect(given.ok && Object.getPrototypeOf(given.value)).toBeNull()
  const unknown = compileInputs([])(JSON.parse('{"__proto__": {"ok": true}, "constructor": 2}') as Record<string, unknown>, 'json')
  expect(unknown.ok ? [] : unknown.issues.map((issue) => issue.path)).toEqual(['__proto__', 'constructor'])
})

const anySpec = fc.record({
  name: fc.constantFrom('x', '__proto__', 'constructor'),
  type: fc.constantFrom(...PARAM_TYPES),
  array: fc.boolean(),
  required: fc.boolean(),
  min: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
  max: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
  enum: fc.option(fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }), { nil: undefined }),
  pattern: fc.option(fc.constantFrom('^a', '\\d', '^\\p{L}*$'), { nil: undefined }),
})
const likelyText = fc.oneof(
  fc.string({ unit: 'binary' }), fc.uuid(), fc.base64String(),
  fc.integer().map(String), fc.bigInt().map(String), fc.double().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
)
const likely = fc.oneof(
  likelyText, fc.integer(), fc.double(), fc.boolean(), fc.jsonValue(), fc.anything(), fc.array(fc.oneof(likelyText, fc.integer())),
)

test('what is accepted satisfies its declaration, and nothing throws', () => {
  fc.assert(fc.property(anySpec, likely, fc.constantFrom<ParamSource>('json', 'query'), (input, value, from) => {
    const params = Object.fromEntries([[input.name, value]])
    const checked = compileInputs([input])(params, from)
    if (!checked.ok) return void expect(checked.issues.length).toBeGreaterThan(0)
    const bound = checked.value[input.name]
    if (bound === null) return void expect(input.required).toBe(false)
    for (const item of input.array ? (bound as readonly unknown[]) : [bound]) expectSatisfied(input, item)
  }), { numRuns: 3_000 })
})

function expectSatisfied(input: ParamSpec, value: unknown): void {
  const types: Readonly<Record<ParamType, string>> = {
    string: 'string', int: 'number', bigint: 'bigint', number: 'number', boolean: 'boolean', uuid: 'string', date: 'string', datetime: 'string',
    json: 'string', bytes: 'object',
  }
  expect(typeof value).toBe(types[input.type])
  if (input.type === 'int') expect(Number.isSafeInteger(value)).toBe(true)
  if (input.type === 'number') expect(Number.isFinite(value)).toBe(true)
  if (input.type === 'bigint') expect(BigInt.asIntN(64, value as bigint)).toBe(value)
  if (input.type === 'bytes') expect(value).toBeInstanceOf(Uint8Array)
  if (input.type === 'json') JSON.parse(value as string)
  if (input.type === 'string') expect(Buffer.from(value as string).toString()).toBe(value)
  if (input.type === 'string') expect(value).not.toContain('\0')
  if (input.type === 'datetime' || input.type === 'date') expect(new Date(value as string).getTime()).not.toBeNaN()
  if (input.enum) expect(input.enum.map(String)).toContain(String(value))
  const size = input.type === 'string' ? [...(value as string)].length : value instanceof Uint8Array ? value.length : value
  if (typeof size === 'number' || typeof size === 'bigint') {
    if (input.min !== undefined) expect(size >= input.min).toBe(true)
    if (input.max !== undefined) expect(size <= input.max).toBe(true)
  }
  if (input.pattern !== undefined && typeof value === 'string') expect(value).toMatch(new RegExp(input.pattern, 'u'))
}
