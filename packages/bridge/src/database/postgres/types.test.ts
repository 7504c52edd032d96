import { expect, test } from 'vitest'
import { logic, scope } from '../../../test/database.ts'
import { postgresDrivers } from '../../../test/postgres-drivers.ts'

const postgres = postgresDrivers()

test.each([
  ['smallint', '7', 7], ['integer', '-2147483648', -2147483648], ['oid', '4294967295', 4294967295],
  ['bigint', '9007199254740993', '9007199254740993'], ['numeric', '0.10', '0.10'], ['numeric', 'NaN', 'NaN'],
  ['real', '0.1', 0.1], ['double precision', '1e300', 1e300],
  ['double precision', 'NaN', 'NaN'], ['double precision', '-Infinity', '-Infinity'],
  ['boolean', 'true', true], ['text', 'Grüße, 世界 🎉', 'Grüße, 世界 🎉'], ['varchar(3)', 'abc', 'abc'], ['char(3)', 'a', 'a  '],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['date', '2024-02-29', '2024-02-29'], ['time', '01:02:03.000004', '01:02:03.000004'],
  ['timestamp', '2024-05-06 07:08:09.123456', '2024-05-06T07:08:09.123456'], ['timestamp', '2024-05-06', '2024-05-06T00:00:00'],
  ['timestamptz', '2024-05-06 07:08:09.123456+05:30', '2024-05-06T01:38:09.123456Z'], ['timestamptz', 'infinity', 'infinity'],
  ['timestamptz', '2024-05-06 07:08:09+00', '2024-05-06T07:08:09Z'],
  ['interval', '1 day 2 hours', 'P1DT2H'],
  ['json', '{"a":[1,null,"x"]}', { a: [1, null, 'x'] }], ['jsonb', '"text"', 'text'], ['jsonb', 'null', null],
  ['bytea', '\\x00ff10', 'AP8Q'],
  ['int4range', '[1,5)', '[1,5)'], ['inet', '10.0.0.1', '10.0.0.1'],
  ['integer[]', '{1,NULL,3}', [1, null, 3]], ['integer[]', '{{1,2},{3,4}}', [[1, 2], [3, 4]]], ['integer[]', '[0:1]={1,2}', [1, 2]],
  ['integer[]', '{}', []], ['bigint[]', '{9007199254740993}', ['9007199254740993']],
  ['text[]', '{"a b","NULL",NULL,"q\\"u\\\\o,{}"}', ['a b', 'NULL', null, 'q"u\\o,{}']],
  ['boolean[]', '{t,f}', [true, false]], ['double precision[]', '{1.5,NaN}', [1.5, 'NaN']],
  ['timestamptz[]', '{"2024-05-06 07:08:09+02"}', ['2024-05-06T05:08:09Z']],
  ['jsonb[]', '{"{\\"a\\": 1}"}', [{ a: 1 }]], ['bytea[]', '{"\\\\x00ff"}', ['AP8=']], ['inet[]', '{10.0.0.1}', ['10.0.0.1']],
] as const)('%s %s stands on the wire as %j, for SQL logic and for handlers', async (type, text, wire) => {
  const driver = await postgres.open({ pool: { max: 1, queue: 0 } })
  expect(await driver.run(logic(`select $1::text::${type}`, 'value'), [text], scope())).toEqual(wire)
  expect(await driver.database(scope()).value(`select $1::text::${type}`, [text])).toEqual(wire)
})

test('arrays of enums and of domains are arrays, and an enum is its label', async () => {
  await postgres.admin.query(`create type mood as enum ('sad', 'so, so', '{odd}'); create domain score as int`)
  const driver = await postgres.open()
  const entry = logic(`select '{sad,"so, so"}'::mood[] as many, '{odd}'::mood as one, '{1,2}'::score[] as scores`, 'row')
  const answer = await driver.run(entry, [], scope())
  expect(answer).toEqual({ many: ['sad', 'so, so'], one: '{odd}', scores: [1, 2] })
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
