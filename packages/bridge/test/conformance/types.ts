import { join } from 'node:path'
import { Client } from 'pg'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { DatabaseEntry, ParamType } from '../../src/manifest/index.ts'
import type { TestBridge } from '../bridge.ts'
import { makeFolder, module, sql, type TestProject } from '../bundle.ts'
import { startLibsqlServer } from '../libsql-server.ts'
import { LIBSQL_VALUES } from '../libsql-values.ts'
import type { TestPostgres } from '../postgres.ts'
import { ALL_POSTGRES_VALUES, POSTGRES_TYPES, POSTGRES_VALUES } from '../postgres-values.ts'
import { isWorker, sharedPostgres, startTestBridge } from './entry.ts'

const pool = { max: 4, queue: 20 }
const anyParams = `const params = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }`
let postgres: TestPostgres

beforeAll(async () => {
  postgres = await sharedPostgres()
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(POSTGRES_TYPES)
  await client.end()
})

const WHOLE = 9007199254740991

const POSTGRES_PARAMS: readonly (readonly [type: ParamType, array: boolean, cast: string, sent: unknown, wire: unknown])[] = [
  ['string', false, 'text', `it's "q" \\ 🎉`, `it's "q" \\ 🎉`], ['string', false, 'numeric', '1'.repeat(100), '1'.repeat(100)],
  ['int', false, 'bigint', WHOLE, String(WHOLE)], ['int', false, 'bigint', -WHOLE, String(-WHOLE)], ['int', false, 'int', -0, 0],
  ['bigint', false, 'bigint', '9223372036854775807', '9223372036854775807'], ['bigint', false, 'bigint', '-9223372036854775808', '-9223372036854775808'],
  ['bigint', false, 'numeric', 5, '5'], ['number', false, 'float8', 0.1, 0.1], ['number', false, 'float8', -0, 0],
  ['number', false, 'float8', 1e300, 1e300], ['number', false, 'float8', 5e-324, 5e-324], ['number', false, 'numeric', 1e21, '1000000000000000000000'],
  ['boolean', false, 'boolean', false, false], ['uuid', false, 'uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['date', false, 'date', '0001-01-01', '0001-01-01'], ['date', false, 'date', '9999-12-31', '9999-12-31'],
  ['datetime', false, 'timestamptz', '2024-05-06T07:08:09.123456+05:30', '2024-05-06T01:38:09.123456Z'],
  ['datetime', false, 'timestamptz', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ['json', false, 'jsonb', { a: [1, null, '"'] }, { a: [1, null, '"'] }], ['json', false, 'jsonb', [], []], ['bytes', false, 'bytea', 'AP8=', 'AP8='],
  ['bytes', false, 'bytea', '', ''], ['int', true, 'int[]', [], []], ['int', true, 'int[]', [1, 2], [1, 2]],
  ['bigint', true, 'bigint[]', ['9223372036854775807'], ['9223372036854775807']], ['boolean', true, 'boolean[]', [true, false], [true, false]],
  ['string', true, 'text[]', ['', 'NULL', '{', '"\\,'], ['', 'NULL', '{', '"\\,']], ['bytes', true, 'bytea[]', ['AP8='], ['AP8=']],
  ['json', true, 'jsonb[]', [{ a: 1 }, 'x'], [{ a: 1 }, 'x']], ['datetime', true, 'timestamptz[]', ['2024-05-06T07:08:09Z'], ['2024-05-06T07:08:09Z']],
  ['string', false, 'text', null, null], ['int', true, 'int[]', null, null],
]

const LIBSQL_PARAMS: readonly (readonly [type: ParamType, array: boolean, sent: unknown, stored: string, wire: unknown])[] = [
  ['string', false, `it's "q" \\ 🎉`, 'text', `it's "q" \\ 🎉`], ['string', false, '', 'text', ''],
  ['int', false, 9007199254740991, 'integer', 9007199254740991], ['int', false, -9007199254740991, 'integer', -9007199254740991],
  ['int', false, -0, 'integer', 0], ['bigint', false, '9223372036854775807', 'integer', '9223372036854775807'],
  ['bigint', false, '-9223372036854775808', 'integer', '-9223372036854775808'], ['bigint', false, 5, 'integer', 5],
  ['number', false, 0.1, 'real', 0.1], ['number', false, 5, 'real', 5], ['number', false, 1e300, 'real', 1e300],
  ['boolean', false, true, 'integer', 1], ['boolean', false, false, 'integer', 0],
  ['uuid', false, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['date', false, '0001-01-01', 'text', '0001-01-01'], ['datetime', false, '2024-05-06T07:08:09.123456789+05:30', 'text', '2024-05-06T01:38:09.123456789Z'],
  ['json', false, { a: [1, null] }, 'text', '{"a":[1,null]}'], ['json', false, null, 'null', null], ['bytes', false, 'AP8=', 'blob', 'AP8='],
  ['bytes', false, '', 'blob', ''], ['int', true, [1, 2], 'text', '[1,2]'], ['string', true, [], 'text', '[]'],
]

/** The same select, by every kind of logic there is. */
function everyWay(text: string, params: Parameters<typeof sql>[1] = {}): TestProject {
  const rows = `export default { params, handler: ({ db, params }) => db.main.row(${JSON.stringify(text)}, Object.values(params)) }`
  return {
    logic: {
      'by/sql': sql(text, { access: 'public', result: 'row', ...params }),
      'by/cache': sql(text, { access: 'public', result: 'row', cache: { ttl: 60_000 }, ...params }),
      'by/handler': module('handler.mjs', { access: 'public' }),
      'by/cachedHandler': module('handler.mjs', { access: 'public', cache: { ttl: 60_000 } }),
      'by/call': module('call.mjs', { access: 'public' }),
      'by/transaction': module('transaction.mjs', { access: 'public' }),
    },
    modules: {
      'handler.mjs': `${anyParams}\n${rows}`,
      'call.mjs': `${anyParams}\nexport default { params, handler: ({ call, params }) => call('by/sql', params) }`,
      'transaction.mjs': `${anyParams}\nexport default { params, handler: ({ db, call, params }) => db.main.transaction((tx) => call('by/sql', params, { tx })) }`,
    },
  }
}

const WAYS = ['by/sql', 'by/cache', 'by/cache', 'by/handler', 'by/cachedHandler', 'by/call', 'by/transaction']

async function startWith(project: TestProject, main: DatabaseEntry): Promise<TestBridge> {
  return startTestBridge({ ...project, manifest: { databases: { main } } })
}

test.each([false, true])('every value of Postgres is the same by every kind of logic, with row level security %s', async (rls) => {
  const bridge = await startWith(everyWay(ALL_POSTGRES_VALUES, { params: { texts: { array: true } } }), {
    driver: 'pg', url: postgres.url, pool, statementTimeout: 5000, rls, prepare: true,
  })
  const texts = POSTGRES_VALUES.map(([, text]) => text)
  const wire = Object.fromEntries(POSTGRES_VALUES.flatMap(([, , value], at) => [[`v${at}`, value], [`n${at}`, null]]))
  for (const way of WAYS) expect(await bridge.call(way, { texts }), way).toMatchObject({ status: 200, body: { data: wire } })
})

describe.each(isWorker() ? ['http'] : ['file', 'http'])('over %s', (place) => {
  async function libsql(): Promise<DatabaseEntry> {
    if (place === 'file') {
      const folder = await makeFolder()
      onTestFinished(folder.remove)
      return { driver: 'libsql', url: `file:${join(folder.path, 'values.db')}`, pool, statementTimeout: 5000 }
    }
    const server = await startLibsqlServer()
    onTestFinished(() => server.stop())
    return { driver: 'libsql', url: server.url, pool, statementTimeout: 5000 }
  }

  test('every value of SQLite is the same by every kind of logic', async () => {
    // The protocol over HTTP writes numbers as JSON, which has no infinite ones.
    const values = LIBSQL_VALUES.filter(([, value]) => place === 'file' || !String(value).endsWith('Infinity'))
    const select = `select ${values.map(([text], at) => `${text} as v${at}`).join(', ')}`
    const bridge = await startWith(everyWay(select), await libsql())
    const wire = Object.fromEntries(values.map(([, value], at) => [`v${at}`, value]))
    for (const way of WAYS) expect(await bridge.call(way), way).toMatchObject({ status: 200, body: { data: wire } })
  })

  test('a param of every type is stored as declared', async () => {
    const logic = Object.fromEntries(LIBSQL_PARAMS.map(([type, array], at) => [`p/v${at}`, sql('select typeof(?1) as t, ?1 as v', {
      access: 'public', result: 'row', params: { v: { type, array, required: false } },
    })]))
    const bridge = await startWith({ logic }, await libsql())
    for (const [at, [type, , sent, stored, wire]] of LIBSQL_PARAMS.entries()) {
      expect(await bridge.call(`p/v${at}`, { v: sent }), `${type} ${JSON.stringify(sent)}`).toMatchObject({ status: 200, body: { data: { t: stored, v: wire } } })
    }
  })
})

test('a param of every type arrives in Postgres whole', async () => {
  const logic = Object.fromEntries(POSTGRES_PARAMS.map(([type, array, cast], at) => [`p/v${at}`, sql(`select $1::${cast}`, {
    access: 'public', result: 'value', params: { v: { type, array, required: false } },
  })]))
  const bridge = await startWith({ logic }, { driver: 'pg', url: postgres.url, pool, statementTimeout: 5000, rls: false, prepare: true })
  for (const [at, [type, , cast, sent, wire]] of POSTGRES_PARAMS.entries()) {
    expect(await bridge.call(`p/v${at}`, { v: sent }), `${type} ${JSON.stringify(sent)} as ${cast}`).toMatchObject({ status: 200, body: { data: wire } })
  }
})
