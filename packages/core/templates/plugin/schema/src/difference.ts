import type { SchemaDatabase, SchemaObject, SchemaPart, SchemaState } from '@santokit/core'
import { withConnection } from '@santokit/core/schema'

/** The text that made each object, as SQLite keeps it: `table notes`, `index notes_text`, `view recent`. */
export type Definitions = ReadonlyMap<string, string>

export async function readDefinitions(database: SchemaDatabase): Promise<Definitions> {
  return withConnection(database, async (connection) => {
    const rows = await connection.rows<{ type: string; name: string; sql: string }>('select type, name, sql from sqlite_master where sql is not null')
    return new Map(rows.map(({ type, name, sql }) => [`${type} ${name}`, sql]))
  })
}

/** The statements that lead from one state to another, in the order in which they must run. */
export function statementsBetween(from: SchemaState, to: SchemaState, definitions: Definitions): readonly string[] {
  const textOf = (object: string): string => definitions.get(object) ?? ''
  const changedViews = (here: SchemaState, there: SchemaState): readonly SchemaObject[] =>
    objectsOf(here, 'view').filter((view) => !isSame(view, there.objects[`view ${view.name}`]))
  return [
    ...changedViews(from, to).map(({ name }) => `drop view ${quote(name)}`),
    ...objectsOf(from, 'table').filter(({ name }) => to.objects[`table ${name}`] === undefined).map(({ name }) => `drop table ${quote(name)}`),
    ...objectsOf(to, 'table').flatMap((table) => tableStatements(from.objects[`table ${table.name}`], table, textOf)),
    ...changedViews(to, from).map(({ name }) => textOf(`view ${name}`)),
  ]
}

function tableStatements(before: SchemaObject | undefined, table: SchemaObject, textOf: (object: string) => string): readonly string[] {
  const indexes = (names: readonly string[]): readonly string[] => names.map((name) => textOf(`index ${name}`))
  const wanted = namesOf(table, 'index')
  if (before === undefined) return [textOf(`table ${table.name}`), ...indexes(wanted)]
  if (!isSame(bodyOf(before), bodyOf(table))) return [...rebuild(before, table, textOf(`table ${table.name}`)), ...indexes(wanted)]
  const kept = wanted.filter((name) => isSame(before.parts[`index ${name}`], table.parts[`index ${name}`]))
  const dropped = namesOf(before, 'index').filter((name) => !kept.includes(name))
  return [...dropped.map((name) => `drop index ${quote(name)}`), ...indexes(wanted.filter((name) => !kept.includes(name)))]
}

/** SQLite changes hardly anything in place: a new table is filled and takes the old one's name (https://sqlite.org/lang_altertable.html#otheralter). */
function rebuild(before: SchemaObject, table: SchemaObject, text: string): readonly string[] {
  const draft = quote(`new_${table.name}`)
  const columns = namesOf(table, 'column')
    .filter((name) => before.parts[`column ${name}`] !== undefined && table.parts[`column ${name}`]?.generated === null)
    .map(quote).join(', ')
  return [
    'pragma foreign_keys = off',
    text.replace(/^(create table )(?:"(?:[^"]|"")*"|\S+?)(?=[\s(])/i, `$1${draft}`),
    ...(columns === '' ? [] : [`insert into ${draft} (${columns}) select ${columns} from ${quote(table.name)}`]),
    `drop table ${quote(table.name)}`,
    `alter table ${draft} rename to ${quote(table.name)}`,
    'pragma foreign_keys = on',
  ]
}

function objectsOf(state: SchemaState, kind: string): readonly SchemaObject[] {
  return Object.values(state.objects).filter((object) => object.kind === kind)
}

/** Everything about a table but its indexes, which can be changed by themselves. */
function bodyOf(table: SchemaObject): readonly (readonly [string, SchemaPart])[] {
  return Object.entries(table.parts).filter(([part]) => !part.startsWith('index '))
}

function namesOf(table: SchemaObject, kind: string): readonly string[] {
  return Object.keys(table.parts).filter((part) => part.startsWith(`${kind} `)).map((part) => part.slice(kind.length + 1))
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
