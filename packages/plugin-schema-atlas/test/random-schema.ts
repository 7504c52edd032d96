import type { Random } from './random.ts'

/** A schema that is written out for either dialect. */
export interface Model {
  readonly tables: readonly TableModel[]
  readonly views: readonly ViewModel[]
}

export interface TableModel {
  readonly name: string
  readonly columns: readonly ColumnModel[]
  readonly indexes: readonly IndexModel[]
  /** Keeps no row out. */
  readonly check?: string
  readonly trigger?: boolean
}

export interface ColumnModel {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  /** An index into the defaults of its type. */
  readonly default?: number
  readonly unique: boolean
  /** The table whose `id` it refers to. */
  readonly references?: string
}

export type ColumnType = 'int' | 'long' | 'short text' | 'text' | 'flag' | 'amount' | 'json' | 'moment'

export interface IndexModel {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
  /** Only rows in which the first column is not null. */
  readonly partial: boolean
}

export interface ViewModel {
  readonly name: string
  readonly table: string
  /** What its condition compares with, which must fool nobody. */
  readonly word: string
}

type Driver = 'pg' | 'libsql'

const TYPES: Readonly<Record<ColumnType, Readonly<Record<Driver, string>>>> = {
  'int': { pg: 'integer', libsql: 'integer' },
  'long': { pg: 'bigint', libsql: 'bigint' },
  'short text': { pg: 'varchar(40)', libsql: 'varchar(40)' },
  'text': { pg: 'text', libsql: 'text' },
  'flag': { pg: 'boolean', libsql: 'boolean' },
  'amount': { pg: 'numeric(12, 2)', libsql: 'real' },
  'json': { pg: 'jsonb', libsql: 'json' },
  'moment': { pg: 'timestamptz', libsql: 'datetime' },
}

/** Words that are only dangerous to those who match text. */
export const WORDS = ['drop table users; --', 'DROP COLUMN', 'it\'\'s /* truncate */', 'alter table x drop y', '); delete from a; (', 'cascade']

const DEFAULTS: Readonly<Record<ColumnType, Readonly<Record<Driver, readonly string[]>>>> = {
  'int': { pg: ['0', '7', '(1 + 1)'], libsql: ['0', '7', '(1 + 1)'] },
  'long': { pg: ['0', '9007199254740993'], libsql: ['0', '9007199254740993'] },
  'short text': { pg: WORDS.map((word) => `'${word}'`), libsql: WORDS.map((word) => `'${word}'`) },
  'text': { pg: WORDS.map((word) => `'${word}'`), libsql: WORDS.map((word) => `'${word}'`) },
  'flag': { pg: ['true', 'false'], libsql: ['true', '0'] },
  'amount': { pg: ['0', '19.99'], libsql: ['0', '19.99'] },
  'json': { pg: ['\'{}\'', '\'{"drop": "table"}\''], libsql: ['\'{}\'', '\'{"drop": "table"}\''] },
  'moment': { pg: ['now()', 'timestamptz \'2020-02-29 12:00:00+00\''], libsql: ['(datetime(\'now\'))', 'current_timestamp', '\'2020-02-29\''] },
}

const TABLE_NAMES = ['users', 'orders', 'order', 'Drop', 'drop table x', 'we\'ird', 'items', 'logs', 'naïve', 'select']
const COLUMN_NAMES = ['email', 'drop', 'DROP COLUMN id', 'cascade', 'Total', 'na\'me', 'note', 'größe', 'truncate', 'a;b', 'state', 'level']
const COLUMN_TYPES = Object.keys(TYPES) as readonly ColumnType[]

export function randomModel(random: Random): Model {
  let model: Model = { tables: [], views: [] }
  for (let count = 2 + random.below(3); count > 0; count -= 1) model = addTable(model, random)
  return model
}

/** A model with a few things changed. */
export function changed(model: Model, random: Random): Model {
  let next = model
  for (let count = 1 + random.below(4); count > 0; count -= 1) next = random.pick(CHANGES)(next, random)
  return tidy(next)
}

/** A model with a few things added, such that nothing stored can be lost. */
export function extended(model: Model, random: Random): Model {
  let next = model
  for (let count = 1 + random.below(3); count > 0; count -= 1) next = random.pick(ADDITIONS)(next, random)
  return tidy(next)
}

type Change = (model: Model, random: Random) => Model

const addTable: Change = (model, random) => {
  const free = TABLE_NAMES.filter((name) => !model.tables.some((table) => table.name.toLowerCase() === name.toLowerCase()))
  if (free.length === 0) return model
  let table: TableModel = { name: random.pick(free), columns: [], indexes: [], ...(random.chance(0.3) ? { check: random.pick(WORDS) } : {}) }
  for (let count = 1 + random.below(4); count > 0; count -= 1) table = { ...table, columns: [...table.columns, ...randomColumn(table, model, random)] }
  return { ...model, tables: [...model.tables, table] }
}

const dropTable: Change = (model, random) => (model.tables.length < 2 ? model : { ...model, tables: without(model.tables, random) })
const addColumn: Change = (model, random) => inTable(model, random, (table) => ({ ...table, columns: [...table.columns, ...randomColumn(table, model, random)] }))
const dropColumn: Change = (model, random) => inTable(model, random, (table) => ({ ...table, columns: without(table.columns, random) }))
const addIndex: Change = (model, random) => inTable(model, random, (table) => ({ ...table, indexes: [...table.indexes, ...randomIndex(table, random)] }))
const dropIndex: Change = (model, random) => inTable(model, random, (table) => ({ ...table, indexes: without(table.indexes, random) }))
const changeCheck: Change = (model, random) => inTable(model, random, ({ check: _, ...table }) => (random.chance(0.5) ? table : { ...table, check: random.pick(WORDS) }))
const toggleTrigger: Change = (model, random) => inTable(model, random, (table) => ({ ...table, trigger: table.trigger !== true }))
const addView: Change = (model, random) => {
  const table = random.pick(model.tables)
  const name = `v${random.below(4)}`
  return { ...model, views: [...model.views.filter((view) => view.name !== name), { name, table: table.name, word: random.pick(WORDS) }] }
}
const dropView: Change = (model, random) => ({ ...model, views: without(model.views, random) })

const widenColumn: Change = (model, random) => inColumn(model, random, (column) => {
  if (column.references !== undefined) return column
  const wider: Partial<Record<ColumnType, ColumnType>> = { 'int': 'long', 'short text': 'text' }
  const type = wider[column.type]
  return type === undefined ? column : { ...column, type, ...(column.default === undefined ? {} : { default: 0 }) }
})
const changeDefault: Change = (model, random) => inColumn(model, random, ({ default: _, ...column }) =>
  (column.references !== undefined || random.chance(0.4) ? { ...column, nullable: true } : { ...column, default: random.below(9) }))
const changeNull: Change = (model, random) => inColumn(model, random, (column) =>
  (column.references !== undefined ? column : { ...column, nullable: !column.nullable, ...(column.default === undefined ? { default: 0 } : {}) }))
const changeUnique: Change = (model, random) => inColumn(model, random, (column) => (canBeUnique(column) ? { ...column, unique: !column.unique } : column))

const ADDITIONS = [addTable, addColumn, addIndex, addView]
const CHANGES = [...ADDITIONS, dropTable, dropColumn, dropIndex, dropView, changeCheck, toggleTrigger, widenColumn, changeDefault, changeNull, changeUnique]

function randomColumn(table: TableModel, model: Model, random: Random): readonly ColumnModel[] {
  const free = COLUMN_NAMES.filter((name) => !table.columns.some((column) => column.name.toLowerCase() === name.toLowerCase()))
  if (free.length === 0) return []
  const name = random.pick(free)
  if (model.tables.length > 0 && random.chance(0.2)) {
    return [{ name, type: 'int', nullable: true, unique: false, references: random.pick(model.tables).name }]
  }
  const nullable = random.chance(0.6)
  return [{ name, type: random.pick(COLUMN_TYPES), nullable, unique: false, ...(nullable && random.chance(0.5) ? {} : { default: random.below(9) }) }]
}

function randomIndex(table: TableModel, random: Random): readonly IndexModel[] {
  const columns = table.columns.filter(({ type }) => type !== 'json')
  if (columns.length === 0) return []
  const first = random.pick(columns)
  const second = random.pick(columns)
  const name = `${table.name}_${random.pick(['drop', 'by', 'ix'])}_${random.below(100)}`.replaceAll('"', '')
  if (table.indexes.some((index) => index.name === name)) return []
  return [{ name, columns: [...new Set([first.name, second.name])], unique: false, partial: random.chance(0.3) }]
}

function canBeUnique({ type, references }: ColumnModel): boolean {
  return references === undefined && (type === 'int' || type === 'long' || type === 'text' || type === 'short text')
}

function inTable(model: Model, random: Random, change: (table: TableModel) => TableModel): Model {
  const table = random.pick(model.tables)
  return { ...model, tables: model.tables.map((other) => (other === table ? change(table) : other)) }
}

function inColumn(model: Model, random: Random, change: (column: ColumnModel) => ColumnModel): Model {
  return inTable(model, random, (table) => {
    if (table.columns.length === 0) return table
    const column = random.pick(table.columns)
    return { ...table, columns: table.columns.map((other) => (other === column ? change(column) : other)) }
  })
}

function without<T>(items: readonly T[], random: Random): readonly T[] {
  const gone = items.length === 0 ? -1 : random.below(items.length)
  return items.filter((_, at) => at !== gone)
}

/** Takes away what refers to something that is gone, and puts tables behind those they refer to. */
function tidy(model: Model): Model {
  const names = new Set(model.tables.map(({ name }) => name))
  const tables = model.tables.map((table): TableModel => ({
    ...table,
    columns: table.columns.map(({ references, ...column }) => (references !== undefined && names.has(references) ? { ...column, references } : column)),
    indexes: table.indexes.filter((index) => index.columns.every((name) => table.columns.some((column) => column.name === name))),
  }))
  return { tables: tables.filter((table) => tables.includes(table)), views: model.views.filter(({ table }) => names.has(table)) }
}

/** The schema as a source file, with comments that must fool nobody. */
export function writeSchema(model: Model, driver: Driver): string {
  const parts: string[] = ['-- drop table users; this is a comment\n']
  for (const table of model.tables) parts.push(writeTable(table, driver))
  // Behind the tables, so that they may refer to each other in a circle; SQLite has no such statement and no need of it.
  if (driver === 'pg') {
    for (const table of model.tables) {
      for (const { name, references } of table.columns) {
        if (references !== undefined) parts.push(`alter table ${id(table.name)} add foreign key (${id(name)}) references ${id(references)} on delete set null;`)
      }
    }
  }
  for (const { name, table, word } of model.views) {
    parts.push(`create view ${id(name)} as select id, '${word}' as word from ${id(table)} where '${word}' <> 'x' /* drop view */;`)
  }
  return parts.join('\n')
}

function writeTable(table: TableModel, driver: Driver): string {
  const lines = [driver === 'pg' ? 'id integer generated by default as identity primary key' : 'id integer primary key']
  for (const column of table.columns) lines.push(writeColumn(column, driver))
  if (table.check !== undefined) lines.push(`constraint ${id(`${table.name} check`)} check (id > 0 and '${table.check}' <> 'x')`)
  const statements = [`create table ${id(table.name)} ( -- drop column id\n  ${lines.join(',\n  ')}\n);`]
  for (const index of table.indexes) {
    const where = index.partial ? ` where ${id(index.columns[0] as string)} is not null` : ''
    statements.push(`create ${index.unique ? 'unique ' : ''}index ${id(index.name)} on ${id(table.name)} (${index.columns.map(id).join(', ')})${where};`)
  }
  if (table.trigger === true) statements.push(writeTrigger(table.name, driver))
  return statements.join('\n')
}

function writeColumn({ name, type, nullable, unique, references, ...column }: ColumnModel, driver: Driver): string {
  const defaults = DEFAULTS[type][driver]
  return [
    id(name), TYPES[type][driver], nullable ? '' : 'not null', column.default === undefined ? '' : `default ${defaults[column.default % defaults.length] as string}`,
    unique ? 'unique' : '', references !== undefined && driver === 'libsql' ? `references ${id(references)} on delete set null` : '',
  ].filter((word) => word !== '').join(' ')
}

function writeTrigger(table: string, driver: Driver): string {
  const name = id(`touch ${table}`)
  if (driver === 'libsql') return `create trigger ${name} after delete on ${id(table)} begin select 'drop table x; end'; end;`
  return `create function ${name}() returns trigger language plpgsql as $$ begin /* drop */ return old; end $$;
create trigger ${name} after delete on ${id(table)} for each row execute function ${name}();`
}

export function id(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
