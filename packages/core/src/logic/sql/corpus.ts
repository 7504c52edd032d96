/** A statement as it is written, and what must come of it. */
export interface Sample {
  /** What is awkward about it. */
  readonly about: string
  readonly sql: string
  /** What is sent to the database. */
  readonly text: string
  /** Names in the order of their positions, parted by blanks; `auth.…` comes from the token. */
  readonly bindings: string
  /** Why the database cannot be asked to prepare it. */
  readonly notPrepared?: string
}

/** A row of a table of samples. Without `text`, the statement comes out as it went in. */
export type Row = readonly [about: string, sql: string, text?: string | null, bindings?: string, more?: Partial<Sample>]

/** The samples of a table. */
export function samples(rows: readonly Row[]): readonly Sample[] {
  return rows.map(([about, sql, text, bindings = '', more = {}]) => ({ about, sql, text: text ?? sql, bindings, ...more }))
}
