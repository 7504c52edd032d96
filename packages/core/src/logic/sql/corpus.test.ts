import type { Binding } from '@santokit/bridge/manifest'
import { createClient } from '@libsql/client'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../../../bridge/test/postgres.ts'
import { LIBSQL_SAMPLES, LIBSQL_SCHEMA } from './corpus.libsql.ts'
import { PG_SAMPLES, PG_SCHEMA } from './corpus.pg.ts'
import type { Sample } from './corpus.ts'
import { tokenize, type Dialect } from './lexer.ts'
import { bindParameters, type BoundStatement } from './parameters.ts'
import { findStatement } from './statement.ts'

function bind({ sql, bindings }: Sample, dialect: Dialect): BoundStatement {
  const found = findStatement(tokenize(sql, dialect), dialect)
  if ('problem' in found) throw new Error(found.problem.why)
  return bindParameters(found.statement.tokens, dialect, namesIn(bindings))
}

function named(bindings: readonly Binding[]): string {
  return bindings.map((binding) => (binding.from === 'param' ? binding.name : ['auth', ...binding.path].join('.'))).join(' ')
}

describe.each([['pg', PG_SAMPLES], ['libsql', LIBSQL_SAMPLES]] as const)('%s', (dialect, all) => {
  test('there are enough samples', () => {
    expect(all.length).toBeGreaterThanOrEqual(80)
    expect(new Set(all.map(({ about }) => about)).size).toBe(all.length)
  })

  test.each(all)('$about: $sql', (sample) => {
    const { text, bindings, problems } = bind(sample, dialect)
    expect(problems).toEqual([])
    expect(text).toBe(sample.text)
    expect(named(bindings)).toBe(sample.bindings)
  })
})

describe('what comes out is what PostgreSQL reads', () => {
  let server: TestPostgres
  let client: pg.Client
  beforeAll(async () => {
    server = await startPostgres()
    client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query(PG_SCHEMA)
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
  })

  // The table in docs/logic.md.
  test.each([
    ['select 1 from orders where $1 is null or status = $1', 'could not determine data type', 'select 1 from orders where $1::text is null or status = $1'],
    ['select $1 + $2', 'operator is not unique', 'select $1::int + $2::int'],
    ['select now() - $1', '{"timestamp with time zone"}', 'select now() - $1::interval'],
    ['select doc -> $1 from orders', '{text}', 'select doc -> $1::int from orders'],
    [`select jsonb_build_object('id', $1)`, 'could not determine data type', `select jsonb_build_object('id', $1::bigint)`],
    ['select concat($1, name) from users', 'could not determine data type', 'select concat($1::text, name) from users'],
    ['select unnest($1)', 'is not unique', 'select unnest($1::bigint[])'],
    ['select $1 as day', '{text}', 'select $1::date as day'],
  ])('%s lacks a cast', async (without, outcome, withCast) => {
    expect(await prepared(without)).toContain(outcome)
    expect(await prepared(withCast)).toMatch(/^\{.*\}$/)
  })

  test.each([
    ['select 1 from orders where user_id = $1', '{bigint}'], ['insert into orders (paid_at) values ($1)', '{"timestamp with time zone"}'],
    ['select 1 limit $1', '{bigint}'], ['select 1 from orders where id = any($1)', '{bigint[]}'],
  ])('%s needs none', async (text, types) => {
    expect(await prepared(text)).toBe(types)
  })

  /** The types the server infers for the parameters, or why it cannot. */
  async function prepared(text: string): Promise<string> {
    try {
      await client.query(`prepare sample as ${text}`)
    } catch (error) {
      return (error as Error).message
    }
    const { rows } = await client.query<{ types: string }>(
      `select parameter_types::text as types from pg_prepared_statements where name = 'sample'`,
    )
    await client.query('deallocate sample')
    return rows[0]?.types ?? ''
  }

  test.each(PG_SAMPLES.filter(({ notPrepared }) => notPrepared === undefined))('$about: $text', async ({ text, bindings }) => {
    await client.query(`prepare sample as ${text}`)
    const { rows } = await client.query<{ count: number }>(
      `select cardinality(parameter_types) as count from pg_prepared_statements where name = 'sample'`,
    )
    await client.query('deallocate sample')
    expect(rows[0]?.count).toBe(namesIn(bindings).length)
  })
})

describe('what comes out is what SQLite reads', () => {
  const client = createClient({ url: 'file::memory:' })
  beforeAll(() => client.executeMultiple(LIBSQL_SCHEMA))
  afterAll(() => client.close())

  test.each(LIBSQL_SAMPLES)('$about: $text', async ({ text, bindings }) => {
    const args = namesIn(bindings).map(() => null)
    // `explain` prepares the statement and lists its program without running it.
    await client.execute({ sql: text.includes('explain') ? text : `explain ${text}`, args })
  })
})

function namesIn(bindings: string): readonly string[] {
  return bindings.split(' ').filter((name) => name !== '')
}
