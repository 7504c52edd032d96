import type { Dialect } from '../../logic/sql/lexer.ts'
import type { SchemaObjectKind } from '../contract.ts'
import { Cursor, type Name } from './cursor.ts'
import { readAlterTable } from './read-alter-table.ts'

/** What a statement does, in the terms of a schema. */
export type Action =
  | { readonly act: 'create'; readonly kind: SchemaObjectKind; readonly name: Name }
  | { readonly act: 'drop'; readonly kind: SchemaObjectKind; readonly name: Name }
  | { readonly act: 'alter'; readonly kind: SchemaObjectKind; readonly name: Name }
  | { readonly act: 'rename'; readonly kind: SchemaObjectKind; readonly name: Name; readonly to: string }
  /** `part` as in a state: `column email`, `index users_email`. */
  | { readonly act: 'add part'; readonly table: Name; readonly part: string; readonly concurrently?: boolean; readonly unchecked?: boolean }
  /** Without a table for what is dropped by its own name. */
  | { readonly act: 'drop part'; readonly table?: Name; readonly part: string; readonly concurrently?: boolean }
  | { readonly act: 'change part'; readonly table: Name; readonly part: string; readonly aspect: ColumnAspect }
  | { readonly act: 'rename part'; readonly table: Name; readonly part: string; readonly to: string }
  /** All rows of a table into another, a column each into the column of its place. */
  | { readonly act: 'copy'; readonly from: Name; readonly to: Name; readonly columns: ReadonlyMap<string, string> }
  | { readonly act: 'empty'; readonly table: Name }
  | { readonly act: 'cascade' }
  /** Changes nothing that is stored, and takes no lock worth a word. */
  | { readonly act: 'harmless'; readonly why: string }
  | { readonly act: 'lock'; readonly table?: Name; readonly why: string }
  | { readonly act: 'unknown'; readonly why: string }

/** What `alter column` sets. */
export type ColumnAspect = 'type' | 'not null' | 'nullable' | 'default' | 'identity' | 'expression' | 'storage'

/** What a statement does, and whether it may run in a transaction. */
export interface ReadStatement {
  readonly actions: readonly Action[]
  readonly transactional: boolean
}

/**
 * Reads a statement by its grammar. Whatever it does not understand is `unknown`, so that nobody takes silence for safety.
 *
 * What stands in literals, comments and function bodies is never looked at.
 */
export function readStatement(sql: string, dialect: Dialect): ReadStatement {
  const cursor = Cursor.of(sql, dialect)
  const actions = read(cursor)
  const fresh = Cursor.of(sql, dialect)
  return { actions, transactional: !runsAlone(fresh) }
}

/** What PostgreSQL refuses inside a transaction, or whose effect cannot be used before it ends. */
function runsAlone(cursor: Cursor): boolean {
  if (cursor.dialect !== 'pg') return cursor.sees('vacuum')
  if (cursor.takesOneOf('vacuum', 'create database', 'drop database', 'alter system', 'create tablespace', 'drop tablespace') !== undefined) return true
  if (cursor.takesOneOf('create index', 'create unique index', 'drop index', 'reindex') !== undefined) {
    return cursor.sees('concurrently') || cursor.sees('index', 'concurrently') || cursor.sees('table', 'concurrently')
  }
  // A value that an enum gains can be used only when it is committed.
  return cursor.takes('alter', 'type') && cursor.name() !== undefined && cursor.sees('add', 'value')
}

function read(cursor: Cursor): readonly Action[] {
  const verb = cursor.takesOneOf('create', 'drop', 'alter', 'comment on', 'insert into', 'truncate', 'delete from', 'pragma', 'set', 'analyze', 'reindex', 'vacuum')
  switch (verb) {
    case 'create': return readCreate(cursor)
    case 'drop': return readDrop(cursor)
    case 'alter': return readAlter(cursor)
    case 'comment on': return [{ act: 'harmless', why: 'sets a comment' }]
    case 'insert into': return [readCopy(cursor)]
    case 'truncate': {
      cursor.takes('table')
      return cursor.items().map((item) => withName(item, (table) => ({ act: 'empty', table })))
    }
    case 'delete from': return [withName(cursor, (table) => ({ act: 'empty', table }))]
    case 'pragma': return [isForeignKeySwitch(cursor) ? { act: 'harmless', why: 'switches foreign keys for a rebuild' } : unread('a pragma')]
    case 'reindex': return [cursor.has('concurrently') ? { act: 'harmless', why: 'builds an index anew beside its use' } : { act: 'lock', why: 'builds an index anew; writers wait' }]
    case 'analyze':
    case 'vacuum': return [{ act: 'harmless', why: 'maintains storage' }]
    default: return [unread(verb ?? cursor.peek()?.text.toLowerCase() ?? 'nothing')]
  }
}

function unread(what: string): Action {
  return { act: 'unknown', why: `nobody can tell what "${what.slice(0, 30)}" does here` }
}

export function withName(cursor: Cursor, action: (name: Name) => Action): Action {
  const name = cursor.name()
  return name === undefined ? unread('an unreadable name') : action(name)
}

function isForeignKeySwitch(cursor: Cursor): boolean {
  return ['foreign_keys', 'defer_foreign_keys', 'legacy_alter_table'].includes(cursor.name()?.name.toLowerCase() ?? '')
}

const KINDS: { readonly [words: string]: SchemaObjectKind } = {
  'table': 'table', 'foreign table': 'table', 'materialized view': 'materialized view', 'view': 'view', 'type': 'type', 'domain': 'domain',
  'sequence': 'sequence', 'schema': 'schema', 'function': 'function', 'procedure': 'function',
}

function kindOf(cursor: Cursor): SchemaObjectKind | undefined {
  const words = cursor.takesOneOf(...Object.keys(KINDS))
  return words === undefined ? undefined : KINDS[words]
}

function readCreate(cursor: Cursor): readonly Action[] {
  cursor.takes('or', 'replace')
  if (cursor.takesOneOf('unlogged', 'temp', 'temporary', 'virtual') === undefined) cursor.takesOneOf('recursive', 'constraint')
  if (cursor.takesOneOf('unique index', 'index') !== undefined) return [readCreateIndex(cursor)]
  if (cursor.takes('trigger')) {
    cursor.takes('if', 'not', 'exists')
    return [createdOnTable(cursor, 'trigger')]
  }
  if (cursor.takes('policy')) return [createdOnTable(cursor, 'policy')]
  const kind = kindOf(cursor)
  if (kind === undefined) return [unread(`create ${cursor.peek()?.text ?? ''}`)]
  cursor.takes('if', 'not', 'exists')
  return [withName(cursor, (name) => ({ act: 'create', kind, name }))]
}

function readCreateIndex(cursor: Cursor): Action {
  const concurrently = cursor.takes('concurrently')
  cursor.takes('if', 'not', 'exists')
  const index = cursor.sees('on') ? undefined : cursor.name()
  if (!cursor.takes('on')) return unread('create index')
  cursor.takes('only')
  return withName(cursor, (table) => ({ act: 'add part', table, part: `index ${index?.name ?? ''}`, concurrently }))
}

function createdOnTable(cursor: Cursor, what: 'trigger' | 'policy'): Action {
  const name = cursor.name()
  while (!cursor.done && !cursor.sees('on')) cursor.next()
  cursor.takes('on')
  return withName(cursor, (table) => ({ act: 'add part', table, part: `${what} ${name?.name ?? ''}` }))
}

function readDrop(cursor: Cursor): readonly Action[] {
  const cascade: readonly Action[] = cursor.has('cascade') ? [{ act: 'cascade' }] : []
  if (cursor.takes('index')) {
    const concurrently = cursor.takes('concurrently')
    cursor.takes('if', 'exists')
    return [...cursor.items().map((item) => withName(item, ({ name }) => ({ act: 'drop part', part: `index ${name}`, concurrently }))), ...cascade]
  }
  const part = cursor.takesOneOf('trigger', 'policy', 'rule')
  if (part !== undefined) {
    cursor.takes('if', 'exists')
    const name = cursor.name()?.name ?? ''
    // SQLite names no table here.
    if (!cursor.takes('on')) return [{ act: 'drop part', part: `${part} ${name}` }]
    return [withName(cursor, (table) => ({ act: 'drop part', table, part: `${part} ${name}` })), ...cascade]
  }
  const kind = kindOf(cursor)
  if (kind === undefined) return [unread(`drop ${cursor.peek()?.text ?? ''}`)]
  cursor.takes('if', 'exists')
  return [...cursor.items().map((item) => withName(item, (name) => ({ act: 'drop', kind, name }))), ...cascade]
}

function readAlter(cursor: Cursor): readonly Action[] {
  const index = cursor.takes('index')
  const kind = index ? undefined : kindOf(cursor)
  cursor.takes('if', 'exists')
  if (kind === 'table') return readAlterTable(cursor)
  const name = cursor.name()
  if (name === undefined) return [unread('alter')]
  if (index) return [cursor.takes('rename', 'to') ? { act: 'lock', why: 'renames an index' } : unread('alter index')]
  if (kind === undefined) return [unread('alter')]
  if (cursor.takes('add', 'value')) return [{ act: 'harmless', why: 'adds a value to a type' }]
  if (cursor.takes('rename', 'value')) return [{ act: 'lock', why: 'renames a value; code that uses the old one fails' }]
  if (cursor.takes('rename', 'to')) {
    const to = cursor.identifier()
    return [to === undefined ? unread('rename') : { act: 'rename', kind, name, to }]
  }
  return [{ act: 'alter', kind, name }]
}

/** `insert into a (x, y) select x, y from b`, whole tables and nothing else: what a rebuild does. */
function readCopy(cursor: Cursor): Action {
  const to = cursor.name()
  const targets = cursor.group()?.items().map((item) => item.identifier())
  if (to === undefined || targets === undefined || !cursor.takes('select')) return unread('insert')
  const selected: (string | undefined)[] = []
  let from: Name | undefined
  let expression: string | undefined
  let length = 0
  while (!cursor.done) {
    if (cursor.takes('from')) {
      from = cursor.name()
      break
    }
    if (cursor.takes(',')) {
      selected.push(length === 1 ? expression : undefined)
      expression = undefined
      length = 0
      continue
    }
    if (length === 0) expression = copiedColumn(cursor)
    else cursor.skip()
    length += 1
  }
  selected.push(length === 1 ? expression : undefined)
  if (from === undefined || !cursor.done || selected.length !== targets.length) return unread('insert')
  const columns = new Map<string, string>()
  for (const [at, target] of targets.entries()) {
    const source = selected[at]
    if (target !== undefined && source !== undefined) columns.set(source, target)
  }
  return { act: 'copy', from, to, columns }
}

/** The column that an expression hands on: itself, or with something in place of null. */
function copiedColumn(cursor: Cursor): string | undefined {
  if (['ifnull', 'coalesce'].includes(cursor.peek()?.text.toLowerCase() ?? '') && cursor.peek(1)?.text === '(') {
    cursor.next()
    const [first] = cursor.group()?.items() ?? []
    const column = first?.identifier()
    return first?.done === true ? column : undefined
  }
  const column = cursor.identifier()
  if (column === undefined) cursor.skip()
  // A function's call is no column.
  else if (cursor.sees('(')) {
    cursor.skip()
    return undefined
  }
  return column
}
