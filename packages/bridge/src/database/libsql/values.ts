import type { SqlValue } from '../../logic.ts'
import type { SqlLogicEntry } from '../../manifest/format.ts'
import { DatabaseError } from '../driver.ts'

/** What SQLite stores: INTEGER is `bigint`, REAL is `number`. */
export type Bound = null | string | number | bigint | Uint8Array

/**
 * Turns values into what SQLite stores: booleans become 1 and 0, dates ISO 8601 in UTC, arrays and objects JSON text.
 * Whole numbers become INTEGER, for 5 stored in a TEXT column should not read "5.0".
 *
 * @throws DatabaseError `invalid` for what SQLite cannot hold, such as NaN.
 */
export function bindForLibsql(values: readonly SqlValue[]): Bound[] {
  return values.map(toBound)
}

/** The same for a SQL logic, whose declarations say whether a number is meant as INTEGER or REAL. */
export function bindLogicForLibsql(entry: SqlLogicEntry, values: readonly SqlValue[]): Bound[] {
  return values.map((value, position) => {
    const binding = entry.bindings[position]
    const input = binding?.from === 'param' ? entry.inputs.find(({ name }) => name === binding.name) : undefined
    return typeof value === 'number' && input?.type === 'number' ? value : toBound(value)
  })
}

function toBound(value: SqlValue | undefined): Bound {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'string': return value
    case 'boolean': return value ? 1n : 0n
    case 'number': return fromNumber(value)
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new DatabaseError('invalid', 'An integer beyond 64 bits cannot be bound.')
      return value
    case 'object': break
    default: throw new DatabaseError('invalid', `A ${typeof value} cannot be bound.`)
  }
  if (value instanceof Uint8Array) return value
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new DatabaseError('invalid', 'An invalid date cannot be bound.')
    return value.toISOString()
  }
  return toJson(value)
}

function fromNumber(value: number): number | bigint {
  if (!Number.isFinite(value)) throw new DatabaseError('invalid', 'SQLite has no NaN and no infinities to bind.')
  return Number.isSafeInteger(value) ? BigInt(value) : value
}

function toJson(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    throw new DatabaseError('invalid', 'An object that is not JSON cannot be bound.')
  }
}

/**
 * How SQLite's values stand on the wire: an INTEGER is a number, or a decimal string beyond 2^53; a BLOB is a base64
 * string; an infinite REAL is a string, for JSON has none.
 */
export function fromLibsql(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
  return value
}
