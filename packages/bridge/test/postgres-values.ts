/** A value as Postgres is given it in text, and what it looks like on the wire. */
export type PostgresValue = readonly [type: string, text: string, wire: unknown]

const HUNDRED_DIGITS = '1234567890'.repeat(10)

/** What {@link POSTGRES_VALUES} needs of the database. */
export const POSTGRES_TYPES = `
  create type mood as enum ('sad', 'so, so', '{odd}');
  create type pair as (n int, word text);
  create domain score as int;
  create domain low_score as score;
  create domain scores as int[];
`

/** The contract of `docs/types.md`, value by value. */
export const POSTGRES_VALUES: readonly PostgresValue[] = [
  ['smallint', '-32768', -32768], ['integer', '2147483647', 2147483647], ['integer', '-2147483648', -2147483648],
  ['oid', '4294967295', 4294967295],
  ['bigint', '0', '0'], ['bigint', '9007199254740991', '9007199254740991'], ['bigint', '9007199254740993', '9007199254740993'],
  ['bigint', '9223372036854775807', '9223372036854775807'], ['bigint', '-9223372036854775808', '-9223372036854775808'],
  ['numeric', '0.10', '0.10'], ['numeric', HUNDRED_DIGITS, HUNDRED_DIGITS], ['numeric', `-0.${HUNDRED_DIGITS}`, `-0.${HUNDRED_DIGITS}`],
  ['numeric', '1e-20', '0.00000000000000000001'], ['numeric', '-0', '0'], ['numeric', 'NaN', 'NaN'], ['numeric', '-Infinity', '-Infinity'],
  ['real', '0.1', 0.1], ['real', '16777217', 16777216], ['real', 'NaN', 'NaN'],
  ['double precision', '0.1', 0.1], ['double precision', '1e300', 1e300], ['double precision', '5e-324', 5e-324],
  ['double precision', '1.7976931348623157e308', Number.MAX_VALUE], ['double precision', '9007199254740993', 9007199254740992],
  ['double precision', '-0', 0], ['double precision', '-1.5', -1.5], ['double precision', 'NaN', 'NaN'],
  ['double precision', 'Infinity', 'Infinity'], ['double precision', '-Infinity', '-Infinity'],
  ['money', '1234.5', '$1,234.50'],
  ['boolean', 'true', true], ['boolean', 'false', false],
  ['text', 'Grüße, 世界 🎉', 'Grüße, 世界 🎉'], ['text', '', ''], ['text', 'NULL', 'NULL'],
  ['text', 'a "quote", a \\ and\n\r\t\b\f\u0001\u007f\u2028 controls', 'a "quote", a \\ and\n\r\t\b\f\u0001\u007f\u2028 controls'],
  ['varchar(3)', 'abc', 'abc'], ['char(3)', 'a', 'a  '], ['name', 'n', 'n'], ['"char"', 'c', 'c'],
  ['uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['xml', '<a b="c">d</a>', '<a b="c">d</a>'],
  ['date', '2024-02-29', '2024-02-29'], ['date', 'infinity', 'infinity'], ['date', '-infinity', '-infinity'],
  ['date', '0044-03-15 BC', '0044-03-15 BC'], ['date', '10000-01-01', '10000-01-01'],
  ['time', '01:02:03.000004', '01:02:03.000004'], ['time', '24:00', '24:00:00'], ['timetz', '01:02:03.000004+05:30', '01:02:03.000004+05:30'],
  ['timestamp', '2024-05-06 07:08:09.123456', '2024-05-06T07:08:09.123456'], ['timestamp', '2024-05-06', '2024-05-06T00:00:00'],
  ['timestamp', 'infinity', 'infinity'], ['timestamp', '-infinity', '-infinity'], ['timestamp', '0001-01-01', '0001-01-01T00:00:00'],
  ['timestamp', '0044-03-15 12:00 BC', '0044-03-15 12:00:00 BC'], ['timestamp', '10000-01-01', '10000-01-01T00:00:00'],
  ['timestamptz', '2024-05-06 07:08:09.123456+05:30', '2024-05-06T01:38:09.123456Z'], ['timestamptz', '2024-05-06 07:08:09+00', '2024-05-06T07:08:09Z'],
  ['timestamptz', 'infinity', 'infinity'], ['timestamptz', '-infinity', '-infinity'],
  ['timestamptz', '0044-03-15 12:00+00 BC', '0044-03-15 12:00:00+00 BC'], ['timestamptz', '10000-01-01 00:00+00', '10000-01-01T00:00:00Z'],
  ['interval', '1 day 2 hours', 'P1DT2H'], ['interval', '0', 'PT0S'], ['interval', '1 month -1 day 0.000001 second', 'P1M-1DT0.000001S'],
  ['json', '{"a":[1,null,"x"]}', { a: [1, null, 'x'] }], ['json', ' [ 1.50 , true ] ', [1.5, true]], ['json', '"\\ud83d\\ude00"', '😀'],
  ['json', '{"a":1,"a":2}', { a: 2 }], ['json', '1e400', '1e400'], ['json', '[1e300,-1E-7,"12e345","9007199254740993"]', [1e300, -1e-7, '12e345', '9007199254740993']],
  ['jsonb', '"text"', 'text'], ['jsonb', 'null', null], ['jsonb', '{"name":"Grüße 🎉","b":false}', { name: 'Grüße 🎉', b: false }],
  ['jsonb', '{"id":9007199254740993,"safe":9007199254740991}', { id: '9007199254740993', safe: 9007199254740991 }],
  ['jsonb', '[-9223372036854775808,0.5,"12345678901234567890\\""]', ['-9223372036854775808', 0.5, '12345678901234567890"']],
  ['bytea', '\\x00ff10', 'AP8Q'], ['bytea', '\\x', ''],
  ['int4range', '[1,5)', '[1,5)'], ['int4multirange', '{[1,3),[5,7)}', '{[1,3),[5,7)}'],
  ['tstzrange', '[2024-01-01 00:00+00,)', '["2024-01-01 00:00:00+00",)'],
  ['inet', '10.0.0.1/8', '10.0.0.1/8'], ['cidr', '10.0.0.0/8', '10.0.0.0/8'], ['macaddr', '08:00:2b:01:02:03', '08:00:2b:01:02:03'],
  ['bit(3)', '101', '101'], ['varbit', '10', '10'], ['point', '(1,2)', '(1,2)'], ['box', '(3,4),(1,2)', '(3,4),(1,2)'],
  ['tsvector', "'a':1 'b':2", "'a':1 'b':2"], ['tsquery', "'a' & 'b'", "'a' & 'b'"], ['jsonpath', '$.a', '$."a"'],
  ['int2vector', '1 2', '1 2'], ['regtype', 'integer', 'integer'],
  ['mood', 'so, so', 'so, so'], ['pair', '(1,"a b")', '(1,"a b")'], ['low_score', '7', 7], ['scores', '{1,2}', [1, 2]],
  ['integer[]', '{1,NULL,3}', [1, null, 3]], ['integer[]', '{{1,2},{3,4}}', [[1, 2], [3, 4]]], ['integer[]', '[0:1]={1,2}', [1, 2]],
  ['integer[]', '{}', []], ['bigint[]', '{9007199254740993,NULL}', ['9007199254740993', null]], ['numeric[]', '{0.10}', ['0.10']],
  ['text[]', '{"a b","NULL",NULL,"q\\"u\\\\o,{}",""}', ['a b', 'NULL', null, 'q"u\\o,{}', '']], ['text[]', '{{{a}},{{NULL}}}', [[['a']], [[null]]]],
  ['boolean[]', '{t,f}', [true, false]], ['double precision[]', '{1.5,NaN,-0}', [1.5, 'NaN', 0]],
  ['date[]', '{infinity}', ['infinity']], ['timestamptz[]', '{"2024-05-06 07:08:09+02"}', ['2024-05-06T05:08:09Z']], ['interval[]', '{"1 day"}', ['P1D']],
  ['jsonb[]', '{"{\\"a\\": 9007199254740993}",NULL}', [{ a: '9007199254740993' }, null]], ['bytea[]', '{"\\\\x00ff"}', ['AP8=']],
  ['uuid[]', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']], ['inet[]', '{10.0.0.1}', ['10.0.0.1']],
  ['box[]', '{(3,4),(1,2);(1,1),(0,0)}', ['(3,4),(1,2)', '(1,1),(0,0)']], ['money[]', '{"$1,000.00"}', ['$1,000.00']],
  ['mood[]', '{sad,"so, so",NULL}', ['sad', 'so, so', null]], ['pair[]', '{"(1,\\"a b\\")"}', ['(1,"a b")']],
  ['score[]', '{1,2}', [1, 2]], ['low_score[]', '{3}', [3]], ['scores[]', '{"{1,2}"}', [[1, 2]]],
]

/** One select of all the values, as columns `v0`, `v1`, … after one null of each type, `n0`, … Placeholder `$1` is an array of the texts. */
export const ALL_POSTGRES_VALUES = `select ${POSTGRES_VALUES.map(([type], at) => `($1::text[])[${at + 1}]::${type} as v${at}, null::${type} as n${at}`).join(', ')}`
