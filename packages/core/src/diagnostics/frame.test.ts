import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeFrame, positionAt } from './frame.ts'

const text = 'one\ntwo\nthree\nfour\nfive\nsix\n'

test('marks the place, with two lines above and below', () => {
  expect(codeFrame({ file: 'a.sql', text, line: 3, column: 2, length: 3 })).toBe([
    '  1 | one',
    '  2 | two',
    '> 3 | three',
    '    |  ^^^',
    '  4 | four',
    '  5 | five',
  ].join('\n'))
})

test('at the edges it shows what there is', () => {
  expect(codeFrame({ file: 'a', text: 'only', line: 1, column: 5 })).toBe('> 1 | only\n    |     ^')
  expect(codeFrame({ file: 'a', text, line: 1 }, 1)).toBe('> 1 | one\n  2 | two')
})

test('line numbers stay aligned when they grow longer', () => {
  const long = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n')
  expect(codeFrame({ file: 'a', text: long, line: 10, column: 1 }, 1)).toBe('   9 | line 9\n> 10 | line 10\n     | ^\n  11 | line 11')
})

test('the mark stands under its column behind tabs', () => {
  expect(codeFrame({ file: 'a', text: '\t\tx = y', line: 1, column: 7, length: 1 })).toBe('> 1 | \t\tx = y\n    | \t\t    ^')
})

test('every kind of line end counts as one', () => {
  expect(codeFrame({ file: 'a', text: 'a\r\nb\rc\nd', line: 3, column: 1 }, 1)).toBe('  2 | b\n> 3 | c\n    | ^\n  4 | d')
})

test('without text or line there is no frame', () => {
  expect(codeFrame({ file: 'a', line: 1 })).toBeUndefined()
  expect(codeFrame({ file: 'a', text })).toBeUndefined()
})

test('an offset is found at its line and column, from 1', () => {
  expect(positionAt('ab\ncd', 0)).toEqual({ line: 1, column: 1 })
  expect(positionAt('ab\ncd', 2)).toEqual({ line: 1, column: 3 })
  expect(positionAt('ab\ncd', 3)).toEqual({ line: 2, column: 1 })
  expect(positionAt('ab\r\ncd', 5)).toEqual({ line: 2, column: 2 })
})

test('position and offset are each other\'s inverse', () => {
  const lines = fc.array(fc.stringMatching(/^[^\r\n]*$/), { minLength: 1, maxLength: 8 })
  fc.assert(fc.property(lines, fc.nat(), (parts, seed) => {
    const joined = parts.join('\n')
    const offset = seed % (joined.length + 1)
    const { line, column } = positionAt(joined, offset)
    const before = parts.slice(0, line - 1).reduce((sum, part) => sum + part.length + 1, 0)
    expect(before + column - 1).toBe(offset)
  }))
})
