import type { Row } from '../logic.ts'
import type { Json, SqlResult } from '../manifest/format.ts'
import { DatabaseError } from './driver.ts'

/** What a statement gave, in wire values: see `docs/types.md`. Rows are positional, so columns may share a name. */
export interface Answer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** Rows that the statement changed, as the database counts them. */
  readonly changed: number
}

/**
 * Shapes an answer as a SQL logic declared it.
 *
 * @throws DatabaseError `no_row` when there is none and one is needed, `row_count` when there are more than that.
 */
export function shapeAnswer(answer: Answer, result: SqlResult): Json {
  switch (result) {
    case 'rows': return rowsOf(answer) as Json
    case 'row': return (rowOf(answer) ?? refuseCount(answer.rows.length, 'exactly one row')) as Json
    case 'row?': return (rowOf(answer) ?? null) as Json
    case 'value': return (answer.rows.length === 1 ? valueOf(answer) : refuseCount(answer.rows.length, 'exactly one row')) as Json
    case 'affected': return answer.changed
  }
}

/** All rows by column name; of columns that share a name the last one counts. */
export function rowsOf(answer: Answer): Row[] {
  return answer.rows.map((values) => toRow(answer.columns, values))
}

/** The only row, or `undefined` if there is none. */
export function rowOf(answer: Answer): Row | undefined {
  const values = onlyRow(answer)
  return values === undefined ? undefined : toRow(answer.columns, values)
}

/** The first column of the only row, or `undefined` if there is none. */
export function valueOf(answer: Answer): unknown {
  return onlyRow(answer)?.[0]
}

function onlyRow(answer: Answer): readonly unknown[] | undefined {
  return answer.rows.length > 1 ? refuseCount(answer.rows.length, 'one row at most') : answer.rows[0]
}

function toRow(columns: readonly string[], values: readonly unknown[]): Row {
  const row: Row = {}
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as string
    const value = values[i]
    // Assigning to `__proto__` would set the prototype instead of a column.
    if (column === '__proto__') Object.defineProperty(row, column, { value, enumerable: true, configurable: true, writable: true })
    else row[column] = value
  }
  return row
}

/** @throws DatabaseError `no_row` or `row_count`. */
export function refuseCount(count: number, wanted: string): never {
  throw new DatabaseError(count === 0 ? 'no_row' : 'row_count', `The statement gave ${count} rows; ${wanted} was wanted.`)
}
