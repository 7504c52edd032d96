import type { Action } from './read-statement.ts'

/**
 * A table that SQLite cannot alter, made anew: created under another name, filled from the old one, put in its place
 * (https://www.sqlite.org/lang_altertable.html, section 7).
 */
export interface Rebuild {
  readonly table: string
  /** Its name while it is filled. */
  readonly draft: string
  /** Columns that are copied, by their names before, with their names after. */
  readonly copied: ReadonlyMap<string, string>
}

/**
 * The rebuilds among actions that stand in the order in which they run. All four steps have to be there in their order; rows are copied
 * whole and unfiltered, or the copy is none.
 */
export function rebuildsOf(actions: readonly Action[]): readonly Rebuild[] {
  return actions.flatMap((copy, at): readonly Rebuild[] => {
    if (copy.act !== 'copy') return []
    const { name: table } = copy.from
    const { name: draft } = copy.to
    const isMade = actions.slice(0, at).some((action) => action.act === 'create' && action.kind === 'table' && isSame(action.name.name, draft))
    const rest = actions.slice(at + 1)
    const dropped = rest.findIndex((action) => action.act === 'drop' && action.kind === 'table' && isSame(action.name.name, table))
    const isPlaced = dropped !== -1 && rest.slice(dropped + 1)
      .some((action) => action.act === 'rename' && isSame(action.name.name, draft) && isSame(action.to, table))
    return isMade && isPlaced ? [{ table, draft, copied: copy.columns }] : []
  })
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
