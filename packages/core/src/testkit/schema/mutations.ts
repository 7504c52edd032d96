import { literal, sampleColumn, withIndex, withTable, type SampleColumn, type SampleDriver, type SampleSchema, type SampleTable } from './model.ts'
import type { Random } from './random.ts'

/** A schema after a change, and what the change takes away. */
export interface Mutation {
  readonly schema: SampleSchema
  /** What was done: `drop column`. */
  readonly what: string
  /** What `--allow-drop` must name for it, sorted. Empty for a safe one. */
  readonly drops: readonly string[]
}

/** A change that loses nothing: additions, wider types, weaker rules, and text that only looks dangerous. */
export function safeMutation(schema: SampleSchema, driver: SampleDriver, random: Random): Mutation {
  const table = random.oneOf(schema.tables)
  const done = (what: string, changed: SampleTable): Mutation => ({ what, schema: replaced(schema, changed), drops: [] })
  switch (random.oneOf(['table', 'column', 'column', 'index', 'unindex', 'default', 'weaken', 'widen'] as const)) {
    case 'table': return { what: 'add table', schema: withTable(schema, random), drops: [] }
    case 'column': return done('add column', { ...table, columns: [...table.columns, sampleColumn(table, random)] })
    case 'index': return done('add index', withIndex(table, random, false))
    case 'unindex': return table.indexes.length === 0 ? safeMutation(schema, driver, random) : done('drop index', { ...table, indexes: table.indexes.slice(1) })
    case 'default': {
      const column = pick(table, random, (each) => each.default !== undefined)
      if (column === undefined) return safeMutation(schema, driver, random)
      return done('change default', withColumn(table, { ...column, default: literal(column.type, random) }))
    }
    case 'weaken': {
      const column = pick(table, random, (each) => !each.nullable)
      return column === undefined ? safeMutation(schema, driver, random) : done('allow null', withColumn(table, { ...column, nullable: true }))
    }
    case 'widen': {
      const wider = { integer: 'bigint', short: 'long' } as const
      const column = pick(table, random, ({ type, references }) => references === undefined && (type === 'integer' || type === 'short'))
      if (column === undefined) return safeMutation(schema, driver, random)
      return done('widen', withColumn(table, { ...column, type: wider[column.type as keyof typeof wider] }))
    }
  }
}

/** A change that takes tables, columns or values away, alone or among safe ones. */
export function destructiveMutation(schema: SampleSchema, driver: SampleDriver, random: Random): Mutation {
  const table = random.oneOf(schema.tables)
  switch (random.oneOf(['table', 'column', 'column', 'narrow'] as const)) {
    case 'table': {
      const isReferred = schema.tables.some(({ columns }) => columns.some(({ references }) => references === table.name))
      if (isReferred) return destructiveMutation(schema, driver, random)
      const left = { tables: schema.tables.filter((each) => each !== table) }
      return { what: 'drop table', schema: left.tables.length === 0 ? withTable(left, random) : left, drops: [`table:${table.name}`] }
    }
    case 'column': {
      const column = pick(table, random, () => true)
      if (column === undefined || table.columns.length === 1) return destructiveMutation(schema, driver, random)
      const changed = {
        ...table, columns: table.columns.filter((each) => each !== column), indexes: table.indexes.filter((index) => index.column !== column.name),
      }
      return { what: 'drop column', schema: replaced(schema, changed), drops: [`column:${table.name}.${column.name}`] }
    }
    case 'narrow': {
      const column = pick(table, random, ({ type, references }) => references === undefined && (type === 'text' || type === 'long'))
      if (column === undefined) return destructiveMutation(schema, driver, random)
      // Without its default, which may not be of the new type.
      const narrowed: SampleColumn = { name: column.name, type: driver === 'pg' ? 'short' : 'integer', nullable: true }
      return { what: 'narrow', schema: replaced(schema, withColumn(table, narrowed)), drops: [`column:${table.name}.${column.name}`] }
    }
  }
}

function pick(table: SampleTable, random: Random, fits: (column: SampleColumn) => boolean): SampleColumn | undefined {
  const fitting = table.columns.filter(fits)
  return fitting.length === 0 ? undefined : random.oneOf(fitting)
}

function withColumn(table: SampleTable, column: SampleColumn): SampleTable {
  return { ...table, columns: table.columns.map((each) => (each.name === column.name ? column : each)) }
}

function replaced(schema: SampleSchema, table: SampleTable): SampleSchema {
  return { tables: schema.tables.map((each) => (each.name === table.name ? table : each)) }
}

/** What somebody does to a database behind a plan's back. */
export interface SampleDrift {
  readonly sql: string
  /** How a refusal must name it: `table public.t1: column c2`. */
  readonly names: string
}

/**
 * A change by hand of a database that holds `schema`, perhaps with earlier drifts on top.
 *
 * @param number different for each drift of a database, since it goes into names.
 */
export function sampleDrift(schema: SampleSchema, driver: SampleDriver, number: number, random: Random): SampleDrift {
  const table = random.oneOf(schema.tables)
  const column = random.oneOf(table.columns)
  const at = driver === 'pg' ? `public.${table.name}` : table.name
  const free = driver === 'pg' ? `public.drift_${number}` : `drift_${number}`
  const common: readonly SampleDrift[] = [
    { sql: `alter table ${table.name} add column drift_${number} integer`, names: `table ${at}: column drift_${number} added` },
    { sql: `create table drift_${number} (id integer primary key)`, names: `table ${free} is new` },
    { sql: `create index drift_${number} on ${table.name} (${column.name})`, names: `table ${at}: index drift_${number} added` },
    { sql: `create view drift_${number} as select id from ${table.name}`, names: `view ${free} is new` },
  ]
  const sqlite: readonly SampleDrift[] = [
    { sql: `create trigger drift_${number} after delete on ${table.name} begin select 1; end`, names: `table ${at}: trigger drift_${number} added` },
  ]
  const postgres: readonly SampleDrift[] = [
    { sql: `alter table ${table.name} alter column ${column.name} set default null, add constraint drift_${number} check (id > ${number})`, names: `table ${at}: constraint drift_${number} added` },
    { sql: `alter table ${table.name} alter column ${column.name} set statistics 10; comment on column ${table.name}.${column.name} is 'drift ${number}'`, names: `table ${at}: column ${column.name} changed` },
    { sql: `create policy drift_${number} on ${table.name} using (true)`, names: `table ${at}: policy drift_${number} added` },
    { sql: `create type drift_${number} as enum ('a')`, names: `type ${free} is new` },
    { sql: `create function drift_${number}() returns int language sql as $$ select 1 $$`, names: `function ${free}() is new` },
    { sql: `create sequence drift_${number}`, names: `sequence ${free} is new` },
  ]
  return random.oneOf([...common, ...(driver === 'pg' ? postgres : sqlite)])
}
