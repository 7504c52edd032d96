import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictJson } from './strict-json.ts'

test('what JSON.parse reads is read the same, unless a member stands there twice', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), (text) => {
    // Values of fast-check have unique members, and so has what JSON.parse gives.
    expect(parseStrictJson(text)).toEqual(JSON.parse(text))
  }), { numRuns: 500 })
})

test('a member that is planted a second time anywhere is found', () => {
  const named = fc.tuple(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.jsonValue({ maxDepth: 3 }))
  fc.assert(fc.property(named, ([name, first, second, other]) => {
    const member = (value: unknown): string => `${JSON.stringify(name)} : ${JSON.stringify(value)}`
    const doubled = `{ ${member(first)}, ${member(second)} }`
    for (const text of [doubled, `[1, ${doubled}]`, `{"${'x'.repeat(5)}_outer":[${JSON.stringify(other)},{"a":${doubled}}]}`]) {
      expect(() => parseStrictJson(text)).toThrow('twice')
    }
  }), { numRuns: 300 })
})

test('a name counts as what it means, and only among its own object\'s members', () => {
  expect(() => parseStrictJson('{"iss":1,"\\u0069ss":2}')).toThrow('twice')
  expect(() => parseStrictJson('{"__proto__":1,"__proto__":2}')).toThrow('twice')
  expect(parseStrictJson('{"a":{"a":["a",{"a":"a"}]},"b":"a","c":"\\",\\"a\\":"}')).toEqual({ a: { a: ['a', { a: 'a' }] }, b: 'a', c: '","a":' })
  expect(() => parseStrictJson('{"a":1,}')).toThrow(SyntaxError)
})
