import type { SchemaDatabase, SchemaSubject } from '@santokit/core'
import { isExcluded, isTrivia, nameOf, tokenize, withConnection, type Connection } from '@santokit/core/schema'

/** A row of `sqlite_master`. */
export interface Stored {
  readonly type: 'table' | 'index' | 'view' | 'trigger'
  readonly name: string
  /** What an index or a trigger belongs to; else its own name. */
  readonly table: string
  readonly sql: string
}

/** What a database holds, in the order in which it was made, without what SQLite, its modules and replication keep for themselves. */
export async function readStored(database: SchemaDatabase): Promise<readonly Stored[]> {
  return withConnection(database, (connection) => connection.rows<Stored>(`
    select m.type, m.name, m.tbl_name as "table", m.sql from sqlite_master m
    where m.sql is not null and m.name not like 'sqlite\\_%' escape '\\' and m.name not like 'libsql\\_%' escape '\\'
      and m.tbl_name not like '\\_litestream\\_%' escape '\\' and m.tbl_name <> '_santokit_dev'
      and m.tbl_name not in (select name from pragma_table_list where schema = 'main' and type = 'shadow')
    order by m.rowid`))
}

/** Runs statements on a database of our own, as core will on the real one. */
export async function runAll(connection: Connection, statements: readonly string[]): Promise<void> {
  await connection.begin()
  for (const sql of statements) await connection.run(sql)
  await connection.commit()
}

/** Whether the sources say what becomes of it. An index or a trigger is a part of its table. */
export function isManaged(subject: Pick<SchemaSubject, 'exclude'>, { table }: Stored): boolean {
  return !isExcluded(subject, table)
}

export function isVirtual({ type, sql }: Stored): boolean {
  return type === 'table' && /^create\s+virtual\s/i.test(sql)
}

/** The identifiers of a statement, in lower case, for finding out what it may refer to. */
export function identifiersOf(sql: string): ReadonlySet<string> {
  return new Set(tokenize(sql, 'libsql').filter(({ kind }) => kind === 'word' || kind === 'quoted').map((token) => nameOf(token).toLowerCase()))
}

/** A `create table` under another name. References to the table, its own included, keep the old one. */
export function renamed(sql: string, name: string): string {
  const tokens = tokenize(sql, 'libsql')
  const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toLowerCase() === 'table')
  const old = tokens.slice(at + 1).find((token) => !isTrivia(token))
  return at === -1 || old === undefined ? sql : `${sql.slice(0, old.start)}"${name.replaceAll('"', '""')}"${sql.slice(old.end)}`
}
