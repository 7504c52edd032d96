import type { SchemaState } from '../contract.ts'
import type { Connection } from '../database/connection.ts'
import { StateBuilder } from './build.ts'
import { isExcluded } from './exclude.ts'
import type { Scope } from './inspect.ts'
import { canonicalSql, readTableText } from './table-text.ts'

/** Reads the schema of an SQLite or libSQL database: from its pragmas, and from the stored text what no pragma tells. */
export async function readLibsql(connection: Connection, scope: Scope): Promise<SchemaState> {
  const builder = new StateBuilder()
  const managed = (name: string): boolean => !isExcluded(scope, name)
  const stored = await connection.rows<StoredRow>(STORED)
  const tables = await connection.rows<TableRow>(TABLES)
  for (const { name, type, strict, wr } of tables) {
    const text = stored.find((row) => row.type === 'table' && row.name === name)?.sql
    if (type === 'shadow' || text === undefined || text === null || !managed(name)) continue
    builder.object('table', name)
    if (type === 'virtual') builder.part(`table ${name}`, 'definition', { query: canonicalSql(text) })
    else await readTable(connection, builder, name, text)
    const options = [strict === 1 ? 'strict' : '', wr === 1 ? 'without rowid' : ''].filter((option) => option !== '')
    if (options.length > 0) builder.part(`table ${name}`, 'storage', { definition: options.join(', ') })
  }
  for (const { type, name, sql } of stored) {
    if (sql === null || !managed(name)) continue
    if (type === 'view') builder.object('view', name, { query: canonicalSql(sql) })
  }
  for (const { type, name, tbl_name: table, sql } of stored) {
    if (sql === null) continue
    const object = builder.has(`view ${table}`) ? `view ${table}` : `table ${table}`
    if (type === 'index') builder.part(object, `index ${name}`, { definition: canonicalSql(sql), unique: /^create unique /.test(canonicalSql(sql)) })
    if (type === 'trigger') builder.part(object, `trigger ${name}`, { definition: canonicalSql(sql) })
  }
  return builder.state()
}

interface StoredRow {
  readonly type: 'table' | 'index' | 'view' | 'trigger'
  readonly name: string
  readonly tbl_name: string
  readonly sql: string | null
}

interface TableRow {
  readonly name: string
  readonly type: 'table' | 'virtual' | 'shadow'
  readonly strict: number
  readonly wr: number
}

/** Kept by the database itself, by a replication tool or by `stk dev`. */
const NOT_OURS = `name not like 'sqlite\\_%' escape '\\' and name not like 'libsql\\_%' escape '\\'
  and name not like '\\_litestream\\_%' escape '\\' and name <> '_santokit_dev'`

const STORED = `select type, name, tbl_name, sql from sqlite_master where ${NOT_OURS} order by name`
const TABLES = `select name, type, strict, wr from pragma_table_list where schema = 'main' and type in ('table', 'virtual', 'shadow') and ${NOT_OURS}`

async function readTable(connection: Connection, builder: StateBuilder, table: string, text: string): Promise<void> {
  const object = `table ${table}`
  const written = readTableText(text)
  for (const column of await connection.rows<ColumnRow>(`select name, type, "notnull", dflt_value, hidden from pragma_table_xinfo(?)`, [table])) {
    const more = written.columns.get(column.name.toLowerCase())
    builder.part(object, `column ${column.name}`, {
      type: column.type.toLowerCase(),
      nullable: column.notnull === 0,
      default: column.dflt_value === null ? null : canonicalSql(column.dflt_value),
      generated: more?.generated === undefined ? null : `${column.hidden === 3 ? 'stored' : 'virtual'}: ${more.generated}`,
      identity: more?.autoincrement === true ? 'autoincrement' : null,
      collation: more?.collation ?? null,
    })
  }
  for (const { name, origin } of await connection.rows<{ name: string; origin: string }>('select name, origin from pragma_index_list(?)', [table])) {
    if (origin === 'c') continue
    const columns = await columnsOf(connection, name)
    builder.part(object, `constraint ${origin === 'pk' ? 'primary key' : 'unique'} (${columns})`, {
      type: origin === 'pk' ? 'primary key' : 'unique', definition: columns,
    })
  }
  // `integer primary key` is the rowid itself and has no index.
  const keys = await connection.rows<{ name: string }>('select name from pragma_table_xinfo(?) where pk > 0 order by pk', [table])
  if (keys.length > 0) {
    const columns = keys.map(({ name }) => name).join(', ')
    builder.part(object, `constraint primary key (${columns})`, { type: 'primary key', definition: columns })
  }
  for (const { definition } of foreignKeys(await connection.rows<ForeignKeyRow>('select * from pragma_foreign_key_list(?) order by id, seq', [table]))) {
    builder.part(object, `constraint foreign key ${definition}`, { type: 'foreign key', definition })
  }
  for (const check of written.checks) builder.part(object, `constraint check ${check}`, { type: 'check', definition: check })
}

interface ColumnRow {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly dflt_value: string | null
  /** 2: virtual generated, 3: stored generated. */
  readonly hidden: number
}

async function columnsOf(connection: Connection, index: string): Promise<string> {
  const rows = await connection.rows<{ name: string | null }>('select name from pragma_index_info(?) order by seqno', [index])
  return rows.map(({ name }) => name ?? 'an expression').join(', ')
}

interface ForeignKeyRow {
  readonly id: number
  readonly table: string
  readonly from: string
  readonly to: string | null
  readonly on_update: string
  readonly on_delete: string
}

/** The rows of one key share an id, which counts backwards and so says nothing. */
function foreignKeys(rows: readonly ForeignKeyRow[]): readonly { readonly definition: string }[] {
  const keys = new Map<number, ForeignKeyRow[]>()
  for (const row of rows) keys.set(row.id, [...(keys.get(row.id) ?? []), row])
  return [...keys.values()].map((parts) => {
    const [{ table, on_update: update, on_delete: remove }] = parts as [ForeignKeyRow, ...ForeignKeyRow[]]
    const to = parts.map((part) => part.to).filter((name) => name !== null).join(', ')
    const actions = [update === 'NO ACTION' ? '' : ` on update ${update.toLowerCase()}`, remove === 'NO ACTION' ? '' : ` on delete ${remove.toLowerCase()}`]
    return { definition: `(${parts.map(({ from }) => from).join(', ')}) → ${table}${to === '' ? '' : ` (${to})`}${actions.join('')}` }
  })
}
