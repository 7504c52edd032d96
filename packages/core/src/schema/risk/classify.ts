import type { Dialect } from '../../logic/sql/lexer.ts'
import type { Risk, SchemaDraft, SchemaObject, SchemaObjectKind, SchemaState, SchemaStatement, SchemaSubject } from '../contract.ts'
import { changesBetween, dropName, judgeAddedPart, judgeChangedPart, judgeRemoval, judgeRemovedPart, worst, type Change } from './changes.ts'
import type { Name } from './cursor.ts'
import { readStatement, type Action } from './read-statement.ts'
import { rebuildsOf, type Rebuild } from './rebuild.ts'

interface Verdict {
  readonly risk: Risk
  readonly why: string
  readonly drops?: readonly string[]
  /** Objects it touches, by their names in a state. */
  readonly objects?: readonly string[]
  /** The differences between the two states that it accounts for. */
  readonly explains?: (change: Change) => boolean
}

/**
 * Judges the statements of a draft by what they do (read by their grammar) and by how the desired state differs from the
 * live one, object by object. The severer of the two counts: a statement that hides what it does is found out by the states, and one
 * that throws something away and makes it anew by its grammar.
 */
export function classifyStatements(
  from: SchemaState, { to, statements }: SchemaDraft, { driver, schemas }: Pick<SchemaSubject, 'driver' | 'schemas'>,
): readonly SchemaStatement[] {
  const read = statements.map(({ sql }) => readStatement(sql, driver))
  const judge = new Judge(from, to, driver, schemas, read.flatMap(({ actions }) => actions))
  const verdicts = read.map(({ actions }) => actions.map((action) => judge.verdict(action)))
  const open = judge.changes.filter((change) => !judge.isRenamed(change) && !verdicts.flat().some(({ explains }) => explains?.(change)))
  return statements.map((statement, at): SchemaStatement => {
    const own = verdicts[at] ?? []
    const objects = [...new Set(own.flatMap((verdict) => verdict.objects ?? []))].sort()
    // What no statement accounts for is put down to all that touch the object, and to those that nobody can read.
    const inherited = open.filter((change) => objects.includes(change.object) || (change.risk === 'data-losing' && own.some(({ risk }) => risk === 'unknown')))
    const raised = statement.risk === undefined ? [] : [{ risk: statement.risk, why: statement.comment ?? 'as the engine says' }]
    const { risk, why, drops } = worst([...own, ...inherited, ...raised])
    return { sql: statement.sql, risk, why, drops, objects, transactional: read[at]?.transactional ?? true }
  })
}

class Judge {
  readonly changes: readonly Change[]
  readonly #rebuilds: readonly Rebuild[]
  /** Names in a state that a statement renames, with their new names. */
  readonly #renamed = new Map<string, string>()

  constructor(
    private readonly from: SchemaState, private readonly to: SchemaState, private readonly dialect: Dialect, private readonly schemas: readonly string[],
    private readonly actions: readonly Action[],
  ) {
    this.changes = changesBetween(from, to, dialect)
    this.#rebuilds = dialect === 'libsql' ? rebuildsOf(actions) : []
    for (const action of actions) {
      if (action.act === 'rename' && !this.#isRebuilt(action.name.name)) {
        const key = this.#key(action.kind, action.name)
        this.#renamed.set(key, `${key.slice(0, key.lastIndexOf(action.name.name))}${action.to}`)
      }
      if (action.act === 'rename part') this.#renamed.set(`${this.#key('table', action.table)} ${action.part}`, action.to)
    }
  }

  /** Whether a difference is only a new name: what it looks like is gone is there, under another name. */
  isRenamed({ object, part, kind }: Change): boolean {
    if (kind !== 'removed') return false
    const to = this.#renamed.get(part === undefined ? object : `${object} ${part}`)
    if (to === undefined) return false
    const target = this.#renamed.get(object) ?? object
    return part === undefined ? to in this.to.objects : this.to.objects[target]?.parts[`${part.split(' ')[0] ?? ''} ${to}`] !== undefined
  }

  verdict(action: Action): Verdict {
    switch (action.act) {
      case 'harmless': return { risk: 'additive', why: action.why }
      case 'unknown': return { risk: 'unknown', why: action.why }
      case 'cascade': return { risk: 'unknown', why: 'drops whatever depends on it, too' }
      case 'lock': return { risk: 'locking', why: action.why, objects: action.table === undefined ? [] : [this.#key('table', action.table)] }
      case 'empty': return { risk: 'data-losing', why: 'deletes rows', drops: [dropName('table', this.#full(action.table))], objects: [this.#key('table', action.table)] }
      case 'copy': return this.#copy(action)
      case 'create': return this.#create(action.kind, action.name)
      case 'drop': return this.#drop(action.kind, action.name)
      case 'alter': return this.#alter(action.kind, action.name)
      case 'rename': return this.#rename(action)
      case 'rename part': return { risk: 'locking', why: 'renames a column or constraint; code that uses the old name fails', objects: [this.#key('table', action.table)] }
      case 'add part': return this.#addPart(action)
      case 'drop part': return this.#dropPart(action)
      case 'change part': return this.#changePart(action)
    }
  }

  #create(kind: SchemaObjectKind, name: Name): Verdict {
    const rebuild = this.#rebuilds.find(({ draft }) => isSame(draft, name.name))
    if (rebuild !== undefined) return this.#step(rebuild, 'makes the new form of a table that is rebuilt')
    const object = this.#key(kind, name)
    const changed = this.changes.filter((change) => change.object === object)
    const known = this.from.objects[object] !== undefined || kind === 'function'
    const verdict = known && changed.length > 0 ? worst(changed) : { risk: 'additive' as const, why: `creates a ${kind}` }
    return { ...verdict, objects: [object], explains: (change) => change.object === object }
  }

  #drop(kind: SchemaObjectKind, name: Name): Verdict {
    const rebuild = kind === 'table' ? this.#rebuilds.find(({ table }) => isSame(table, name.name)) : undefined
    if (rebuild !== undefined) return this.#rebuild(rebuild)
    const object = this.#key(kind, name, kind === 'function')
    const explains = (change: Change): boolean => change.object === object && change.kind === 'removed'
    const live = this.from.objects[object]
    const made = this.actions.some((action) => action.act === 'create' && action.kind === kind && this.#key(kind, action.name) === object)
    if (live === undefined && made && this.to.objects[object] === undefined) return { risk: 'additive', why: 'drops what was made for this change only', objects: [object] }
    // What is not in the state may still be in the database.
    return { ...judgeRemoval(live ?? { kind, name: this.#full(name), parts: {} }, this.#withoutColumns(kind)), objects: [object], explains }
  }

  /** A sequence that is dropped by name is judged by whether its column stays. */
  #withoutColumns(kind: SchemaObjectKind): SchemaState {
    return kind === 'sequence' ? this.to : { objects: {} }
  }

  #alter(kind: SchemaObjectKind, name: Name): Verdict {
    const object = this.#key(kind, name)
    const explains = (change: Change): boolean => change.object === object && change.kind === 'changed'
    const changed = this.changes.filter(explains)
    if (changed.length === 0) return { risk: 'unknown', why: `changes a ${kind} in a way that cannot be seen`, objects: [object] }
    return { ...worst(changed), objects: [object], explains }
  }

  #rename({ kind, name, to }: Action & { act: 'rename' }): Verdict {
    const rebuild = this.#rebuilds.find(({ draft }) => isSame(draft, name.name))
    if (rebuild !== undefined) return this.#step(rebuild, 'puts a rebuilt table in its place')
    const object = this.#key(kind, name)
    const target = this.#renamed.get(object) ?? ''
    return {
      risk: 'locking', why: `renames a ${kind}; code that uses the old name fails`, objects: [object, target],
      explains: (change) => change.object === object && change.kind === 'removed' && to !== '' && target in this.to.objects,
    }
  }

  #addPart({ table, part, concurrently, unchecked }: Action & { act: 'add part' }): Verdict {
    const { key, object } = this.#holder(table)
    const change = this.changes.find((each) => each.object === key && isSame(each.part ?? '', part))
    const explains = (each: Change): boolean => each === change
    if (object === undefined) return { risk: 'additive', why: `adds ${part.trim()} to a new table`, objects: [key] }
    if (concurrently === true) return { risk: 'additive', why: 'builds an index beside the table\'s use', objects: [key], explains }
    if (unchecked === true) return { risk: 'additive', why: 'adds a constraint that old rows are not checked against', objects: [key], explains }
    const now = partOf(this.to.objects[key], part)
    const old = partOf(object, part)
    if (now !== undefined && old !== undefined) return { ...judgeChangedPart(part, old, now, object, this.dialect), objects: [key], explains }
    // Drafted under a name of the database's own choice, or not what the state shows: nothing is known but the kind.
    const kind = part.split(' ')[0] ?? ''
    if (now === undefined && kind === 'column') return { risk: 'unknown', why: 'adds a column that the sources do not have', objects: [key] }
    return { ...judgeAddedPart(part, now ?? { type: '', definition: '', unique: false }, object, this.dialect), objects: [key], explains }
  }

  #dropPart({ table, part, concurrently }: Action & { act: 'drop part' }): Verdict {
    const holder = table === undefined ? Object.entries(this.from.objects).find(([, { parts }]) => partOf({ parts }, part) !== undefined) : undefined
    const key = table === undefined ? holder?.[0] ?? '' : this.#holder(table).key
    const object = table === undefined ? holder?.[1] : this.#holder(table).object
    const old = partOf(object, part)
    const explains = (change: Change): boolean => change.object === key && isSame(change.part ?? '', part) && change.kind === 'removed'
    const objects = key === '' ? [] : [key]
    if (concurrently === true) return { risk: 'additive', why: 'drops an index beside the table\'s use; queries that used it get slower', objects, explains }
    const judged = judgeRemovedPart(part, old ?? {}, object ?? { kind: 'table', name: table === undefined ? '' : this.#full(table), parts: {} })
    return { ...judged, objects, explains }
  }

  #changePart({ table, part, aspect }: Action & { act: 'change part' }): Verdict {
    const { key, object } = this.#holder(table)
    const [old, now] = [partOf(object, part), partOf(this.to.objects[key], part)]
    const change = this.changes.find((each) => each.object === key && isSame(each.part ?? '', part))
    const objects = [key]
    // A column's other aspects are judged where they are set, each by itself.
    const explains = (each: Change): boolean => each === change
    if (object === undefined || old === undefined || now === undefined) return { risk: 'unknown', why: `changes the ${aspect} of a column that cannot be seen`, objects }
    const judged = (...aspects: readonly string[]): Verdict => {
      const only = { ...old, ...Object.fromEntries(aspects.map((each) => [each, now[each] ?? null])) }
      return { ...judgeChangedPart(part, old, only, object, this.dialect), objects, explains }
    }
    switch (aspect) {
      case 'type': return judged('type', 'collation')
      case 'not null':
      case 'nullable': return judged('nullable')
      case 'default': return judged('default')
      case 'identity': return judged('identity')
      case 'expression': return judged('generated')
      case 'storage': return { risk: 'locking', why: 'changes how a column is stored', objects }
    }
  }

  #copy(action: Action & { act: 'copy' }): Verdict {
    const rebuild = this.#rebuilds.find(({ table, draft }) => isSame(table, action.from.name) && isSame(draft, action.to.name))
    if (rebuild === undefined) return { risk: 'unknown', why: 'copies rows', objects: [this.#key('table', action.to)] }
    return this.#step(rebuild, 'copies every row of a table that is rebuilt')
  }

  /** A step of a rebuild. If one loses something, it is the drop of the old table, see {@link #rebuild}. */
  #step({ table }: Rebuild, why: string): Verdict {
    return { risk: 'locking', why, objects: [this.#key('table', { name: table })] }
  }

  /** A table that is made anew under another name, filled from the old one, and put in its place: what differs is what changes. */
  #rebuild({ table, copied }: Rebuild): Verdict {
    const object = this.#key('table', { name: table })
    const explains = (change: Change): boolean => change.object === object
    const before = this.from.objects[object]
    const after = this.to.objects[object]
    if (before === undefined || after === undefined) return { risk: 'unknown', why: 'rebuilds a table that cannot be seen', objects: [object] }
    const left = Object.keys(before.parts).filter((part) => part.startsWith('column ') && partOf(after, part) !== undefined)
      .filter((part) => after.parts[part]?.generated === null && ![...copied].some(([from, to]) => isSame(`column ${from}`, part) && isSame(from, to)))
    const forgotten = left.map((part): Verdict => (
      { risk: 'data-losing', why: `rebuilds the table without the values of ${part}`, drops: [dropName('column', `${table}.${part.slice('column '.length)}`)] }))
    const nulls = this.changes.filter((change) => explains(change) && change.part?.startsWith('column ') && before.parts[change.part]?.nullable === true)
      .filter(({ part = '' }) => after.parts[part]?.nullable === false && after.parts[part]?.default !== null)
      .map(({ part = '' }): Verdict => ({ risk: 'locking', why: `rebuilds the table; where ${part} is null it becomes the default` }))
    const base: Verdict = { risk: 'locking', why: 'rebuilds the table, with all its rows' }
    return { ...worst([base, ...nulls, ...forgotten, ...this.changes.filter(explains)]), objects: [object], explains }
  }

  #isRebuilt(name: string): boolean {
    return this.#rebuilds.some(({ table, draft }) => isSame(table, name) || isSame(draft, name))
  }

  /** The table, or view with indexes, that a part belongs to. */
  #holder(name: Name): { readonly key: string; readonly object: SchemaObject | undefined } {
    const kinds = ['table', 'materialized view', 'view'] as const
    const kind = kinds.find((each) => this.#key(each, name) in this.from.objects) ?? kinds.find((each) => this.#key(each, name) in this.to.objects) ?? 'table'
    const key = this.#key(kind, name)
    return { key, object: this.from.objects[key] }
  }

  /** The name in a state that a written name means. */
  #key(kind: SchemaObjectKind, name: Name, isCalled = false): string {
    const full = this.#full(name)
    const known = [...Object.keys(this.from.objects), ...Object.keys(this.to.objects)]
    const written = `${kind} ${full}`
    return known.find((key) => (this.dialect === 'pg' ? key === written : isSame(key, written)))
      ?? known.find((key) => (isCalled || kind === 'function') && key.startsWith(`${written}(`))
      ?? known.find((key) => name.schema === undefined && this.dialect === 'pg' && this.schemas.some((schema) => key === `${kind} ${schema}.${name.name}`))
      ?? written
  }

  #full({ schema, name }: Name): string {
    if (this.dialect === 'libsql') return name
    return schema === undefined ? `${this.schemas[0] ?? 'public'}.${name}` : `${schema}.${name}`
  }
}

function partOf(object: Pick<SchemaObject, 'parts'> | undefined, part: string): SchemaObject['parts'][string] | undefined {
  if (object === undefined) return undefined
  return object.parts[part] ?? object.parts[Object.keys(object.parts).find((key) => isSame(key, part)) ?? '']
}

/** SQLite knows no letter case in names; in a plan for Postgres two names that differ only in it are rare and judged as one. */
function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
