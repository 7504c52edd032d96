import type { ResultSet } from '@libsql/client'
import type { Answer } from '../answer.ts'
import { fromLibsql } from './values.ts'

/** Reads rows by position, since columns may share a name. */
export function toAnswer(result: ResultSet): Answer {
  return {
    columns: result.columns,
    rows: result.rows.map((row) => Array.from({ length: result.columns.length }, (_, i) => fromLibsql(row[i]))),
    changed: changedRows(result),
  }
}

/** Rows that the statement changed. A local `insert … returning` counts its rows only. */
export function changedRows({ rowsAffected, rows }: ResultSet): number {
  return rowsAffected || rows.length
}
