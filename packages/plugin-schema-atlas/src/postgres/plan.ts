import { StkError, type SchemaContext, type SchemaDatabase, type SchemaDraft, type SchemaDraftStatement, type SchemaState, type SchemaSubject } from '@santokit/core'
import { inspectSchema, withConnection } from '@santokit/core/schema'
import type { Atlas } from '../atlas/atlas.ts'
import { loadSources } from '../load-sources.ts'
import type { AtlasOptions } from '../options.ts'
import { atlasAddress } from './address.ts'
import { planBeyond } from './beyond.ts'
import { faithful } from './faithful.ts'
import { withScratch } from './scratch.ts'
import { settle } from './settle.ts'

/**
 * Plans for Postgres: the sources are loaded into a scratch database, and Atlas compares the two.
 *
 * What Atlas's community build does not know (views, functions, triggers, policies, …) is compared by the catalogue's own words.
 */
export async function planPostgres(
  atlas: Atlas, options: AtlasOptions, database: SchemaDatabase, subject: SchemaSubject, ctx: SchemaContext,
): Promise<SchemaDraft> {
  // Asked first, since it says best when the database cannot be reached.
  const from = await inspectSchema(database, subject, ctx.signal)
  return withScratch(database, options, ctx, async (scratch) => {
    await loadSources(atlas, scratch, atlasAddress(scratch, ctx.env), subject, ctx.signal)
    await settle(scratch, subject.schemas)
    const to = await inspectSchema(scratch, subject, ctx.signal)
    checkNames(from, to, subject)
    const exclude = await foreignTables([[database, from], [scratch, to]], subject.schemas)
    const [planned, beyond] = await Promise.all([
      atlas.diff(atlasAddress(database, ctx.env), atlasAddress(scratch, ctx.env), { schemas: subject.schemas, exclude }),
      planBeyond({ database, state: from }, { database: scratch, state: to }),
    ])
    const statements = [...beyond.before, ...faithful(planned, from, to), ...beyond.after]
    return { to, statements: statements.map((sql): SchemaDraftStatement => ({ sql })) }
  })
}

/**
 * Atlas 0.13 writes names between quotes as they stand, so that one with a quote in it ends its quotes: at best an error, at worst a
 * statement that somebody else thought out.
 *
 * @throws StkError STK6002 for such a name in an object that differs.
 */
function checkNames(from: SchemaState, to: SchemaState, { project }: SchemaSubject): void {
  for (const key of new Set([...Object.keys(from.objects), ...Object.keys(to.objects)])) {
    const [before, after] = [from.objects[key], to.objects[key]]
    if (JSON.stringify(before) === JSON.stringify(after)) continue
    const name = [key, ...Object.keys({ ...before?.parts, ...after?.parts })].find((text) => text.includes('"'))
    if (name === undefined) continue
    throw new StkError('STK6002', { why: `Atlas cannot write ${name}: there is a quote in that name.`, fix: 'Rename it, or leave its table out with `exclude`.', project })
  }
}

/** Tables that the catalogue has and the states leave out: excluded ones and those of extensions. */
async function foreignTables(
  sides: readonly (readonly [SchemaDatabase, SchemaState])[], schemas: readonly string[],
): Promise<readonly (readonly [string, string])[]> {
  const found = new Map<string, readonly [string, string]>()
  for (const [database, state] of sides) {
    const rows = await withConnection(database, (connection) => connection.rows<{ schema: string; name: string }>(TABLES, [schemas]))
    for (const { schema, name } of rows) {
      if (state.objects[`table ${schema}.${name}`] === undefined) found.set(`${schema}.${name}`, [schema, name])
    }
  }
  return [...found.values()]
}

const TABLES = `
  select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'f') order by 1, 2`
