import type { SchemaObject, SchemaState } from '@santokit/core'
import { quoted, readHead } from '../statement.ts'
import { renamed, type Stored } from './copy.ts'

/** What is to be done to tables; their indexes, and whatever refers to them, come on top. */
export interface TableSteps {
  readonly statements: readonly string[]
  /** Tables that are made anew or dropped, in lower case: their indexes and triggers go with them. */
  readonly gone: ReadonlySet<string>
}

export interface TableSides {
  readonly from: SchemaState
  readonly to: SchemaState
  /** The tables of the sources. */
  readonly wanted: readonly Stored[]
  /** Names that are taken. */
  readonly taken: ReadonlySet<string>
}

/**
 * Takes from Atlas which tables are made, dropped, altered and made anew, and in which order, and writes them in the sources' own words.
 *
 * Atlas writes tables from its own model, which knows no collations, conflict clauses or deferred keys, and makes an inline `unique` an
 * index; what the sources say would be lost.
 *
 * @param rebuilt further tables to make anew, because Atlas sees no difference where there is one.
 */
export function planTables(planned: readonly string[], sides: TableSides, rebuilt: ReadonlySet<string>): TableSteps {
  const { from, to, wanted } = sides
  const statements: string[] = []
  const gone = new Set<string>()
  const done = new Set<string>()
  const rebuild = (name: string): void => {
    const key = name.toLowerCase()
    const table = wanted.find((stored) => stored.name.toLowerCase() === key)
    if (done.has(key) || table === undefined) return
    done.add(key)
    gone.add(key)
    statements.push(...rebuildTable(table, objectOf(from, name), objectOf(to, name), sides.taken))
  }
  for (const sql of planned) {
    const head = readHead(sql, 'libsql')
    // Copies of rows and pragmas belong to rebuilds, indexes are planned from the sources.
    if (head?.kind !== 'table') continue
    const { verb, name } = head
    const draftOf = verb === 'create' && name.startsWith('new_') ? name.slice('new_'.length) : undefined
    if (draftOf !== undefined && objectOf(from, draftOf) !== undefined && objectOf(to, name) === undefined) rebuild(draftOf)
    else if (verb === 'create' && objectOf(from, name) === undefined) statements.push(wanted.find((stored) => stored.name === name)?.sql ?? sql)
    else if (verb === 'drop' && objectOf(to, name) === undefined && objectOf(from, name) !== undefined) {
      gone.add(name.toLowerCase())
      statements.push(`DROP TABLE ${quoted(name)}`)
    } else if (verb === 'alter' && objectOf(to, name) !== undefined && objectOf(from, name) !== undefined && !done.has(name.toLowerCase())) {
      // Atlas 0.13 writes names between backticks as they stand.
      if (rebuilt.has(name.toLowerCase()) || Object.keys(objectOf(to, name)?.parts ?? {}).some((part) => part.includes('`'))) rebuild(name)
      else statements.push(sql)
    }
  }
  for (const name of rebuilt) rebuild(name)
  // Tables that Atlas was not shown.
  const said = new Set(statements.map((sql) => readHead(sql, 'libsql')?.name))
  for (const { name, sql } of wanted.filter((table) => !isReadable(table))) if (objectOf(from, name) === undefined && !said.has(name)) statements.push(sql)
  for (const { kind, name, parts } of Object.values(from.objects)) {
    if (kind !== 'table' || parts.definition !== undefined || objectOf(to, name) !== undefined || said.has(name)) continue
    gone.add(name.toLowerCase())
    statements.push(`DROP TABLE ${quoted(name)}`)
  }
  return { statements, gone }
}

/** https://www.sqlite.org/lang_altertable.html, section 7. Core enforces no foreign keys meanwhile, and checks them afterwards. */
function rebuildTable(table: Stored, before: SchemaObject | undefined, after: SchemaObject | undefined, taken: ReadonlySet<string>): readonly string[] {
  let draft = `new_${table.name}`
  while (taken.has(draft.toLowerCase())) draft = `${draft}_`
  const columns = Object.entries(after?.parts ?? {}).flatMap(([part, column]) => {
    const old = Object.entries(before?.parts ?? {}).find(([other]) => other.toLowerCase() === part.toLowerCase())?.[1]
    if (!part.startsWith('column ') || column.generated !== null || old === undefined) return []
    const name = quoted(part.slice('column '.length))
    const filled = old.nullable === true && column.nullable === false && column.default !== null
    return [{ name, value: filled ? `IFNULL(${name}, ${String(column.default)})` : name }]
  })
  const copy = `INSERT INTO ${quoted(draft)} (${columns.map(({ name }) => name).join(', ')}) SELECT ${columns.map(({ value }) => value).join(', ')} FROM ${quoted(table.name)}`
  return [
    renamed(table.sql, draft), ...(columns.length === 0 ? [] : [copy]), `DROP TABLE ${quoted(table.name)}`, `ALTER TABLE ${quoted(draft)} RENAME TO ${quoted(table.name)}`,
  ]
}

/** Atlas 0.13 asks for a table by its name between quotes, as it stands. */
export function isReadable({ name }: Pick<Stored, 'name'>): boolean {
  return !/['"`]/.test(name)
}

/** SQLite takes names in any letter case for the same. */
export function objectOf(state: SchemaState, table: string): SchemaObject | undefined {
  const key = `table ${table}`
  return state.objects[key] ?? Object.entries(state.objects).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1]
}
