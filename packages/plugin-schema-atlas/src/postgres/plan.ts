import { StkError, type SchemaContext, type SchemaDatabase, type SchemaDraft, type SchemaDraftStatement, type SchemaState, type SchemaSubject } from '@santokit/core'
import { inspectSchema, withConnection } from '@santokit/core/schema'
import type { Atlas } from '../atlas/atlas.ts'
import { loadSources } from '../load-sources.ts'
import type { AtlasOptions } from '../options.ts'
import { quoted } from '../statement.ts'
import { atlasAddress } from './address.ts'
import { planBeyond } from './beyond.ts'
import { readCatalogue, type Side } from './catalogue.ts'
import { copyTables } from './copy.ts'
import { faithful } from './faithful.ts'
import { withScratch } from './scratch.ts'
import { settle } from './settle.ts'

/**
 * Plans for Postgres: the sources are loaded into one scratch database, the live tables are copied into another one, and Atlas compares
 * the two. Atlas never gets to the live database.
 *
 * What Atlas's community build does not know (views, functions, triggers, policies, …) is compared by the catalogue's own words.
 */
export async function planPostgres(
  atlas: Atlas, options: AtlasOptions, database: SchemaDatabase, subject: SchemaSubject, ctx: SchemaContext,
): Promise<SchemaDraft> {
  // Asked first, since it says best when the database cannot be reached.
  const live = await sideOf(database, subject, ctx)
  return withScratch(database, options, ctx, async (makeScratch) => {
    const [scratch, copy] = [await makeScratch(), await makeScratch()]
    await loadSources(atlas, scratch, atlasAddress(scratch, ctx.env), subject, ctx.signal)
    const [desired] = await Promise.all([
      settle(scratch, subject.schemas).then(() => sideOf(scratch, subject, ctx)),
      copyTables(live, copy, subject),
    ])
    checkNames(live.state, desired.state, subject)
    await Promise.all([scratch, copy].map(showSettings))
    const exclude = await unmanagedTables(desired, subject.schemas)
    const planned = await atlas.diff(atlasAddress(copy, ctx.env), atlasAddress(scratch, ctx.env), { schemas: subject.schemas, exclude })
    const beyond = planBeyond(live, desired)
    const statements = [...beyond.before, ...faithful(planned, live.state, desired.state), ...beyond.after]
    return { to: desired.state, statements: statements.map((sql): SchemaDraftStatement => ({ sql })) }
  })
}

async function sideOf(database: SchemaDatabase, subject: SchemaSubject, ctx: SchemaContext): Promise<Side> {
  const state = await inspectSchema(database, subject, ctx.signal)
  return { database, state, catalogue: await readCatalogue(database, state) }
}

/**
 * Shows Atlas the settings `lc_collate` and `lc_ctype`, which PostgreSQL 16 took out of `pg_settings` and without which Atlas 0.13 does not
 * begin. Only on a scratch database.
 */
async function showSettings({ url, driver }: SchemaDatabase): Promise<void> {
  await withConnection({ url, driver }, async (connection) => {
    const [row] = await connection.rows<{ name: string; modern: boolean }>(`select current_database() as name, current_setting('server_version_num')::int >= 160000 as modern`)
    if (row?.modern !== true) return
    await connection.run(`create schema ${SETTINGS_SCHEMA}`)
    await connection.run(`create view ${SETTINGS_SCHEMA}.pg_settings as select name, setting from pg_catalog.pg_settings
      union all select 'lc_collate', datcollate from pg_catalog.pg_database where datname = current_database()
      union all select 'lc_ctype', datctype from pg_catalog.pg_database where datname = current_database()`)
    await connection.run(`alter database ${quoted(row.name)} set search_path = ${SETTINGS_SCHEMA}, pg_catalog, public`)
  })
}

const SETTINGS_SCHEMA = 'stk_scratch_settings'

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

/** Tables of the sources that are not theirs to manage: excluded ones, and those of extensions. The copy has none. */
async function unmanagedTables({ database, state }: Side, schemas: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const rows = await withConnection(database, (connection) => connection.rows<{ schema: string; name: string }>(TABLES, [schemas]))
  return rows.filter(({ schema, name }) => state.objects[`table ${schema}.${name}`] === undefined).map(({ schema, name }) => [schema, name] as const)
}

const TABLES = `
  select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'f') order by 1, 2`
