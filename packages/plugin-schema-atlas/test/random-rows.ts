import type { SchemaDatabase } from '@santokit/core'
import { withConnection } from '@santokit/core/schema'
import { id, type ColumnModel, type ColumnType, type Model } from './random-schema.ts'

const ROWS = 3

const VALUES: Readonly<Record<ColumnType, (row: number) => string>> = {
  'int': (row) => String(row * 11),
  'long': (row) => `900719925474099${row}`,
  'short text': (row) => `'drop table ${row}'`,
  'text': (row) => `'it''s ${row} ö; --'`,
  'flag': (row) => (row % 2 === 0 ? 'true' : 'false'),
  'amount': (row) => `${row}.25`,
  'json': (row) => `'{"drop": ${row}}'`,
  'moment': (row) => `'2024-02-29 12:00:0${row}+00'`,
}

/** Fills tables that are empty, and those columns that new ones refer to. Every row fits every schema that may come. */
export async function fill(database: SchemaDatabase, model: Model): Promise<void> {
  await withConnection(database, async (connection) => {
    for (const table of model.tables) {
      const [present] = await connection.rows<{ count: number | string }>(`select count(*) as count from ${id(table.name)}`)
      if (Number(present?.count) > 0) continue
      const columns = table.columns.filter(({ references }) => references === undefined)
      for (let row = 1; row <= ROWS; row += 1) {
        await connection.run(`insert into ${id(table.name)} (${['id', ...columns.map(({ name }) => id(name))].join(', ')}) values (${[String(row), ...columns.map(({ type }) => VALUES[type](row))].join(', ')})`)
      }
    }
    for (const table of model.tables) {
      for (const { name } of table.columns.filter(({ references }) => references !== undefined)) {
        await connection.run(`update ${id(table.name)} set ${id(name)} = id where ${id(name)} is null`)
      }
    }
    // What a new column left null might be asked for later.
    for (const table of model.tables) {
      for (const { name, type, references } of table.columns) {
        if (references !== undefined) continue
        for (let row = 1; row <= ROWS; row += 1) await connection.run(`update ${id(table.name)} set ${id(name)} = ${VALUES[type](row)} where id = ${row}`)
      }
    }
  })
}

/** The bytes of what two models have in common, by table and column. */
export async function survivors(database: SchemaDatabase, model: Model, other: Model): Promise<Readonly<Record<string, unknown>>> {
  return withConnection(database, async (connection) => {
    const found: Record<string, unknown> = {}
    for (const table of model.tables) {
      const twin = other.tables.find(({ name }) => name === table.name)
      if (twin === undefined) continue
      for (const { name } of [{ name: 'id' }, ...table.columns.filter((column) => isIn(twin.columns, column))]) {
        const text = database.driver === 'pg' ? `${id(name)}::text` : `typeof(${id(name)}) || ':' || hex(cast(${id(name)} as blob))`
        found[`${table.name}.${name}`] = (await connection.rows<{ value: unknown }>(`select ${text} as value from ${id(table.name)} order by id`)).map(({ value }) => value)
      }
    }
    return found
  })
}

function isIn(columns: readonly ColumnModel[], column: ColumnModel): boolean {
  return columns.some(({ name }) => name === column.name)
}
