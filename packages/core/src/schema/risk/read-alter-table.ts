import type { Cursor, Name } from './cursor.ts'
import type { Action, ColumnAspect } from './read-statement.ts'

/** Reads what follows `alter table [if exists]`: a name, and one clause or several with commas between them. */
export function readAlterTable(cursor: Cursor): readonly Action[] {
  cursor.takes('only')
  const table = cursor.name()
  if (table === undefined) return [{ act: 'unknown', why: 'it alters a table whose name cannot be read' }]
  cursor.takes('*')
  return cursor.items().flatMap((clause) => readClause(clause, table))
}

function readClause(clause: Cursor, table: Name): readonly Action[] {
  const cascade: readonly Action[] = clause.has('cascade') && clause.sees('drop') ? [{ act: 'cascade' }] : []
  const verb = clause.takesOneOf('add', 'drop', 'alter', 'rename', 'validate constraint', 'enable row level security', 'force row level security',
    'enable trigger', 'attach partition')
  switch (verb) {
    case 'add': return [readAdd(clause, table)]
    case 'drop': return [readDrop(clause, table), ...cascade]
    case 'alter': return [readAlterColumn(clause, table)]
    case 'rename': return [readRename(clause, table)]
    case 'validate constraint': return [{ act: 'harmless', why: 'checks a constraint beside its use' }]
    case 'enable row level security':
    case 'force row level security':
    case 'enable trigger': return [{ act: 'lock', table, why: `${verb.replace(/^(\w+?)e? /, '$1es ')}; queries may see less` }]
    case 'attach partition': return [{ act: 'lock', table, why: 'attaches a partition; its rows are checked' }]
    default: return [{ act: 'unknown', why: `nobody can tell what "${clause.peek()?.text.slice(0, 30) ?? ''}" does to a table` }]
  }
}

const CONSTRAINT_WORDS = ['primary key', 'unique', 'foreign key', 'check', 'exclude'] as const

function readAdd(clause: Cursor, table: Name): Action {
  if (clause.takes('constraint')) {
    const name = clause.identifier() ?? ''
    return { act: 'add part', table, part: `constraint ${name}`, unchecked: clause.has('valid') }
  }
  // A column may have the name of a clause, but then it is quoted.
  const unnamed = CONSTRAINT_WORDS.find((words) => clause.sees(...words.split(' ')))
  if (unnamed !== undefined) return { act: 'add part', table, part: 'constraint ', unchecked: clause.has('valid') }
  clause.takes('column')
  clause.takes('if', 'not', 'exists')
  const column = clause.identifier()
  return column === undefined ? { act: 'unknown', why: 'it adds something to a table' } : { act: 'add part', table, part: `column ${column}` }
}

function readDrop(clause: Cursor, table: Name): Action {
  const what = clause.takes('constraint') ? 'constraint' : 'column'
  clause.takes('column')
  clause.takes('if', 'exists')
  const name = clause.identifier()
  return name === undefined ? { act: 'unknown', why: 'it drops something of a table' } : { act: 'drop part', table, part: `${what} ${name}` }
}

function readAlterColumn(clause: Cursor, table: Name): Action {
  clause.takes('column')
  const column = clause.identifier()
  const said = ASPECTS.find(([words]) => clause.sees(...words.split(' ')))
  if (column === undefined || said === undefined) return { act: 'unknown', why: 'it alters a column' }
  return { act: 'change part', table, part: `column ${column}`, aspect: said[1] }
}

const ASPECTS: readonly (readonly [words: string, aspect: ColumnAspect])[] = [
  ['type', 'type'],
  ['set data type', 'type'],
  ['set not null', 'not null'],
  ['drop not null', 'nullable'],
  ['set default', 'default'],
  ['drop default', 'default'],
  ['add generated', 'identity'],
  ['set generated', 'identity'],
  ['drop identity', 'identity'],
  ['restart', 'identity'],
  ['set start', 'identity'],
  ['set increment', 'identity'],
  ['set expression', 'expression'],
  ['drop expression', 'expression'],
  ['set statistics', 'storage'],
  ['set storage', 'storage'],
  ['set compression', 'storage'],
  ['set (', 'storage'],
  ['reset (', 'storage'],
]

function readRename(clause: Cursor, table: Name): Action {
  if (clause.takes('to')) {
    const to = clause.identifier()
    return to === undefined ? { act: 'unknown', why: 'it renames a table' } : { act: 'rename', kind: 'table', name: table, to }
  }
  const what = clause.takes('constraint') ? 'constraint' : 'column'
  clause.takes('column')
  const name = clause.identifier()
  const to = clause.takes('to') ? clause.identifier() : undefined
  if (name === undefined || to === undefined) return { act: 'unknown', why: 'it renames something' }
  return { act: 'rename part', table, part: `${what} ${name}`, to }
}
