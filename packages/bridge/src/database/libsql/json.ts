import type { ResultSet } from '@libsql/client'
import type { SqlResult } from '../../manifest/format.ts'
import { refuseCount } from '../answer.ts'
import { changedRows } from './answer.ts'
import { fromLibsql } from './values.ts'

type LibsqlRow = ResultSet['rows'][number]

/**
 * Writes what a statement gave as JSON text, in the shape that a SQL logic declared. The same as `JSON.stringify` of
 * `shapeAnswer`, without building rows of it first.
 *
 * @throws DatabaseError `no_row` when there is none and one is needed, `row_count` when there are more than that.
 */
export function toJson(result: ResultSet, shape: SqlResult): string {
  const { rows } = result
  if (shape === 'affected') return String(changedRows(result))
  if (shape === 'rows') {
    const keys = keysOf(result.columns)
    return `[${rows.map((row) => rowJson(row, keys)).join(',')}]`
  }
  const [row] = rows
  if (row === undefined && shape === 'row?') return 'null'
  if (row === undefined || rows.length > 1) return refuseCount(rows.length, shape === 'row?' ? 'one row at most' : 'exactly one row')
  return shape === 'value' ? valueJson(row[0]) : rowJson(row, keysOf(result.columns))
}

/** What stands before each value; none for a column that a later one of the same name hides. */
function keysOf(columns: readonly string[]): readonly (string | undefined)[] {
  let first = true
  return columns.map((name, at) => {
    if (columns.lastIndexOf(name) !== at) return undefined
    const before = first ? '{' : ','
    first = false
    return `${before}${JSON.stringify(name)}:`
  })
}

function rowJson(row: LibsqlRow, keys: readonly (string | undefined)[]): string {
  let json = ''
  for (const [at, key] of keys.entries()) if (key !== undefined) json += key + valueJson(row[at])
  return json === '' ? '{}' : `${json}}`
}

function valueJson(value: unknown): string {
  if (typeof value === 'bigint') {
    // As `fromLibsql`: within 2^53 a number, beyond it a string.
    return value >= MIN_SAFE && value <= MAX_SAFE ? String(value) : `"${value}"`
  }
  return JSON.stringify(fromLibsql(value) ?? null)
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER)
