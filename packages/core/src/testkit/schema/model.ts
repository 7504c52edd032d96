import type { Random } from './random.ts'

export type SampleDriver = 'pg' | 'libsql'

/** A schema that any engine for tables must be able to plan: plain types, keys, defaults, indexes, references. */
export interface SampleSchema {
  readonly tables: readonly SampleTable[]
}

/** Has a column `id` besides, its primary key. */
export interface SampleTable {
  readonly name: string
  readonly columns: readonly SampleColumn[]
  readonly indexes: readonly SampleIndex[]
}

export interface SampleColumn {
  readonly name: string
  readonly type: SampleType
  readonly nullable: boolean
  /** As SQL, a literal. */
  readonly default?: string
  /** Name of the table whose `id` it refers to; its type is `integer` then. */
  readonly references?: string
}

export interface SampleIndex {
  readonly name: string
  readonly column: string
  readonly unique: boolean
}

export type SampleType = 'integer' | 'bigint' | 'text' | 'short' | 'long' | 'real'

const TYPES: Readonly<Record<SampleDriver, Readonly<Record<SampleType, string>>>> = {
  pg: { integer: 'integer', bigint: 'bigint', text: 'text', short: 'varchar(20)', long: 'varchar(80)', real: 'double precision' },
  libsql: { integer: 'integer', bigint: 'bigint', text: 'text', short: 'varchar(20)', long: 'varchar(80)', real: 'real' },
}

/** Literals that would fool whoever looks for words in SQL. */
const TEXTS = [`'DROP TABLE users; --'`, `'it''s /* not */ a comment'`, `'alter table x drop column y'`, `'$$ truncate $$'`, `''`]

export function sampleSchema(random: Random): SampleSchema {
  let schema: SampleSchema = { tables: [] }
  for (let count = 1 + random.below(3); count > 0; count -= 1) schema = withTable(schema, random)
  return schema
}

/** The same with one table more. */
export function withTable(schema: SampleSchema, random: Random): SampleSchema {
  const name = freshName('t', schema.tables.map((table) => table.name), random)
  let table: SampleTable = { name, columns: [], indexes: [] }
  for (let count = 1 + random.below(4); count > 0; count -= 1) table = { ...table, columns: [...table.columns, sampleColumn(table, random)] }
  const [parent] = schema.tables
  if (parent !== undefined && random.oneIn(2)) {
    table = { ...table, columns: [...table.columns, { name: `${parent.name}_id`, type: 'integer', nullable: true, references: parent.name }] }
  }
  if (random.oneIn(2)) table = withIndex(table, random, false)
  return { tables: [...schema.tables, table] }
}

/** A column that rows which are there can get: it may be null, or has a default. */
export function sampleColumn(table: SampleTable, random: Random): SampleColumn {
  const name = freshName('c', table.columns.map((column) => column.name), random)
  const type = random.oneOf(['integer', 'bigint', 'text', 'short', 'real'] as const)
  const nullable = random.oneIn(2)
  if (nullable && random.oneIn(2)) return { name, type, nullable }
  return { name, type, nullable, default: literal(type, random) }
}

/** A default of a type, in SQL. */
export function literal(type: SampleType, random: Random): string {
  if (type === 'text' || type === 'long') return random.oneOf(TEXTS)
  if (type === 'short') return `'drop it'`
  return String(random.below(1000))
}

export function withIndex(table: SampleTable, random: Random, unique: boolean): SampleTable {
  const column = random.oneOf(table.columns).name
  const name = `${table.name}_${column}_${freshName('i', table.indexes.map((index) => index.name.split('_').at(-1) ?? ''), random)}`
  return { ...table, indexes: [...table.indexes, { name, column, unique }] }
}

function freshName(prefix: string, taken: readonly string[], random: Random): string {
  for (;;) {
    const name = `${prefix}${random.below(100_000)}`
    if (!taken.includes(name)) return name
  }
}

/** A schema as the script that makes it, with comments that say what it does not do. */
export function sampleSql({ tables }: SampleSchema, driver: SampleDriver): string {
  const statements = tables.flatMap((table) => [
    `-- drop table ${table.name};\ncreate table ${table.name} (\n${[`  id integer ${driver === 'pg' ? 'not null ' : ''}primary key`, ...table.columns.map((column) => `  ${columnSql(column, driver)}`)].join(',\n')}\n)`,
    ...table.indexes.map(({ name, column, unique }) => `/* drop index ${name} */ create ${unique ? 'unique ' : ''}index ${name} on ${table.name} (${column})`),
  ])
  return statements.map((statement) => `${statement};\n`).join('\n')
}

/** A column as it stands in `create table`. */
export function columnSql({ name, type, nullable, default: value, references }: SampleColumn, driver: SampleDriver): string {
  return [
    name, TYPES[driver][type], nullable ? '' : 'not null', value === undefined ? '' : `default ${value}`, references === undefined ? '' : `references ${references} (id)`,
  ].filter((part) => part !== '').join(' ')
}

/** Rows for every table, each in a statement of its own; references lead somewhere. */
export function sampleRows({ tables }: SampleSchema, random: Random): readonly string[] {
  return tables.flatMap((table) => Array.from({ length: 1 + random.below(4) }, (_, at) => {
    const values = table.columns.map((column) => (column.references !== undefined ? '1' : column.nullable && random.oneIn(3) ? 'null' : rowValue(column, at, random)))
    return `insert into ${table.name} (${['id', ...table.columns.map(({ name }) => name)].join(', ')}) values (${[String(at + 1), ...values].join(', ')})`
  }))
}

/** Different for each row, so that a unique index holds. */
function rowValue({ type }: SampleColumn, at: number, random: Random): string {
  if (type === 'text' || type === 'short' || type === 'long') return `'${random.oneOf(['drop', `it''s`, '😀', '--'])} ${at}${random.below(100)}'`
  return type === 'real' ? `${at * 100 + random.below(100)}.5` : String(at * 1000 + random.below(1000))
}
