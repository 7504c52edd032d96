import type { SchemaSubject } from '@santokit/core'
import { canonicalSql } from '@santokit/core/schema'
import { quoted } from '../statement.ts'
import { identifiersOf, isManaged, isVirtual, type Stored } from './copy.ts'

/** Statements around those for tables. */
export interface Dependents {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/**
 * Plans indexes, views, triggers and virtual tables from the words in which they were made.
 *
 * A table that is made anew takes its indexes and triggers with it, and cannot take its name again while a view or a trigger refers to
 * it: all of these are dropped before and made again afterwards, those that the sources do not manage as well.
 */
export function planDependents(live: readonly Stored[], wanted: readonly Stored[], subject: SchemaSubject, gone: ReadonlySet<string>): Dependents {
  const wantedOf = ({ type, name }: Stored): Stored | undefined => wanted.find((other) => other.type === type && isSame(other.name, name))
  const isKept = (stored: Stored): boolean => {
    const other = wantedOf(stored)
    return !isManaged(subject, stored) || (other !== undefined && canonicalSql(other.sql) === canonicalSql(stored.sql))
  }
  const virtual = live.filter((stored) => isVirtual(stored) && !isKept(stored))
  const disturbed = new Set([...gone, ...virtual.map(({ name }) => name.toLowerCase())])
  const views = live.filter((stored) => stored.type === 'view')
  for (let size = -1; size !== disturbed.size;) {
    size = disturbed.size
    for (const view of views) if (!isKept(view) || refersTo(view, disturbed)) disturbed.add(view.name.toLowerCase())
  }
  const droppedViews = views.filter(({ name }) => disturbed.has(name.toLowerCase()))
  const droppedTriggers = live.filter((stored) => stored.type === 'trigger' && (!isKept(stored) || refersTo(stored, disturbed)))
  const droppedIndexes = live.filter((stored) => stored.type === 'index' && !isKept(stored))
  const dropped = new Set([...virtual, ...droppedViews, ...droppedTriggers, ...droppedIndexes, ...live.filter((stored) => stored.type === 'index' && gone.has(stored.table.toLowerCase()))])
  const stays = (stored: Stored): boolean => live.some((other) => other.type === stored.type && isSame(other.name, stored.name) && !dropped.has(other))
  const survives = (stored: Stored): boolean => !isManaged(subject, stored) && (stored.type === 'view' || !gone.has(stored.table.toLowerCase()) || wanted.some(({ type, name }) => type === 'table' && isSame(name, stored.table)))

  const made = [
    ...wanted.filter((stored) => (stored.type !== 'table' || isVirtual(stored)) && isManaged(subject, stored) && !stays(stored)),
    ...[...dropped].filter(survives),
  ]
  const ofType = (type: Stored['type']): readonly string[] => made.filter((stored) => stored.type === type).map(({ sql }) => sql)
  return {
    before: [
      ...droppedTriggers.map(({ name }) => `DROP TRIGGER ${quoted(name)}`),
      ...[...droppedViews].reverse().map(({ name }) => `DROP VIEW ${quoted(name)}`),
      ...droppedIndexes.filter(({ table }) => !gone.has(table.toLowerCase())).map(({ name }) => `DROP INDEX ${quoted(name)}`),
      ...virtual.map(({ name }) => `DROP TABLE ${quoted(name)}`),
    ],
    after: [...ofType('table'), ...ofType('index'), ...ofType('view'), ...ofType('trigger')],
  }
}

function refersTo({ sql, table }: Stored, names: ReadonlySet<string>): boolean {
  return names.has(table.toLowerCase()) || [...identifiersOf(sql)].some((name) => names.has(name))
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
