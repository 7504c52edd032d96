import { createClient } from '@libsql/client'
import fc from 'fast-check'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DatabaseEntry, PARAM_TYPES, type ParamType, type SqlLogicEntry } from '../src/manifest/index.ts'
import { startTestBridge, type TestBridge } from './bridge.ts'
import { makeFolder, sql } from './bundle.ts'
import { startLibsqlServer } from './libsql-server.ts'
import { startPostgres } from './postgres.ts'

/** Calls a type and database: a few, or as many as `FUZZ_RUNS` says. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 25)

/** What has ended a string, a statement or a parser somewhere. */
const WEAPONS = [
  "'", "''", '"', '`', ';', '--', '/*', '*/', '#', '\\', "\\'", '$1', '$2', '$$', '$tag$', '?1', ':v', '@v', '%s', '%27', "' or '1'='1", "'; drop table canary; --",
  '"; drop table canary; --', '$$; drop table canary; $$', "x') ; delete from canary; --", "' union select secret from canary --", '\u02bc', '\u2019', '\uff07', '\u00a0',
  '\u2028', '\ufeff', '\r\n', '\t', '\u0001', '\u{1f600}', 'NaN', 'Infinity', 'null', 'undefined', '{}', '[]', '{a,b}', '{NULL}', '__proto__',
]
const text = fc.array(fc.oneof(fc.constantFrom(...WEAPONS), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 6 })
  .map((parts) => parts.join('')).filter((value) => !value.includes('\0'))
const two = (n: number): string => String(n).padStart(2, '0')
const date = fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constant(null), fc.boolean(), fc.integer(), text, fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(text, tie('value'), { maxKeys: 4 })),
})).value

/** Values of each type as a client writes them, each with the form that comes back. */
const VALUES: Readonly<Record<ParamType, fc.Arbitrary<{ readonly given: unknown; readonly back: unknown }>>> = {
  string: text.map((value) => ({ given: value, back: value })),
  int: fc.maxSafeInteger().map((value) => ({ given: value, back: String(value) })),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ given: String(value), back: String(value) })),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ given: value, back: value + 0 })),
  boolean: fc.boolean().map((value) => ({ given: value, back: value })),
  uuid: fc.uuid().map((value) => ({ given: value.toUpperCase(), back: value })),
  date: date.map((value) => ({ given: value.toISOString().slice(0, 10), back: value.toISOString().slice(0, 10) })),
  datetime: fc.tuple(date, fc.integer({ min: -14, max: 14 }), fc.nat(59)).map(([value, hours, minutes]) => {
    const local = new Date(value.getTime() + (hours * 60 + Math.sign(hours || 1) * minutes) * 60_000)
    return { given: `${local.toISOString().slice(0, -1)}${hours < 0 ? '-' : '+'}${two(Math.abs(hours))}:${two(minutes)}`, back: value.getTime() }
  }).filter(({ given }) => /^\d{4}-/.test(given) && !given.startsWith('0000')),
  json: json.map((value) => ({ given: value, back: value })),
  bytes: fc.uint8Array({ maxLength: 40 }).map((value) => ({ given: Buffer.from(value).toString('base64'), back: Buffer.from(value).toString('base64') })),
}

/** What one declared type is in the database, and how an answer compares. */
interface Dialect {
  readonly entry: DatabaseEntry
  readonly placeholder: string
  readonly cast: Readonly<Record<ParamType, string>>
  normalise(type: ParamType, wire: unknown): unknown
}

function logicOf({ placeholder, cast }: Dialect, type: ParamType): SqlLogicEntry {
  return sql(`select ${placeholder}${cast[type]} as v, (select count(*) from canary) as canaries`, {
    access: 'public', result: 'row', params: { v: { type, required: type !== 'json' } },
  })
}

const logicTexts = (dialect: Dialect): string[] => PARAM_TYPES.map((type) => logicOf(dialect, type).text)

async function start(dialect: Dialect): Promise<TestBridge> {
  return startTestBridge({
    logic: Object.fromEntries(PARAM_TYPES.map((type) => [`v/${type}`, logicOf(dialect, type)])), manifest: { databases: { main: dialect.entry } },
  })
}

async function expectRoundTrips(dialect: Dialect, bridge: TestBridge, type: ParamType): Promise<void> {
  await fc.assert(fc.asyncProperty(VALUES[type], async ({ given, back }) => {
    const answer = await bridge.call(`v/${type}`, { v: given as never })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    const { v, canaries } = (answer.body as { data: { v: unknown; canaries: unknown } }).data
    expect(String(canaries)).toBe('3')
    expect(dialect.normalise(type, v)).toEqual(given === null ? null : back)
  }), { numRuns: RUNS })
}

/** Values that are not of the type: each is refused before the database sees it, or is the value after all. */
async function expectRefusals(bridge: TestBridge, type: ParamType): Promise<void> {
  const odd = fc.oneof(text, fc.double(), fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...WEAPONS, { __proto__: null }, [], [[]], { toString: 'x' }, Infinity, -0, 2 ** 53))
  await fc.assert(fc.asyncProperty(odd, async (v) => {
    const { status, body } = await bridge.call(`v/${type}`, { v: v as never })
    expect([200, 422], JSON.stringify(body)).toContain(status)
    expect(JSON.stringify(status === 422 ? body : {})).not.toMatch(/canary|select|syntax|SQLITE|pg_/)
  }), { numRuns: RUNS })
}

/** What the Bridge itself sends: settings of a connection, with none of a call's values in their text. */
const OWN_STATEMENT: unknown = expect.stringMatching(/^(?:select pg_catalog\.set_config\(|set )(?:(?!canary)[\w'., ()=:;$-])*$/)

const SETUP = 'create table canary (secret text)'
const FILL = "insert into canary values ('one'), ('two'), ('three')"

describe('Postgres', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  let admin: Client
  let dialect: Dialect

  beforeAll(async () => {
    postgres = await startPostgres()
    admin = new Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query(`${SETUP}; ${FILL}`)
    dialect = {
      entry: { driver: 'pg', url: postgres.url, pool: { max: 2, queue: 100 }, statementTimeout: 5000, rls: false, prepare: true },
      placeholder: '$1',
      cast: {
        string: '::text', int: '::int8', bigint: '::int8', number: '::float8', boolean: '::boolean', uuid: '::uuid', date: '::date', datetime: '::timestamptz',
        json: '::jsonb', bytes: '::bytea',
      },
      normalise: (type, wire) => type === 'datetime' ? Date.parse(String(wire)) : wire,
    }
  })
  afterAll(async () => {
    await admin.end()
    await postgres.stop()
  })

  test.each(PARAM_TYPES)('%s comes back as it was sent, and nothing of it is SQL', async (type) => {
    const bridge = await start(dialect)
    await expectRoundTrips(dialect, bridge, type)
    await expectRefusals(bridge, type)
    const { rows } = await admin.query<{ query: string }>("select query from pg_stat_activity where application_name = 'santokit' and query <> ''")
    expect(rows.length).toBeGreaterThan(0)
    for (const { query } of rows) expect([...logicTexts(dialect), OWN_STATEMENT]).toContainEqual(query)
    expect((await admin.query('select count(*)::int as n from canary')).rows).toEqual([{ n: 3 }])
  })

  test('an array of texts comes back as it was sent', async () => {
    const bridge = await startTestBridge({
      logic: { 'v/list': sql('select $1::text[] as v', { access: 'public', result: 'value', params: { v: { type: 'string', array: true } } }) },
      manifest: { databases: { main: dialect.entry } },
    })
    await fc.assert(fc.asyncProperty(fc.array(text, { maxLength: 5 }), async (v) => {
      expect(await bridge.call('v/list', { v })).toMatchObject({ status: 200, body: { data: v } })
    }), { numRuns: RUNS })
  })

  test('claims of a token are values, too', async () => {
    const { startIssuer } = await import('./issuer.ts')
    const issuer = await startIssuer()
    const bridge = await startTestBridge({
      logic: {
        'v/claims': sql('select $1::text as sub, $2::text[] as roles, $3::text as org, (select count(*) from canary) as canaries', {
          result: 'row', bindings: [{ from: 'auth', path: ['sub'] }, { from: 'auth', path: ['roles'] }, { from: 'auth', path: ['claims', 'org'] }],
        }),
      },
      manifest: { auth: issuer.auth, databases: { main: { ...dialect.entry, rls: true } as DatabaseEntry } },
    })
    await admin.query('grant select on canary to public')
    await fc.assert(fc.asyncProperty(text, fc.array(text, { maxLength: 3 }), text, async (sub, roles, org) => {
      const token = await issuer.token(sub, { roles, org })
      const answer = await bridge.call('v/claims', {}, { authorization: `Bearer ${token}` })
      expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200, body: { data: { sub, roles, org, canaries: '3' } } })
    }), { numRuns: RUNS })
    await issuer.stop()
  })
})

describe.each(['a file', 'a server'])('libSQL in %s', (place) => {
  let dialect: Dialect
  let statements: ReadonlySet<string> = new Set()
  const cleanups: (() => Promise<void>)[] = []

  beforeAll(async () => {
    let url: string
    if (place === 'a file') {
      const folder = await makeFolder()
      cleanups.push(folder.remove)
      url = `file:${join(folder.path, 'x.db')}`
    } else {
      const server = await startLibsqlServer()
      cleanups.push(server.stop)
      statements = server.statements
      url = server.url
    }
    const client = createClient({ url })
    await client.batch([SETUP, FILL])
    client.close()
    dialect = {
      entry: { driver: 'libsql', url, pool: { max: 2, queue: 100 }, statementTimeout: 5000 },
      placeholder: '?1',
      cast: { string: '', int: '', bigint: '', number: '', boolean: '', uuid: '', date: '', datetime: '', json: '', bytes: '' },
      normalise(type, wire) {
        if (type === 'json') return wire === null ? null : JSON.parse(String(wire))
        if (type === 'int' || type === 'bigint') return String(wire)
        if (type === 'boolean') return wire === 1
        return type === 'datetime' ? Date.parse(String(wire)) : wire
      },
    }
  })
  afterAll(async () => { for (const cleanup of cleanups.splice(0)) await cleanup() })

  test.each(PARAM_TYPES)('%s comes back as it was sent, and nothing of it is SQL', async (type) => {
    const bridge = await start(dialect)
    await expectRoundTrips(dialect, bridge, type)
    await expectRefusals(bridge, type)
    for (const statement of statements) expect([SETUP, FILL, 'BEGIN DEFERRED', 'BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK', ...logicTexts(dialect)]).toContain(statement)
  })
})
