import type { Json, ParamType } from '@santokit/bridge/manifest'

/** The rules of one parameter, as far as they are sound. The Bridge holds each call against the same. */
export interface ValueRules {
  readonly type: ParamType
  readonly enum?: readonly (string | number)[]
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
}

/**
 * The JSON form in which a caller would send `value`, or why it is none of this type.
 *
 * @param value plain data from YAML; whole numbers beyond 2^53 are `bigint`.
 */
export function asType(value: unknown, type: ParamType): { readonly json: Json } | { readonly why: string } {
  // A bigint travels as a decimal string, whichever way it is written here.
  const plain = type === 'bigint' && (typeof value === 'bigint' || Number.isSafeInteger(value)) ? String(value) : value
  return isJson(plain) && FORMS[type].is(plain) ? { json: plain } : { why: `This must be ${FORMS[type].words}.` }
}

/** Which rule a value of the right type breaks, in words, or `undefined` if it keeps them all. */
export function brokenRule(value: Json, rules: ValueRules): string | undefined {
  const { min, max, pattern } = rules
  const size = typeof value === 'number' ? value : typeof value === 'string' ? [...value].length : undefined
  const sizeName = typeof value === 'number' ? '' : ' in length'
  if (rules.enum !== undefined && !rules.enum.some((item) => item === value)) return 'is not one of the values in `enum`'
  if (size !== undefined && min !== undefined && size < min) return `is less than ${min}${sizeName}`
  if (size !== undefined && max !== undefined && size > max) return `is more than ${max}${sizeName}`
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern, 'u').test(value)) return 'does not match `pattern`'
  return undefined
}

interface Form {
  /** What the message says it must be. */
  readonly words: string
  is(value: Json): boolean
}

const FORMS: Readonly<Record<ParamType, Form>> = {
  string: {
    words: 'text (in quotes, if it looks like something else)',
    is: (value) => typeof value === 'string' && !value.includes('\0') && !/\p{Surrogate}/u.test(value),
  },
  int: { words: 'a whole number up to 2^53', is: (value) => Number.isSafeInteger(value) },
  bigint: { words: 'a whole number of 64 bits', is: (value) => typeof value === 'string' && isInt64(value) },
  number: { words: 'a number', is: (value) => typeof value === 'number' },
  boolean: { words: '`true` or `false`', is: (value) => typeof value === 'boolean' },
  uuid: { words: 'a UUID', is: (value) => typeof value === 'string' && UUID.test(value) },
  date: { words: 'a day such as 2024-02-29', is: (value) => typeof value === 'string' && isDay(value) },
  datetime: { words: 'a time such as 2024-02-29T12:30:00Z', is: (value) => typeof value === 'string' && isInstant(value) },
  json: { words: 'data that JSON can hold, with whole numbers up to 2^53', is: isExact },
  bytes: { words: 'base64', is: (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value },
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

function isJson(value: unknown): value is Json {
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isJson)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}

/** JavaScript may have changed other whole numbers while it read them. */
function isExact(value: Json): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact)
}

function isInt64(text: string): boolean {
  return /^-?(?:0|[1-9]\d{0,18})$/.test(text) && BigInt(text) === BigInt.asIntN(64, BigInt(text))
}

/** A day of the calendar since the year 1, as both databases know it. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

/** RFC 3339 with its offset, and in UTC still within the years 1 to 9999. */
function isInstant(text: string): boolean {
  const form = /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
  const day = form.exec(text)?.[1]
  if (day === undefined || !isDay(day)) return false
  const year = new Date(text.toUpperCase()).getUTCFullYear()
  return year >= 1 && year <= 9999
}
