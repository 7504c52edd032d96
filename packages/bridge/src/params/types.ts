import type { SqlValue } from '../logic.ts'
import type { ParamType } from '../manifest/format.ts'

/** A value in the form it is bound in, or what it should have been. */
export type Read = { readonly value: SqlValue } | { readonly expected: string }

/** Reads one value of a type, from parsed JSON. Never throws. */
export const READ_JSON: Readonly<Record<ParamType, (value: unknown) => Read>> = {
  string: readString,
  int: readInt,
  bigint: readBigint,
  number: (value) => (Number.isFinite(value) ? { value: value as number } : { expected: 'must be a number' }),
  boolean: (value) => (typeof value === 'boolean' ? { value } : { expected: 'must be true or false' }),
  uuid: readUuid,
  date: readDate,
  datetime: readDatetime,
  json: readJson,
  bytes: readBytes,
}

/** Reads one value of a type from a query string: what JSON has a syntax of its own for must be written in exactly that. */
export const READ_QUERY: Readonly<Record<ParamType, (text: unknown) => Read>> = {
  ...READ_JSON,
  int: (text) => READ_JSON.int(jsonNumber(text)),
  number: (text) => READ_JSON.number(jsonNumber(text)),
  boolean: (text) => READ_JSON.boolean(text === 'true' ? true : text === 'false' ? false : undefined),
  json: (text) => {
    try {
      return readJson(JSON.parse(String(text)))
    } catch {
      return { expected: 'must be JSON' }
    }
  },
}

function jsonNumber(text: unknown): number | undefined {
  return typeof text === 'string' && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

function readString(value: unknown): Read {
  if (typeof value !== 'string') return { expected: 'must be a string' }
  // Postgres cannot store it, and SQLite's functions stop at it.
  if (value.includes('\0')) return { expected: 'must not contain U+0000' }
  // Half a surrogate pair has no UTF-8 form; it would silently become another character.
  if (/\p{Surrogate}/u.test(value)) return { expected: 'must be well-formed Unicode' }
  return { value }
}

function readInt(value: unknown): Read {
  // Adding zero makes -0 plain.
  return Number.isSafeInteger(value) ? { value: (value as number) + 0 } : { expected: 'must be an integer within ±(2^53-1)' }
}

function readBigint(value: unknown): Read {
  const expected = { expected: 'must be a decimal string of a 64-bit integer' }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { value: BigInt(value) } : expected
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return expected
  const integer = BigInt(value)
  return BigInt.asIntN(64, integer) === integer ? { value: integer } : expected
}

function readUuid(value: unknown): Read {
  return typeof value === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
    ? { value: value.toLowerCase() }
    : { expected: 'must be a UUID' }
}

function readDate(value: unknown): Read {
  const match = typeof value === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) : null
  return match !== null && isCalendarDate(match) ? { value: value as string } : { expected: 'must be a date as YYYY-MM-DD' }
}

const HOUR = String.raw`([01]\d|2[0-3])`
const MINUTE = String.raw`([0-5]\d)`
const DATETIME = new RegExp(
  String.raw`^(\d{4})-(\d\d)-(\d\d)[Tt]${HOUR}:${MINUTE}:${MINUTE}(\.\d{1,9})?(?:[Zz]|([+-])${HOUR}:${MINUTE})$`,
)

/** RFC 3339 with a zone; bound in UTC, fraction as given, so that texts in SQLite compare as times do. */
function readDatetime(value: unknown): Read {
  const expected = { expected: 'must be a date and time with a zone, as 2024-05-06T07:08:09Z' }
  if (typeof value !== 'string') return expected
  const match = DATETIME.exec(value)
  if (match === null || !isCalendarDate(match)) return expected
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours = '0', minutes = '0'] = match
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second)
  const local = utcTime(Number(year), Number(month), Number(day)) + seconds * 1000
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  const utc = new Date(sign === '-' ? local + offset : local - offset)
  const utcYear = utc.getUTCFullYear()
  return utcYear < 1 || utcYear > 9999 ? expected : { value: `${utc.toISOString().slice(0, 19)}${fraction}Z` }
}

function isCalendarDate([, year, month, day]: readonly string[]): boolean {
  const date = new Date(utcTime(Number(year), Number(month), Number(day)))
  // Postgres has no year 0.
  return Number(year) > 0 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

/** `Date.UTC` without its reading of the years 0 to 99 as 1900 to 1999. */
function utcTime(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day)
}

/**
 * Bound as JSON text: in Postgres for `:name::jsonb`, in SQLite for its JSON functions. What JavaScript may have changed while it
 * read the text is refused, for its digits are gone.
 */
function readJson(value: unknown): Read {
  try {
    if (holdsInexact(value)) return { expected: 'must hold no integer beyond ±(2^53-1) and no number beyond a double: write it as a string' }
    const text = JSON.stringify(value) as string | undefined
    return text === undefined ? { expected: 'must be JSON' } : { value: text }
  } catch {
    return { expected: 'must be JSON' }
  }
}

function holdsInexact(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsInexact)
}

/** Base64 (RFC 4648, section 4) with padding and nothing else. */
function readBytes(value: unknown): Read {
  const expected = { expected: 'must be base64' }
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return expected
  const bytes = Buffer.from(value, 'base64')
  // Bits beyond the last byte must be zero: one value has one form.
  return bytes.toString('base64') === value ? { value: new Uint8Array(bytes) } : expected
}
