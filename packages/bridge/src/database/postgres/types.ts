import { parseArray } from './array.ts'
import { exactJson } from './exact-json.ts'

/** Turns the text form of a value into what stands on the wire. */
export type Decode = (text: string) => unknown

/**
 * How a type stands on the wire, for what writes it without decoding it first. `decoded` is the general case: the value that
 * {@link Decode} gives, as JSON.
 */
export type WireForm = 'boolean' | 'number' | 'float' | 'plain' | 'text' | 'timestamp' | 'timestamptz' | 'json' | 'decoded'

interface Scalar {
  readonly form: WireForm
  readonly decode: Decode
}

const PLAIN: Scalar = { form: 'plain', decode: asText }
const TEXT: Scalar = { form: 'text', decode: asText }
const NUMBER: Scalar = { form: 'number', decode: Number }
const FLOAT: Scalar = { form: 'float', decode: decodeFloat }
const JSON_VALUE: Scalar = { form: 'json', decode: decodeJson }

/**
 * How Postgres types become wire values, the same for handlers and for SQL logic; `docs/types.md` is the contract. Forms that
 * are `plain` never need escaping. What is not here, nor an array of it, is its text.
 */
const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [16, { form: 'boolean', decode: (text) => text === 't' }],
  [17, { form: 'decoded', decode: decodeBytes }],
  // "char", name, text, bpchar, varchar, xml, money
  [18, TEXT], [19, TEXT], [25, TEXT], [1042, TEXT], [1043, TEXT], [142, TEXT], [790, TEXT],
  // int8, numeric, uuid
  [20, PLAIN], [1700, PLAIN], [2950, PLAIN],
  // int2, int4, oid
  [21, NUMBER], [23, NUMBER], [26, NUMBER],
  [700, FLOAT], [701, FLOAT],
  [114, JSON_VALUE], [3802, JSON_VALUE],
  // date, time, interval, timetz
  [1082, PLAIN], [1083, PLAIN], [1186, PLAIN], [1266, PLAIN],
  [1114, { form: 'timestamp', decode: decodeTimestamp }],
  [1184, { form: 'timestamptz', decode: decodeTimestampWithZone }],
])

/** Array types of the above, by their element type. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, 16], [1001, 17], [1002, 18], [1003, 19], [1009, 25], [1014, 1042], [1015, 1043], [143, 142], [2951, 2950],
  [1016, 20], [1231, 1700], [791, 790], [1005, 21], [1007, 23], [1028, 26], [1021, 700], [1022, 701],
  [199, 114], [3807, 3802], [1182, 1082], [1183, 1083], [1187, 1186], [1270, 1266], [1115, 1114], [1185, 1184],
])

/** The form of a type that is not looked up. */
export function wireForm(oid: number): WireForm {
  return SCALARS.get(oid)?.form ?? 'decoded'
}

/** The decoder of a built-in type, or `undefined` for a type whose nature has to be looked up. */
export function builtInDecode(oid: number): Decode | undefined {
  const scalar = SCALARS.get(oid)
  if (scalar !== undefined) return scalar.decode
  const element = ARRAYS.get(oid)
  return element === undefined ? undefined : arrayDecode(SCALARS.get(element)?.decode ?? asText)
}

/**
 * The decoder of arrays whose elements `decode` reads. What does not look like an array, such as an `int2vector`, stays text.
 *
 * @param delimiter what stands between two elements: `;` for `box`, a comma for nearly all others.
 */
export function arrayDecode(decode: Decode, delimiter = ','): Decode {
  return (text) => (text.startsWith('{') || text.startsWith('[') ? parseArray(text, decode, delimiter) : text)
}

export function asText(text: string): string {
  return text
}

function decodeBytes(text: string): string {
  return Buffer.from(text.slice(2), 'hex').toString('base64')
}

/** Adding zero makes -0 plain, as JSON's own writer does. */
function decodeFloat(text: string): number | string {
  const value = Number(text)
  return Number.isFinite(value) ? value + 0 : text
}

function decodeJson(text: string): unknown {
  return JSON.parse(exactJson(text)) as unknown
}

/** `2024-05-06 07:08:09.123456` → `2024-05-06T07:08:09.123456`. `infinity` and years before Christ stay as they are. */
function decodeTimestamp(text: string): string {
  return text.endsWith('C') ? text : text.replace(' ', 'T')
}

/** `2024-05-06 07:08:09+00` → `2024-05-06T07:08:09Z`. */
function decodeTimestampWithZone(text: string): string {
  if (text.endsWith('+00')) return `${text.slice(0, -3).replace(' ', 'T')}Z`
  return inUtc(text) ?? text
}

/** Sessions run in UTC, but a statement may have said `set timezone`. */
function inUtc(text: string): string | undefined {
  const match = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours, minutes = '0', seconds = '0'] = match
  // Not `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const local = date + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  const utc = new Date(sign === '+' ? local - offset : local + offset)
  // Years beyond four digits have a sign and zeros in front in JavaScript, and neither in Postgres.
  return `${utc.toISOString().slice(0, -5).replace(/^\+0*/, '')}${fraction}Z`
}
