import { StkError, type SchemaContext, type SchemaDatabase, type SchemaDraft, type SchemaDraftStatement, type SchemaState, type SchemaSubject } from '@santokit/core'
import { inspectSchema } from '@santokit/core/schema'
import type { Atlas } from '../atlas/atlas.ts'
import { loadSources } from '../load-sources.ts'
import type { AtlasOptions } from '../options.ts'
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
    // Tables of the sources that are not theirs to manage: excluded ones, and those of extensions. The copy has none.
    const exclude = desired.catalogue.tables.filter(([schema, name]) => subject.schemas.includes(schema) && desired.state.objects[`table ${schema}.${name}`] === undefined)
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
