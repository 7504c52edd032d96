import { createClient } from '@libsql/client'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../../../bridge/test/postgres.ts'
import { tokenize, type Dialect } from './lexer.ts'
import { bindParameters } from './parameters.ts'

/** What the databases answer shows that they read a statement as the lexer does. */

const NAMES = ['a', 'b', 'e', 'x_1'] as const
type Values = Readonly<Record<(typeof NAMES)[number], string>>

/** An expression, and what it is worth when the parameters have `values`. */
interface Expression {
  readonly sql: string
  worth(values: Values): string
}

const TRICKY = ["'", '"', ':a', ':b', '$$', '$q$', '--', '/*', '*/', '\\', 'x', ' ', '\n', '?', '$1', '?1', ']', '`', 'é', '🙂', ';'] as const
const text = fc.array(fc.constantFrom(...TRICKY), { maxLength: 8 }).map((parts) => parts.join(''))
const textWithout = (mark: string): fc.Arbitrary<string> => text.map((value) => value.replaceAll(mark, ''))

const doubled = (value: string, open: string, close = open): string => `${open}${value.replaceAll(close, close + close)}${close}`
const escaped = (value: string): string => `E'${value.replace(/['\\]/g, (mark) => `\\${mark}`)}'`
const literal = (sql: string, value: string): Expression => ({ sql, worth: () => value })
/** A column with an awkward name. */
const column = (identifier: string): Expression => literal(`(select ${identifier} from (select 'v:a' as ${identifier}) s)`, 'v:a')
const parameter = (form: (name: string) => string): fc.Arbitrary<Expression> =>
  fc.constantFrom(...NAMES).map((name) => ({ sql: form(name), worth: (values) => values[name] }))
/** A name may not be empty, nor longer than PostgreSQL keeps. */
const name = text.map((value) => `n${value}`)

const EXPRESSIONS: Readonly<Record<Dialect, fc.Arbitrary<Expression>>> = {
  pg: fc.oneof(
    text.map((value) => literal(doubled(value, "'"), value)),
    text.map((value) => literal(escaped(value), value)),
    text.map((value) => literal(`E'' -- ' :a\n${escaped(value).slice(1)}`, value)),
    textWithout('$').map((value) => literal(`$$${value}$$`, value)),
    text.map((value) => literal(`$t$${value}$t$`, value)),
    name.map((value) => column(doubled(value, '"'))),
    parameter((own) => `:${own}::text`),
    parameter((own) => `(array['-',:${own}])[2]`),
    parameter((own) => `array_to_string((array['-',:${own}])[2:2],'')`),
  ),
  libsql: fc.oneof(
    text.map((value) => literal(doubled(value, "'"), value)),
    name.map((value) => column(doubled(value, '"'))),
    name.map((value) => column(doubled(value, '`'))),
    name.map((value) => column(`[${value.replaceAll(']', '')}]`)),
    parameter((own) => `:${own}`),
    parameter((own) => `cast(:${own} as text)`),
  ),
}

const GAPS: Readonly<Record<Dialect, fc.Arbitrary<string>>> = {
  pg: fc.constantFrom('', ' ', '\n', "/* :a ' */", '/* /* $$ */ " */', "-- :b '\n", '--\r'),
  libsql: fc.constantFrom('', ' ', '\n', "/* :a ' */", '/* /* [ */', "-- :b '\n", '-- \r :a `\n'),
}

/** A statement that joins expressions, the values of its parameters, and what it must answer. */
function questions(dialect: Dialect): fc.Arbitrary<{ readonly sql: string; readonly values: Values; readonly answer: string }> {
  const values = fc.record({ a: text, b: text, e: text, x_1: text })
  const parts = fc.array(fc.tuple(GAPS[dialect], EXPRESSIONS[dialect], GAPS[dialect]), { minLength: 1, maxLength: 8 })
  return fc.tuple(parts, values).map(([all, given]) => ({
    sql: `select ${all.map(([before, { sql }, after]) => `${before}${sql}${after}`).join('||')} as answer`,
    values: given,
    answer: all.map(([, { worth }]) => worth(given)).join(''),
  }))
}

function bound(sql: string, dialect: Dialect, values: Values): { readonly text: string; readonly args: string[] } {
  const { text: compiled, bindings, problems } = bindParameters(tokenize(sql, dialect), dialect, NAMES)
  expect(problems).toEqual([])
  return { text: compiled, args: bindings.map((binding) => (binding.from === 'param' ? values[binding.name as keyof Values] : '')) }
}

describe('PostgreSQL', () => {
  let server: TestPostgres
  let client: pg.Client
  beforeAll(async () => {
    server = await startPostgres()
    client = new pg.Client({ connectionString: server.url })
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
  })

  test('answers what the author meant', async () => {
    await fc.assert(fc.asyncProperty(questions('pg'), async ({ sql, values, answer }) => {
      const { text: compiled, args } = bound(sql, 'pg', values)
      const { rows } = await client.query<{ answer: string }>(compiled, args)
      expect(rows).toEqual([{ answer }])
    }), { numRuns: 250 })
  })
})

describe('SQLite', () => {
  const client = createClient({ url: 'file::memory:' })
  afterAll(() => client.close())

  test('answers what the author meant', async () => {
    await fc.assert(fc.asyncProperty(questions('libsql'), async ({ sql, values, answer }) => {
      const { text: compiled, args } = bound(sql, 'libsql', values)
      const { rows } = await client.execute({ sql: compiled, args })
      expect(rows.map((row) => row.answer)).toEqual([answer])
    }), { numRuns: 250 })
  })
})
