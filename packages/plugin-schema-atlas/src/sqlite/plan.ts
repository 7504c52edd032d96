import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SecretValue, StkError, type SchemaContext, type SchemaDatabase, type SchemaDraft, type SchemaState, type SchemaSubject } from '@santokit/core'
import { inspectSchema, withConnection } from '@santokit/core/schema'
import type { Atlas } from '../atlas/atlas.ts'
import { loadSources } from '../load-sources.ts'
import { fileAddress } from './address.ts'
import { isManaged, isVirtual, readStored, runAll, type Stored } from './copy.ts'
import { planDependents } from './dependents.ts'
import { spellOutReferences } from './references.ts'
import { isReadable, objectOf, planTables, type TableSides } from './tables.ts'

/**
 * Plans for libSQL and SQLite, wherever the database is: its schema is read through the client, and Atlas compares two files that hold
 * tables and nothing else. Atlas never gets to the database, so that every URL works with every version of Atlas, and no token leaves
 * this process.
 *
 * The plan is then rehearsed on a copy of the live schema. A table that does not come out as the sources say is made anew.
 */
export async function planLibsql(atlas: Atlas, database: SchemaDatabase, subject: SchemaSubject, ctx: SchemaContext): Promise<SchemaDraft> {
  const live = await readStored(database)
  const from = await inspectSchema(database, subject, ctx.signal)
  const folder = await mkdtemp(join(tmpdir(), 'stk-schema-'))
  try {
    const file = (name: string): ScratchFile => scratchFile(join(folder, `${name}.db`))
    const desired = file('desired')
    await loadSources(atlas, desired.database, fileAddress(desired.path), subject, ctx.signal)
    const to = await inspectSchema(desired.database, subject, ctx.signal)
    const wanted = await readStored(desired.database)

    const planned = await compareTables(atlas, [file('before'), live, from], [file('after'), wanted, to], subject)
    const sides: TableSides = {
      from, to, wanted: wanted.filter((stored) => stored.type === 'table' && !isVirtual(stored) && isManaged(subject, stored)), taken: new Set([...live, ...wanted].map(({ name }) => name.toLowerCase())),
    }
    const draft = (rebuilt: ReadonlySet<string>): readonly string[] => {
      const tables = planTables(planned, sides, rebuilt)
      const around = planDependents(live, wanted, subject, tables.gone)
      return [...around.before, ...tables.statements, ...around.after]
    }
    const first = draft(new Set())
    const unlike = await rehearse(file('rehearsal-1'), live, first, to, subject)
    if (unlike.length === 0) return { to, statements: first.map((sql) => ({ sql })) }
    const second = draft(new Set(unlike.map((name) => name.toLowerCase())))
    const still = await rehearse(file('rehearsal-2'), live, second, to, subject)
    if (still.length > 0) {
      throw new StkError('STK6002', {
        why: `No plan was found that makes ${still.join(', ')} what the sources say.`, project: subject.project,
        fix: 'Make that change by hand, then plan again.',
      })
    }
    return { to, statements: second.map((sql) => ({ sql })) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface ScratchFile {
  readonly path: string
  readonly database: SchemaDatabase
}

function scratchFile(path: string): ScratchFile {
  return { path, database: { driver: 'libsql', url: new SecretValue(pathToFileURL(path).href) } }
}

type Side = readonly [file: ScratchFile, stored: readonly Stored[], state: SchemaState]

/** What Atlas says of the tables that both sides manage. */
async function compareTables(atlas: Atlas, before: Side, after: Side, subject: SchemaSubject): Promise<readonly string[]> {
  for (const [{ database }, stored, state] of [before, after]) {
    const tables = stored.filter((one) => one.type === 'table' && !isVirtual(one) && isReadable(one) && isManaged(subject, one))
    await withConnection(database, (connection) => runAll(connection, tables.map(({ sql }) => spellOutReferences(sql, state))))
  }
  return atlas.diff(fileAddress(before[0].path), fileAddress(after[0].path), { schemas: [], exclude: [] })
}

/** Runs a plan on a copy of the live schema. @returns the tables that are not as they should be afterwards. */
async function rehearse(file: ScratchFile, live: readonly Stored[], plan: readonly string[], to: SchemaState, subject: SchemaSubject): Promise<readonly string[]> {
  await withConnection(file.database, async (connection) => {
    await runAll(connection, live.map(({ sql }) => sql))
    await runAll(connection, plan)
  }).catch((cause: unknown) => {
    throw new StkError('STK6002', { why: `The plan does not run on a copy of the schema: ${cause instanceof Error ? cause.message : String(cause)}`, project: subject.project })
  })
  const result = await inspectSchema(file.database, subject)
  const names = new Set([...Object.values(result.objects), ...Object.values(to.objects)].map(({ name }) => name))
  return [...names].filter((name) => JSON.stringify(shapeOf(result, name)) !== JSON.stringify(shapeOf(to, name)))
}

function shapeOf(state: SchemaState, name: string): unknown {
  return objectOf(state, name)?.parts ?? state.objects[`view ${name}`]?.parts
}
