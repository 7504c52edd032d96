import { parseArray } from './array.ts'

/** Turns the text form of a value into what stands on the wire. */
export type Decode = (text: string) => unknown

/**
 * How Postgres types become wire values, the same for handlers and for SQL logic:
 *
 * - smallint, integer, oid, real, double precision: number; `NaN` and the infinities are strings, for JSON has none
 * - bigint, numeric: decimal string, for a number would lose digits
 * - boolean: boolean; json, jsonb: the value itself
 * - date: `YYYY-MM-DD`; timestamp: ISO 8601 without a zone; timestamptz: ISO 8601 in UTC with `Z`. Microseconds stay.
 * - interval: ISO 8601 duration; bytea: base64 string
 * - arrays of these: arrays; everything else (text, uuid, enums, ranges, …): its text
 */
const SCALARS: ReadonlyMap<number, Decode> = new Map<number, Decode>([
  [16, (text) => text === 't'],
  [17, decodeBytes],
  [18, asText], [19, asText], [25, asText], [1042, asText], [1043, asText], [142, asText], [2950, asText],
  [20, asText], [1700, asText], [790, asText],
  [21, Number], [23, Number], [26, Number],
  [700, decodeFloat], [701, decodeFloat],
  [114, (text) => JSON.parse(text) as unknown], [3802, (text) => JSON.parse(text) as unknown],
  [1082, asText], [1083, asText], [1186, asText], [1266, asText],
  [1114, decodeTimestamp],
  [1184, decodeTimestampWithZone],
])

/** Array types of the above, by their element type. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, 16], [1001, 17], [1002, 18], [1003, 19], [1009, 25], [1014, 1042], [1015, 1043], [143, 142], [2951, 2950],
  [1016, 20], [1231, 1700], [791, 790], [1005, 21], [1007, 23], [1028, 26], [1021, 700], [1022, 701],
  [199, 114], [3807, 3802], [1182, 1082], [1183, 1083], [1187, 1186], [1270, 1266], [1115, 1114], [1185, 1184],
])

/** The decoder of a built-in type, or `undefined` for a type whose nature has to be looked up. */
export function builtInDecode(oid: number): Decode | undefined {
  const scalar = SCALARS.get(oid)
  if (scalar !== undefined) return scalar
  const element = ARRAYS.get(oid)
  return element === undefined ? undefined : arrayDecode(element)
}

/** The decoder of arrays of a type. What does not look like an array, such as an `int2vector`, stays text. */
export function arrayDecode(elementOid: number): Decode {
  const decode = SCALARS.get(elementOid) ?? asText
  return (text) => (text.startsWith('{') || text.startsWith('[') ? parseArray(text, decode) : text)
}

export function asText(text: string): string {
  return text
}

function decodeBytes(text: string): string {
  return Buffer.from(text.slice(2), 'hex').toString('base64')
}

function decodeFloat(text: string): number | string {
  const value = Number(text)
  return Number.isFinite(value) ? value : text
}

/** `2024-05-06 07:08:09.123456` → `2024-05-06T07:08:09.123456`. `infinity` and years before Christ stay as they are. */
function decodeTimestamp(text: string): string {
  return text.endsWith('C') ? text : text.replace(' ', 'T')
}

function decodeTimestampWithZone(text: string): string {
  if (text.endsWith('+00')) return `${text.slice(0, -3).replace(' ', 'T')}Z`
  return inUtc(text) ?? text
}

/** Sessions run in UTC, but a statement may have said `set timezone`. */
function inUtc(text: string): string | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours, minutes = '0', seconds = '0'] = match
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  const utc = new Date(sign === '+' ? local - offset : local + offset)
  return `${utc.toISOString().slice(0, -5)}${fraction}Z`
}
