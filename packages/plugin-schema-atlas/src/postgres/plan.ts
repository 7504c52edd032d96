import type { SchemaContext, SchemaDatabase, SchemaDraft, SchemaDraftStatement, SchemaState, SchemaSubject } from '@santokit/core'
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
    const exclude = await foreignTables([[database, from], [scratch, to]], subject.schemas)
    const planned = await atlas.diff(atlasAddress(database, ctx.env), atlasAddress(scratch, ctx.env), { schemas: subject.schemas, exclude })
    const beyond = await planBeyond({ database, state: from }, { database: scratch, state: to })
    const statements = [...beyond.before, ...faithful(planned, from, to), ...beyond.after]
    return { to, statements: statements.map((sql): SchemaDraftStatement => ({ sql })) }
  })
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
