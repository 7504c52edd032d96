import type { Dialect } from '../../logic/sql/lexer.ts'
import type { SchemaDraft, SchemaDraftStatement, SchemaState } from '../contract.ts'

/**
 * Statements for indexes that `create index concurrently` left unfinished when it was interrupted: Postgres keeps such an index, marked as
 * not valid, and engines take it for a whole one.
 */
export function repairsOf(live: SchemaState, { to, statements }: SchemaDraft, driver: Dialect): readonly SchemaDraftStatement[] {
  if (driver !== 'pg') return []
  return Object.entries(live.objects).flatMap(([object, { name, parts }]) => Object.entries(parts).flatMap(([part, value]) => {
    if (value.valid !== false || to.objects[object]?.parts[part]?.valid !== true) return []
    const index = part.slice('index '.length)
    const schema = name.slice(0, name.indexOf('.'))
    const sql = `REINDEX INDEX CONCURRENTLY ${quoted(schema)}.${quoted(index)}`
    return statements.some((statement) => statement.sql === sql) ? [] : [{ sql, comment: 'finish an index that was left unfinished' }]
  }))
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
