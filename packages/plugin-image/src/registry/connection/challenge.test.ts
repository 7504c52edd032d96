import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseChallenges } from './challenge.ts'

test.each([
  ['Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"', [{ scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' } }]],
  ['Basic realm="x"', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
  ['BASIC Realm=x', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
  ['Negotiate, Basic realm="a \\"b\\", c", Bearer realm="r"', [{ scheme: 'negotiate', parameters: {} }, { scheme: 'basic', parameters: { realm: 'a "b", c' } }, { scheme: 'bearer', parameters: { realm: 'r' } }]],
  ['Negotiate YWJj==, Basic realm="x"', [{ scheme: 'negotiate', parameters: {} }, { scheme: 'basic', parameters: { realm: 'x' } }]],
  ['Bearer realm = "r" , service = "s"', [{ scheme: 'bearer', parameters: { realm: 'r', service: 's' } }]],
  [', ,Basic realm="x",', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
  // The second realm is somebody's trick.
  ['Bearer realm="a",realm="b"', [{ scheme: 'bearer', parameters: { realm: 'a' } }]],
  ['Bearer realm="a', [{ scheme: 'bearer', parameters: {} }]],
  ['', []],
  ['=', []],
])('reads %s', (header, expected) => {
  expect(parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } }))).toEqual(expected)
})

test('anything at all is read to an end', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', 'x', '==')).map((parts) => parts.join(''))), (header) => {
    expect(Array.isArray(parseChallenges(header))).toBe(true)
  }))
  expect(parseChallenges(`Bearer ${'a=b,'.repeat(10_000)}`)).toEqual([])
})
