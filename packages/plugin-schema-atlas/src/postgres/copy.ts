import { StkError, type SchemaDatabase, type SchemaObject, type SchemaPart, type SchemaSubject } from '@santokit/core'
import { withConnection } from '@santokit/core/schema'
import { quoted } from '../statement.ts'
import type { Side } from './catalogue.ts'
import { createFunction, createObject, literal, writtenName } from './objects.ts'
import { showSettings } from './settings.ts'

/**
 * Gives an empty database the tables of another one, with the types and functions they need: what Atlas compares.
 *
 * So Atlas never gets to the live database, and both sides are described by one server.
 *
 * @throws StkError STK6002 for a table that cannot be copied.
 */
export async function copyTables(live: Side, copy: SchemaDatabase, subject: SchemaSubject): Promise<void> {
  const unlike = Object.values(live.state.objects).find(({ parts }) => parts.partitioning !== undefined)
  if (unlike !== undefined) {
    throw new StkError('STK6002', {
      why: `${unlike.kind} ${unlike.name} is partitioned or inherits from another table, which this engine does not plan.`, project: subject.project,
      fix: 'Leave it out with `exclude`, and change it by hand.',
    })
  }
  await withConnection(copy, async (connection) => {
    for (const extension of live.catalogue.extensions) {
      // Whoever runs the server may have installed it; if a table needs it, that is said below.
      await connection.run(`create extension if not exists ${quoted(extension)} cascade`).catch(() => {})
    }
    await connection.run('set check_function_bodies = off')
    await connection.begin()
    for (const sql of copyOf(live)) {
      await connection.run(sql).catch((cause: unknown) => {
        throw new StkError('STK6002', {
          why: `The tables cannot be copied for comparing them: ${cause instanceof Error ? cause.message : String(cause)}`, project: subject.project,
          fix: 'Leave the table out with `exclude`, with whatever refers to it.',
        })
      })
    }
    await connection.commit()
    await showSettings(connection)
  })
}

function copyOf({ state, catalogue }: Side): readonly string[] {
  const objects = Object.values(state.objects)
  const ordered = catalogue.order.map((key) => state.objects[key]).filter((object) => object !== undefined)
  const tables = objects.filter(({ kind }) => kind === 'table')
  const constraints = (wanted: (type: SchemaPart[string] | undefined) => boolean): readonly string[] => tables.flatMap((table) =>
    partsOf(table, 'constraint').filter(([, { type }]) => wanted(type)).map(([name, { definition }]) => `alter table ${writtenName(table.name)} add constraint ${quoted(name)} ${String(definition)}`))
  return [
    ...objects.filter(({ kind }) => kind === 'schema').map(({ name }) => `create schema ${quoted(name)}`),
    ...ordered.filter(({ kind }) => kind === 'type' || kind === 'domain' || kind === 'sequence').map(createObject),
    ...catalogue.order.filter((key) => catalogue.neededByTables.has(key)).map((key) => createFunction(state.objects[key])),
    ...tables.map((table) => `create table ${writtenName(table.name)} (${partsOf(table, 'column').map(([name, column]) => columnText(name, column)).join(', ')})`),
    ...constraints((type) => type !== 'foreign key'),
    ...constraints((type) => type === 'foreign key'),
    ...tables.flatMap((table) => partsOf(table, 'index').map(([, { definition }]) => String(definition))),
    ...ordered.filter(({ kind, parts }) => kind === 'sequence' && typeof parts.definition?.owner === 'string').map(ownSequence),
    ...tables.flatMap(comments),
  ]
}

function partsOf({ parts }: SchemaObject, kind: string): readonly (readonly [string, SchemaPart])[] {
  return Object.entries(parts).filter(([part]) => part.startsWith(`${kind} `)).map(([part, value]) => [part.slice(kind.length + 1), value] as const)
}

function columnText(name: string, { type, nullable, default: value, generated, identity, collation }: SchemaPart): string {
  return [
    quoted(name), String(type),
    typeof collation === 'string' ? `collate ${quoted(collation)}` : '',
    typeof generated === 'string' ? generatedText(generated) : '',
    typeof identity === 'string' ? `generated ${identity} as identity` : '',
    typeof value === 'string' ? `default ${value}` : '',
    nullable === false ? 'not null' : '',
  ].filter((word) => word !== '').join(' ')
}

/** A state says `stored: …` or `virtual: …`. */
function generatedText(generated: string): string {
  const colon = generated.indexOf(': ')
  return `generated always as (${generated.slice(colon + 2)}) ${generated.slice(0, colon)}`
}

function ownSequence({ name, parts }: SchemaObject): string {
  const owner = String(parts.definition?.owner)
  const cut = owner.lastIndexOf('.')
  return `alter sequence ${writtenName(name)} owned by ${writtenName(owner.slice(0, cut))}.${quoted(owner.slice(cut + 1))}`
}

function comments(table: SchemaObject): readonly string[] {
  const name = writtenName(table.name)
  const own = typeof table.parts.comment?.definition === 'string' ? [`comment on table ${name} is ${literal(table.parts.comment.definition)}`] : []
  return [...own, ...partsOf(table, 'column').filter(([, { comment }]) => typeof comment === 'string')
    .map(([column, { comment }]) => `comment on column ${name}.${quoted(column)} is ${literal(String(comment))}`)]
}
