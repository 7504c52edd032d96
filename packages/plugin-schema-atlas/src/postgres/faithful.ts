import type { SchemaPart, SchemaState } from '@santokit/core'
import { quoted, readHead, type StatementHead } from '../statement.ts'
import { writtenName } from './objects.ts'
import { inOrder } from './order.ts'

/**
 * Makes Atlas's statements say what the sources say where Atlas knows a constraint only as an index or leaves out a clause of it, and
 * leaves out what touches objects that are not managed.
 */
export function faithful(planned: readonly string[], from: SchemaState, to: SchemaState): readonly string[] {
  const statements = planned.map((sql) => correct(sql, from, to)).filter((sql) => sql !== undefined)
  return [...inOrder(statements, from), ...restated(from, to)]
}

/** What `planBeyond` plans. Newer versions of Atlas may as well. */
const BEYOND: ReadonlySet<string> = new Set(['view', 'materialized view', 'function', 'procedure', 'trigger', 'policy', 'rule', 'domain', 'extension'])

function correct(sql: string, from: SchemaState, to: SchemaState): string | undefined {
  const head = readHead(sql, 'pg')
  if (head === undefined) return sql
  if (BEYOND.has(head.kind)) return undefined
  if (head.kind === 'type' && from.objects[`type ${head.name}`] === undefined && to.objects[`type ${head.name}`] === undefined) return undefined
  if (head.kind === 'index' && head.verb === 'create') return createIndex(sql, head, to)
  if (head.kind === 'index' && head.verb === 'drop') return dropIndex(sql, head, from)
  return sql
}

/** Atlas 0.13 makes a unique or exclusion constraint an index of its name. */
function createIndex(sql: string, { name, on }: StatementHead, to: SchemaState): string {
  const constraint = on === undefined ? undefined : partsOf(to, on.name)[`constraint ${name}`]
  return on === undefined || constraint === undefined ? sql : addConstraint(on.written, name, constraint)
}

function dropIndex(sql: string, { name }: StatementHead, from: SchemaState): string {
  const dot = name.indexOf('.')
  const schema = dot === -1 ? undefined : name.slice(0, dot)
  const bare = name.slice(dot + 1)
  const owner = Object.values(from.objects).find((object) =>
    object.kind === 'table' && (schema === undefined || object.name.startsWith(`${schema}.`)) && object.parts[`constraint ${bare}`] !== undefined)
  return owner === undefined ? sql : `ALTER TABLE ${writtenName(owner.name)} DROP CONSTRAINT ${quoted(bare)}`
}

/** Clauses of a constraint that Atlas 0.13 neither compares nor writes. */
const UNKNOWN_CLAUSE = /\b(DEFERRABLE|NOT VALID|NO INHERIT|MATCH FULL|INCLUDE|NULLS NOT DISTINCT|ON DELETE SET (NULL|DEFAULT) \()/

/**
 * Constraints that are equal to Atlas and are not: put anew. `pg_get_constraintdef` writes its clauses behind the expression, in upper
 * case; a literal that looks like one costs a needless statement at most, and only where the constraint differs anyway.
 */
function restated(from: SchemaState, to: SchemaState): readonly string[] {
  const statements: string[] = []
  for (const [key, { kind, name: table, parts }] of Object.entries(to.objects)) {
    if (kind !== 'table') continue
    const before = from.objects[key]?.parts ?? {}
    for (const [part, wanted] of Object.entries(parts)) {
      if (!part.startsWith('constraint ')) continue
      const name = part.slice('constraint '.length)
      const present = before[part]
      if (present?.definition === wanted.definition) continue
      const index = before[`index ${name}`]
      if (wanted.type === 'unique' && present === undefined && index !== undefined && parts[`index ${name}`] === undefined) {
        if (!UNKNOWN_CLAUSE.test(String(wanted.definition))) statements.push(`ALTER TABLE ${writtenName(table)} ADD CONSTRAINT ${quoted(name)} UNIQUE USING INDEX ${quoted(name)}`)
      } else if (wanted.type !== 'unique' && wanted.type !== 'exclude' && [wanted, present].some((part) => UNKNOWN_CLAUSE.test(String(part?.definition)))) {
        statements.push(`ALTER TABLE ${writtenName(table)} DROP CONSTRAINT IF EXISTS ${quoted(name)}, ADD CONSTRAINT ${quoted(name)} ${String(wanted.definition)}`)
      }
    }
  }
  return statements
}

function addConstraint(table: string, name: string, { definition }: SchemaPart): string {
  return `ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name.slice(name.indexOf('.') + 1))} ${String(definition)}`
}

function partsOf(state: SchemaState, table: string): Readonly<Record<string, SchemaPart>> {
  return state.objects[`table ${table}`]?.parts ?? {}
}
