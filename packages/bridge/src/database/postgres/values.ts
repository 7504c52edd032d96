import type { SqlValue } from '../../logic.ts'
import { DatabaseError } from '../driver.ts'

/** What goes over the wire: the text form of a value, or bytes. */
export type Bound = null | string | Buffer

/**
 * Turns values into what Postgres is sent. Objects become JSON text; an array becomes a Postgres array (a JSON array must be
 * given as `JSON.stringify(array)`); dates become ISO 8601 in UTC.
 *
 * @throws DatabaseError `invalid` for what has no such form, such as an invalid date.
 */
export function bindForPostgres(values: readonly SqlValue[]): Bound[] {
  return values.map(toBound)
}

function toBound(value: SqlValue | undefined): Bound {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'string': return value
    case 'number': case 'bigint': case 'boolean': return String(value)
    case 'object': break
    default: throw new DatabaseError('invalid', `A ${typeof value} cannot be bound.`)
  }
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new DatabaseError('invalid', 'An invalid date cannot be bound.')
    return value.toISOString()
  }
  return Array.isArray(value) ? toArrayText(value as readonly SqlValue[]) : toJson(value)
}

/** The text form of an array (manual, "Array Value Input"). */
function toArrayText(items: readonly SqlValue[]): string {
  return `{${items.map((item) => (Array.isArray(item) ? toArrayText(item) : quoteItem(toBound(item)))).join(',')}}`
}

function quoteItem(item: Bound): string {
  if (item === null) return 'NULL'
  const text = typeof item === 'string' ? item : `\\x${item.toString('hex')}`
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function toJson(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    throw new DatabaseError('invalid', 'An object that is not JSON cannot be bound.')
  }
}
