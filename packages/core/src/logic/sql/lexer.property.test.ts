import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isStkError } from '../../diagnostics/index.ts'
import { compileSql } from '../compile.ts'
import { tokenize, type Dialect } from './lexer.ts'
import { bindParameters, type BoundStatement } from './parameters.ts'

const DIALECTS: readonly Dialect[] = ['pg', 'libsql']
const NAMES = ['a', 'b', 'id', 'e', 'x_1', 'limit'] as const

/** A piece of SQL: `param` is the name it plants, if it is a parameter. */
interface Piece {
  readonly sql: string
  readonly param?: string
}

/** Text that makes trouble wherever a lexer looks into what it should pass over. */
const inner = fc.array(
  fc.constantFrom(':id', "''", 'a', ' ', '--', '/', '::', ';', '?', '$', '$1', '\n', ':a', 'é', '🙂', '[', ']', '@x', '(', '\\\\'), { maxLength: 6 },
).map((parts) => parts.join(''))

const without = (...marks: readonly string[]): fc.Arbitrary<string> =>
  inner.map((text) => marks.reduce((rest, mark) => rest.replaceAll(mark, ''), text))

const literal: Readonly<Record<Dialect, fc.Arbitrary<string>>> = {
  pg: fc.oneof(
    inner.map((text) => `'${text}'`),
    inner.map((text) => `E'${text}\\''`),
    inner.map((text) => `U&'${text}'`),
    without('$').map((text) => `$$${text}'$$`),
    without('$').map((text) => `$q$${text}$$ " $q$`),
    without('"').map((text) => `"${text}""'x"`),
    without('\n').map((text) => `--${text}'\n`),
    inner.map((text) => `/*${text} /*'*/ " */`),
    fc.constantFrom('::int', '1_000', '1.5e-3', 'items[1:2]', '->>', '@>', '?|', '||', 'a$b', 'größe', ':=', 'interval', '#>>', '@?', "B'01'"),
  ),
  libsql: fc.oneof(
    inner.map((text) => `'${text}'`),
    inner.map((text) => `'${text}\\'`),
    without('"').map((text) => `"${text}""'x"`),
    without('`').map((text) => `\`${text}\`\`"\``),
    without(']').map((text) => `[${text}"]`),
    without('\n').map((text) => `--${text}'\n`),
    inner.map((text) => `/*${text} /*'*/`),
    fc.constantFrom('1.5e-3', '->>', '||', 'a$b', 'größe', "x'1f'", '<<', '=='),
  ),
}

function pieces(dialect: Dialect): fc.Arbitrary<readonly Piece[]> {
  const text: fc.Arbitrary<Piece> = literal[dialect].map((sql) => ({ sql }))
  const param: fc.Arbitrary<Piece> = fc.constantFrom(...NAMES).map((name) => ({ sql: `:${name}`, param: name }))
  return fc.array(fc.oneof(text, param), { minLength: 1, maxLength: 12 })
}

function bind(sql: string, dialect: Dialect): BoundStatement {
  return bindParameters(tokenize(sql, dialect), dialect, NAMES)
}

describe.each(DIALECTS)('%s', (dialect) => {
  test('the parameters found are exactly those that were planted, and all other text is kept', () => {
    fc.assert(fc.property(pieces(dialect), (planted) => {
      const sql = planted.map((piece) => piece.sql).join(' ')
      const order = [...new Set(planted.flatMap(({ param }) => param ?? []))]
      const expected = planted.map(({ sql: text, param }) => (param === undefined ? text : `${dialect === 'pg' ? '$' : '?'}${order.indexOf(param) + 1}`))
      const { text, bindings, problems } = bind(sql, dialect)
      expect(problems).toEqual([])
      expect(text).toBe(expected.join(' '))
      expect(bindings).toEqual(order.map((name) => ({ from: 'param', name })))
    }), { numRuns: 600 })
  })

  test('tokens put together are the text, whatever it is', () => {
    const any = fc.oneof(fc.string({ unit: 'binary' }), inner, pieces(dialect).map((parts) => parts.map(({ sql }) => sql).join('')))
    fc.assert(fc.property(any, fc.nat(5), (text, from) => {
      const tokens = tokenize(text, dialect, from)
      expect(tokens.map((token) => token.text).join('')).toBe(text.slice(from))
      expect(tokens.every(({ start, end, text: own }) => text.slice(start, end) === own && end > start)).toBe(true)
    }), { numRuns: 600 })
  })

  test('a statement without parameters comes out as it went in, and so does that', () => {
    fc.assert(fc.property(fc.array(literal[dialect], { maxLength: 8 }), (parts) => {
      const sql = parts.join(' ')
      const once = bind(sql, dialect).text
      expect(once).toBe(sql)
      expect(bind(once, dialect).text).toBe(once)
    }))
  })

  test('placeholders never grow together with what stands next to them', () => {
    fc.assert(fc.property(fc.constantFrom('and', '1', 'x$', "'s'", '"q"', ')', ''), fc.constantFrom("'s'", '"q"', '+', ')', ' x', ''), (before, after) => {
      const { text } = bind(`${before}:auth.claims."c"${after}`, dialect)
      const [placeholder, ...more] = tokenize(text, dialect).filter(({ kind }) => kind === 'placeholder')
      expect(more).toEqual([])
      expect(placeholder?.text).toBe(dialect === 'pg' ? '$1' : '?1')
    }))
  })

  test('whatever the file holds, only an StkError is thrown', () => {
    const yaml = fc.array(fc.constantFrom('access: public', 'params:', '  a: int', '  b: { type: string, default: x }', 'returns: row', '- x', '? [a]', '&a', '*a', '{', 'cache: 5s', 'a: [int[]]', '\t', 'params: { a: int[] }', '__proto__: 1', 'description: |', '!!map'), { maxLength: 6 })
      .map((lines) => lines.join('\n'))
    const fence = fc.constantFrom(['---\n', '\n---\n'], ['/* ---\n', '\n--- */'], ['---\r\n', ''], ['', ''])
    const body = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.oneof(inner, literal[dialect]), { maxLength: 8 }).map((parts) => `select ${parts.join(' ')}`))
    fc.assert(fc.property(yaml, fence, body, fc.option(yaml, { nil: undefined }), (head, [opens = '', closes = ''], sql, twin) => {
      const text = `${opens}${opens === '' ? '' : head}${closes}${sql}`
      const common = { path: 'a/b', source: 'logic/a/b.sql', displayFile: 'logic/a/b.sql', private: false }
      try {
        const entry = compileSql({ ...common, text, ...(twin === undefined ? {} : { twin: { displayFile: 'logic/a/b.yaml', text: twin } }) }, { databases: { main: { driver: dialect } } })
        expect(() => JSON.stringify(entry)).not.toThrow()
      } catch (error) {
        if (!isStkError(error)) throw error
        expect(error.details.where?.line).toBeGreaterThan(0)
      }
    }), { numRuns: 600 })
  })
})
