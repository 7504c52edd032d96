import type { SchemaObject, SchemaPart, SchemaState } from '@santokit/core'
import { quoted } from '../statement.ts'
import type { Catalogue, Side } from './catalogue.ts'
import { createFunction, createObject, writtenName } from './objects.ts'

/** Statements around those of Atlas. */
export interface Beyond {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/**
 * Plans what Atlas's community build leaves alone: extensions, domains, composite and range types, free sequences, functions, views,
 * triggers, rules, policies and row security, each compared and made by the words of the database's own catalogue.
 */
export function planBeyond(live: Side, desired: Side): Beyond {
  const { catalogue: has } = live
  const { catalogue: wants } = desired
  const from = live.state.objects
  const to = desired.state.objects
  const changed = (key: string): boolean => definitionOf(from[key]) !== definitionOf(to[key])
  const gone = [...has.order].reverse().filter((key) => from[key] !== undefined && to[key] === undefined)
  const made = wants.order.filter((key) => to[key] !== undefined && changed(key))

  const views = (keys: readonly string[]): string[] => keys.filter((key) => isView(key))
  const changedViews = views(made).filter((key) => from[key] !== undefined)
  const disturbed = viewsUpon(has, tablesToDisturb(from, to))
  const droppedViews = [...has.order].reverse().filter((key) => isView(key) && from[key] !== undefined
    && (to[key] === undefined || changedViews.includes(key) || disturbed.has(key) || viewsUpon(has, new Set(changedViews)).has(key)))
  const madeViews = wants.order.filter((key) => isView(key) && to[key] !== undefined && (from[key] === undefined || droppedViews.includes(key)))

  const functions = made.filter((key) => key.startsWith('function '))
  const early = functions.filter((key) => wants.neededByTables.has(key))
  const parts = tableParts(from, to, new Set(droppedViews))
  return {
    before: [
      ...wants.extensions.filter((name) => !has.extensions.includes(name)).map((name) => `CREATE EXTENSION IF NOT EXISTS ${quoted(name)}`),
      ...parts.dropped,
      ...droppedViews.map((key) => `DROP ${kindOf(key)} ${writtenName(nameOf(key))}`),
      ...made.filter((key) => from[key] === undefined && isEarly(to[key])).flatMap((key) => (to[key] === undefined ? [] : [createObject(to[key])])),
      ...early.map((key) => createFunction(to[key])),
    ],
    after: [
      ...functions.filter((key) => !early.includes(key)).map((key) => createFunction(to[key])),
      ...madeViews.flatMap((key) => createView(key, to[key])),
      ...parts.made,
      ...gone.filter((key) => !isView(key) && (key.startsWith('function ') || isEarly(from[key]))).map((key) => dropObject(key, from[key])),
    ],
  }
}

type Objects = SchemaState['objects']

/** Tables whose columns Postgres changes or drops only when no view reads them. */
function tablesToDisturb(from: Objects, to: Objects): ReadonlySet<string> {
  const keys = Object.keys(from).filter((key) => {
    const before = from[key]
    const after = to[key]
    if (before?.kind !== 'table') return false
    return after === undefined || Object.entries(before.parts).some(([part, column]) =>
      part.startsWith('column ') && (after.parts[part] === undefined || after.parts[part].type !== column.type))
  })
  return new Set(keys)
}

/** The views that read any of these, or a view that does. */
function viewsUpon({ reads }: Catalogue, relations: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>()
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const [view, relation] of reads) if (relations.has(relation) || found.has(relation)) found.add(view)
  }
  return found
}

function isView(key: string): boolean {
  return key.startsWith('view ') || key.startsWith('materialized view ')
}

function kindOf(key: string): string {
  return (key.startsWith('materialized view ') ? 'materialized view' : key.slice(0, key.indexOf(' '))).toUpperCase()
}

function nameOf(key: string): string {
  return key.slice(kindOf(key).length + 1)
}

function definitionOf(object: SchemaObject | undefined): string {
  return JSON.stringify(object?.parts.definition ?? null)
}

/** What has to be there before tables are made, and is not Atlas's: enum types are. */
function isEarly(object: SchemaObject | undefined): boolean {
  const definition = object?.parts.definition
  if (object === undefined || definition === undefined) return false
  return object.kind === 'domain' || (object.kind === 'type' && definition.form !== 'enum') || (object.kind === 'sequence' && definition.owner === null)
}

function createView(key: string, object: SchemaObject | undefined): readonly string[] {
  const { query, options } = object?.parts.definition ?? {}
  const indexes = Object.entries(object?.parts ?? {}).filter(([part]) => part.startsWith('index ')).map(([, { definition }]) => String(definition))
  const withOptions = options === null || options === undefined ? '' : ` WITH (${String(options)})`
  return [`CREATE ${kindOf(key)} ${writtenName(nameOf(key))}${withOptions} AS\n${String(query).replace(/;\s*$/, '')}`, ...indexes]
}

function dropObject(key: string, object: SchemaObject | undefined): string {
  if (object?.kind !== 'function') return `DROP ${kindOf(key)} ${writtenName(nameOf(key))}`
  const open = object.name.indexOf('(')
  // A procedure is dropped by another word, a function and an aggregate by this one.
  const routine = /^CREATE OR REPLACE PROCEDURE/.test(createFunction(object)) ? 'PROCEDURE' : 'FUNCTION'
  return `DROP ${routine} ${writtenName(object.name.slice(0, open))}${object.name.slice(open)}`
}

/** Triggers, rules, policies and row security of tables that are there before and after, or are new; and triggers of views. */
function tableParts(from: Objects, to: Objects, droppedViews: ReadonlySet<string>): { readonly dropped: readonly string[]; readonly made: readonly string[] } {
  const dropped: string[] = []
  const made: string[] = []
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const before = droppedViews.has(key) ? {} : from[key]?.parts ?? {}
    const after = to[key]?.parts ?? {}
    const table = writtenName(nameOf(key))
    for (const [part, value] of Object.entries(before)) {
      if (to[key] === undefined || JSON.stringify(after[part]) === JSON.stringify(value)) continue
      dropped.push(...dropPart(part, table))
    }
    for (const [part, value] of Object.entries(after)) {
      if (JSON.stringify(before[part]) !== JSON.stringify(value)) made.push(...makePart(part, value, table))
    }
  }
  return { dropped, made }
}

function dropPart(part: string, table: string): readonly string[] {
  const [kind] = part.split(' ', 1)
  const name = quoted(part.slice(part.indexOf(' ') + 1))
  if (kind === 'trigger' || kind === 'rule' || kind === 'policy') return [`DROP ${kind.toUpperCase()} ${name} ON ${table}`]
  return part === 'row security' ? [`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY`] : []
}

const COMMANDS: Readonly<Record<string, string>> = { r: 'SELECT', a: 'INSERT', w: 'UPDATE', d: 'DELETE', '*': 'ALL' }
const ENABLED: Readonly<Record<string, string>> = { D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' }

function makePart(part: string, value: SchemaPart, table: string): readonly string[] {
  const [kind] = part.split(' ', 1)
  const name = part.slice(part.indexOf(' ') + 1)
  if (kind === 'trigger' || kind === 'rule') {
    const state = ENABLED[String(value.enabled)]
    const setting = state === undefined ? [] : [`ALTER TABLE ${table} ${state} ${kind.toUpperCase()} ${quoted(name)}`]
    return [String(value.definition).replace(/;\s*$/, ''), ...setting]
  }
  if (kind === 'policy') {
    return [[
      `CREATE POLICY ${quoted(name)} ON ${table}`, value.permissive === false ? 'AS RESTRICTIVE' : '', `FOR ${COMMANDS[String(value.command)] ?? 'ALL'}`,
      `TO ${String(value.roles)}`, value.using === null ? '' : `USING (${String(value.using)})`, value.check === null ? '' : `WITH CHECK (${String(value.check)})`,
    ].filter((word) => word !== '').join(' ')]
  }
  if (part !== 'row security') return []
  const words = String(value.definition).split(', ')
  return [`ALTER TABLE ${table} ${words.map((word) => (word === 'forced' ? 'FORCE' : 'ENABLE')).map((word) => `${word} ROW LEVEL SECURITY`).join(', ')}`]
}
