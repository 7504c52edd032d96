import { beforeAll, expect, test } from 'vitest'
import { logic, scope } from '../../../test/database.ts'
import { postgresDrivers } from '../../../test/postgres-drivers.ts'
import { POSTGRES_TYPES, POSTGRES_VALUES } from '../../../test/postgres-values.ts'
import { encodeJson } from '../../json.ts'
import type { SqlLogicEntry } from '../../manifest/format.ts'
import type { DatabaseDriver } from '../index.ts'

const postgres = postgresDrivers()
let drivers: readonly DatabaseDriver[]
let unnamed: DatabaseDriver

beforeAll(async () => {
  await postgres.admin.query(POSTGRES_TYPES)
  drivers = [await postgres.open(), await postgres.open({ rls: true })]
  unnamed = await postgres.open({ prepare: false })
  await Promise.all(drivers.map(openFastLane))
})

/** Runs something short until the lane for it stands. */
async function openFastLane(driver: DatabaseDriver): Promise<void> {
  const lane = logic(`select current_setting('statement_timeout')`, 'value')
  while (await driver.run(lane, [], scope()) !== '50ms') await driver.ping(AbortSignal.timeout(5_000))
}

const asked = async (driver: DatabaseDriver, entry: SqlLogicEntry, text: string): Promise<unknown> =>
  JSON.parse(await driver.runToJson(entry, [text], scope())) as unknown

test.each(POSTGRES_VALUES)('%s %s stands on the wire as %j, whichever way it takes', async (type, text, wire) => {
  const value = `$1::text::${type}`
  // The limit tells the lanes apart.
  const entry = logic(`select ${value} as v, null::${type} as n, current_setting('statement_timeout') as lane`, 'row')
  for (const driver of drivers) {
    expect(await asked(driver, entry, text)).toEqual({ v: wire, n: null, lane: '10s' })
    for (let lane: unknown; lane !== '50ms';) {
      const answer = await asked(driver, entry, text) as { readonly lane: string }
      expect(answer).toEqual({ v: wire, n: null, lane: lane = answer.lane })
      expect(await driver.run(entry, [text], scope())).toMatchObject({ v: wire, n: null })
    }
    const db = driver.database(scope())
    expect(JSON.parse(encodeJson(await db.rows(`select ${value} as v, null::${type} as n`, [text])))).toEqual([{ v: wire, n: null }])
    const inside = await db.transaction(async (tx) => [await driver.run(entry, [text], scope(), tx), await tx.value(`select ${value}`, [text])])
    expect(JSON.parse(encodeJson(inside))).toEqual([{ v: wire, n: null, lane: '10s' }, wire])
  }
  expect(await asked(unnamed, entry, text)).toMatchObject({ v: wire, n: null })
  for (const driver of drivers) expect(await asked(driver, logic(`select ${value}`, 'value'), text)).toEqual(wire)
})

test('a text of many chunks arrives whole', async () => {
  const long = `${'Grüße 🎉 '.repeat(50_000)}"`
  for (const driver of drivers) expect(await asked(driver, logic('select $1::text', 'value'), long)).toBe(long)
})

test('forms do not depend on what the server, the database or the role is set to', async () => {
  await postgres.admin.query(`create role odd_user superuser login password 'odd';
    alter role odd_user set timezone = 'Asia/Kathmandu'; alter role odd_user set datestyle = 'German'; alter role odd_user set intervalstyle = 'postgres_verbose';
    alter role odd_user set bytea_output = 'escape'; alter role odd_user set extra_float_digits = -3`)
  const url = new URL(postgres.url)
  url.username = url.password = 'odd'
  url.username = 'odd_user'
  const driver = await postgres.open({}, url.href)
  const entry = logic(`select '2024-05-06 07:08:09+00'::timestamptz as t, '2024-05-06'::date as d, '1 day'::interval as i, '\\x00'::bytea as b, 0.1::float8 as f`, 'row')
  expect(JSON.parse(await driver.runToJson(entry, [], scope()))).toEqual({ t: '2024-05-06T07:08:09Z', d: '2024-05-06', i: 'P1D', b: 'AA==', f: 0.1 })
})

test('a zone that a statement sets does not show in what it gives', async () => {
  const driver = await postgres.open()
  const zoned = await driver.database(scope()).transaction(async (tx) => {
    await tx.exec(`set local timezone = 'Asia/Kathmandu'`)
    return tx.row(`select '2024-05-06 07:08:09.5+00'::timestamptz as t, '0050-01-01 00:00+00'::timestamptz as early, '12000-01-01 00:00+00'::timestamptz as late`)
  })
  expect(zoned).toEqual({ t: '2024-05-06T07:08:09.5Z', early: expect.stringMatching(/^0050-01-01T00:00:00/) as string, late: '12000-01-01T00:00:00Z' })
})

test('what JavaScript holds arrives as the type of the column', async () => {
  const driver = await postgres.open()
  const db = driver.database(scope())
  await db.exec(`create table bound (s text, i int, b bigint, f float8, t boolean, d timestamptz, j jsonb, y bytea, a text[], m int[])`)
  await db.exec('insert into bound values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
    "it's", 5, 9007199254740993n, 0.5, true, new Date('2024-05-06T07:08:09.123Z'), { a: [1] },
    new Uint8Array([0, 255]), ['a,"b', 'NULL'], [[1, 2], [3, 4]],
  ])
  expect(await db.row('select * from bound')).toEqual({
    s: "it's", i: 5, b: '9007199254740993', f: 0.5, t: true, d: '2024-05-06T07:08:09.123Z', j: { a: [1] }, y: 'AP8=',
    a: ['a,"b', 'NULL'], m: [[1, 2], [3, 4]],
  })
})
