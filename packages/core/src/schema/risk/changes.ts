import type { Dialect } from '../../logic/sql/lexer.ts'
import type { Risk, SchemaObject, SchemaPart, SchemaState } from '../contract.ts'
import { judgeTypeChange } from './column-type.ts'

/** One difference between two states, and what it means for a database in use. */
export interface Change {
  /** By its name in a state: `table public.users`. */
  readonly object: string
  /** Absent where the whole object comes or goes. */
  readonly part?: string
  readonly kind: 'added' | 'removed' | 'changed'
  readonly risk: Risk
  /** A clause: `adds a column`. */
  readonly why: string
  /** What has to be allowed by name for it. */
  readonly drops: readonly string[]
}

type Verdict = Pick<Change, 'risk' | 'why'> & { readonly drops?: readonly string[] }

/** Every difference between two states, object by object and part by part, each judged by itself. */
export function changesBetween(from: SchemaState, to: SchemaState, dialect: Dialect): readonly Change[] {
  const changes: Change[] = []
  for (const name of unionOf(from.objects, to.objects)) {
    const before = from.objects[name]
    const after = to.objects[name]
    if (before === undefined) changes.push({ object: name, kind: 'added', risk: 'additive', why: `creates ${name}`, drops: [] })
    else if (after === undefined) changes.push({ object: name, kind: 'removed', drops: [], ...judgeRemoval(before, to) })
    else changes.push(...partChanges(name, before, after, dialect))
  }
  return changes
}

function partChanges(object: string, before: SchemaObject, after: SchemaObject, dialect: Dialect): readonly Change[] {
  const changes: Change[] = []
  for (const part of unionOf(before.parts, after.parts)) {
    const [old, now] = [before.parts[part], after.parts[part]]
    if (old === undefined && now !== undefined) changes.push({ object, part, kind: 'added', drops: [], ...judgeAddedPart(part, now, before, dialect) })
    if (old !== undefined && now === undefined) changes.push({ object, part, kind: 'removed', drops: [], ...judgeRemovedPart(part, old, before) })
    if (old !== undefined && now !== undefined && !isEqual(old, now)) {
      changes.push({ object, part, kind: 'changed', drops: [], ...judgeChangedPart(part, old, now, before, dialect) })
    }
  }
  return changes
}

/** How `--allow-drop` calls an object or a column: without the schema that is everybody's. */
export function dropName(kind: string, name: string): string {
  return `${kind.replaceAll(' ', '-')}:${name.replace(/^public\./, '')}`
}

/** What dropping an object takes away. */
export function judgeRemoval(object: SchemaObject, to: SchemaState): Verdict {
  const { kind, name } = object
  if (kind === 'table') {
    if (object.parts['definition'] !== undefined) return { risk: 'data-losing', why: 'drops a virtual table with what is in it', drops: [dropName(kind, name)] }
    return { risk: 'data-losing', why: 'drops a table with all its rows', drops: [dropName(kind, name)] }
  }
  if (kind === 'schema') return { risk: 'data-losing', why: 'drops a schema with whatever is in it', drops: [dropName(kind, name)] }
  if (kind === 'sequence') {
    const owner = object.parts['definition']?.owner
    // It goes with its column, which is asked for by itself.
    if (typeof owner === 'string' && !hasColumn(to, owner)) return { risk: 'locking', why: 'drops the sequence of a column that goes' }
    return { risk: 'data-losing', why: 'drops a sequence, and with it where it stood', drops: [dropName(kind, name)] }
  }
  return { risk: 'locking', why: `drops a ${kind}; what uses it fails` }
}

function hasColumn(state: SchemaState, owner: string): boolean {
  const cut = owner.lastIndexOf('.')
  return state.objects[`table ${owner.slice(0, cut)}`]?.parts[`column ${owner.slice(cut + 1)}`] !== undefined
}

/** What adding a part to a table that is there asks of it. */
export function judgeAddedPart(part: string, now: SchemaPart, object: SchemaObject, dialect: Dialect): Verdict {
  const [kind] = part.split(' ')
  if (object.kind !== 'table') return { risk: 'locking', why: `adds an ${kind ?? ''} to a ${object.kind}` }
  switch (kind) {
    case 'column': return judgeAddedColumn(now, dialect)
    case 'constraint':
      if (/not valid$/i.test(String(now.definition))) return { risk: 'additive', why: 'adds a constraint that old rows are not checked against' }
      return { risk: 'locking', why: `adds a ${String(now.type)} constraint: every row is checked, and one that does not fit fails it` }
    case 'index':
      return { risk: 'locking', why: now.unique === true ? 'builds a unique index: writers wait, and doubled values fail it' : 'builds an index: writers wait' }
    case 'trigger': return { risk: 'locking', why: 'adds a trigger, which runs from then on' }
    case 'policy':
    case 'row': return { risk: 'locking', why: 'changes which rows a role may see' }
    case 'comment': return { risk: 'additive', why: 'sets a comment' }
    case 'partitioning': return { risk: 'unknown', why: 'changes how a table is partitioned' }
    default: return { risk: 'locking', why: `changes ${part}` }
  }
}

function judgeAddedColumn(column: SchemaPart, dialect: Dialect): Verdict {
  const hasValue = column.default !== null || column.generated !== null || column.identity !== null
  if (column.nullable === false && !hasValue) return { risk: 'locking', why: 'adds a column that must not be null and has no default: it fails unless the table is empty' }
  if (dialect === 'pg' && (column.identity !== null || String(column.generated).startsWith('stored') || !isConstant(column.default))) {
    return { risk: 'locking', why: 'adds a column whose values have to be computed: the table is rewritten while nobody can use it' }
  }
  return { risk: 'additive', why: 'adds a column' }
}

/** A default that PostgreSQL 11 and newer keep beside the rows; what is computed may differ from row to row. */
function isConstant(expression: SchemaPart[string] | undefined): boolean {
  return expression === null || expression === undefined || /^\(?(?:-?[\d.]+|'(?:[^']|'')*'|true|false|null|now\(\)|current_\w+)\)?(?:::[\w ."()[\],]+)?$/i.test(String(expression))
}

/** What taking a part away from a table loses. */
export function judgeRemovedPart(part: string, old: SchemaPart, object: SchemaObject): Verdict {
  const [kind, ...name] = part.split(' ')
  switch (kind) {
    case 'column':
      if (old.generated !== null && old.generated !== undefined) return { risk: 'locking', why: 'drops a column that is computed from others' }
      return { risk: 'data-losing', why: 'drops a column with all its values', drops: [dropName('column', `${object.name}.${name.join(' ')}`)] }
    case 'constraint': return { risk: 'additive', why: 'drops a constraint' }
    case 'index': return { risk: 'locking', why: 'drops an index; queries that used it get slower' }
    case 'trigger': return { risk: 'locking', why: 'drops a trigger, which no longer runs' }
    case 'policy': return { risk: 'locking', why: 'changes which rows a role may see' }
    case 'row': return { risk: 'unknown', why: 'switches row security off: every role that may read the table sees all of it' }
    case 'comment': return { risk: 'additive', why: 'removes a comment' }
    case 'partitioning': return { risk: 'unknown', why: 'changes how a table is partitioned' }
    default: return { risk: 'locking', why: `changes ${part}` }
  }
}

/** What changing a part means for what is stored. */
export function judgeChangedPart(part: string, old: SchemaPart, now: SchemaPart, object: SchemaObject, dialect: Dialect): Verdict {
  const [kind, ...name] = part.split(' ')
  if (kind === 'column') return judgeChangedColumn(old, now, dropName('column', `${object.name}.${name.join(' ')}`), dialect)
  if (kind === 'comment') return { risk: 'additive', why: 'changes a comment' }
  if (part === 'definition') return judgeChangedDefinition(old, now, object)
  if (kind === 'constraint' && /not valid$/i.test(String(old.definition))) return { risk: 'additive', why: 'checks a constraint beside its use' }
  if (kind === 'constraint') return { risk: 'locking', why: 'changes a constraint: every row is checked, and one that does not fit fails it' }
  if (kind === 'index') return { risk: 'locking', why: old.valid === false ? 'builds anew an index that was left unfinished' : 'builds an index anew: writers wait' }
  if (kind === 'partitioning') return { risk: 'unknown', why: 'changes how a table is partitioned' }
  return { risk: 'locking', why: `changes a ${kind ?? ''}` }
}

function judgeChangedColumn(old: SchemaPart, now: SchemaPart, drop: string, dialect: Dialect): Verdict {
  const verdicts: Verdict[] = []
  if (old.type !== now.type) {
    const verdict = judgeTypeChange(String(old.type), String(now.type), dialect)
    verdicts.push(verdict.risk === 'data-losing' ? { ...verdict, drops: [drop] } : verdict)
  }
  if (old.generated !== now.generated) {
    verdicts.push(old.generated === null && now.generated !== null
      ? { risk: 'data-losing', why: 'replaces the values of a column by computed ones', drops: [drop] }
      : { risk: 'locking', why: 'changes how a column is computed' })
  }
  if (old.nullable === true && now.nullable === false) verdicts.push({ risk: 'locking', why: 'forbids null: every row is checked, and a null fails it' })
  if (old.nullable === false && now.nullable === true) verdicts.push({ risk: dialect === 'pg' ? 'additive' : 'locking', why: 'allows null' })
  if (old.default !== now.default) verdicts.push({ risk: dialect === 'pg' ? 'additive' : 'locking', why: 'changes a default' })
  if (old.identity !== now.identity) verdicts.push({ risk: 'locking', why: 'changes how a column counts up' })
  if (old.collation !== now.collation) verdicts.push({ risk: 'locking', why: 'changes how a column sorts: its indexes are built anew' })
  if (old.comment !== now.comment) verdicts.push({ risk: 'additive', why: 'changes a comment' })
  return worst(verdicts)
}

function judgeChangedDefinition(old: SchemaPart, now: SchemaPart, { kind, name }: SchemaObject): Verdict {
  switch (kind) {
    case 'view':
    case 'function': return { risk: 'additive', why: `replaces a ${kind}` }
    case 'materialized view': return { risk: 'locking', why: 'builds a materialized view anew' }
    case 'domain': return { risk: 'locking', why: 'changes a domain: every row that uses it is checked' }
    case 'sequence': return { risk: 'locking', why: 'changes how a sequence counts' }
    case 'type': {
      const [before, after] = [membersOf(old), membersOf(now)]
      if (before === undefined || after === undefined || old.form !== now.form) return { risk: 'unknown', why: 'changes what a type is made of' }
      if (isSubsequence(before, after)) return { risk: 'additive', why: 'adds values to a type' }
      if (before.every((member) => after.includes(member))) return { risk: 'unknown', why: 'changes the order of a type\'s values' }
      return { risk: 'data-losing', why: 'takes values from a type that rows may hold', drops: [dropName('type', name)] }
    }
    // A virtual table is what its module makes of it.
    case 'table': return { risk: 'data-losing', why: 'makes a virtual table anew', drops: [dropName('table', name)] }
    default: return { risk: 'unknown', why: `changes a ${kind}` }
  }
}

function membersOf(part: SchemaPart): readonly string[] | undefined {
  return part.form === 'enum' && typeof part.members === 'string' ? JSON.parse(part.members) as readonly string[] : undefined
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0
  for (const item of whole) if (item === part[at]) at += 1
  return at === part.length
}

const ORDER: readonly Risk[] = ['additive', 'locking', 'unknown', 'data-losing']

/** The severest of several verdicts in one: its reason, and everything that any of them asks for. */
export function worst(verdicts: readonly Verdict[]): Required<Verdict> {
  const [first, ...rest] = verdicts
  if (first === undefined) return { risk: 'additive', why: 'changes nothing that is stored', drops: [] }
  let severest = first
  for (const verdict of rest) if (ORDER.indexOf(verdict.risk) > ORDER.indexOf(severest.risk)) severest = verdict
  return { risk: severest.risk, why: severest.why, drops: [...new Set(verdicts.flatMap(({ drops = [] }) => drops))].sort() }
}

/** Whether two parts, or two flat records, say the same. */
export function isEqual(a: SchemaPart, b: SchemaPart): boolean {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return keys.every((key) => (a[key] ?? null) === (b[key] ?? null))
}

/** The keys of both, sorted. */
export function unionOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
}
