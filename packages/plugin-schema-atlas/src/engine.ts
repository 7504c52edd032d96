import { defineSchemaEngine, type SchemaEngine } from '@santokit/core'
import { openAtlas } from './atlas/atlas.ts'
import { loadSources } from './load-sources.ts'
import type { AtlasOptions } from './options.ts'
import { atlasAddress } from './postgres/address.ts'
import { planPostgres } from './postgres/plan.ts'
import { sqliteAddress } from './sqlite/address.ts'
import { planLibsql } from './sqlite/plan.ts'

/** The engine `atlas`: SQL and HCL sources, PostgreSQL and libSQL. */
export function atlasEngine(options: AtlasOptions): SchemaEngine {
  return defineSchemaEngine({
    name: 'atlas',
    supports: ({ driver }) => driver === 'pg' || driver === 'libsql',
    async preflight(ctx) {
      const atlas = openAtlas(options, ctx)
      const { version, flavour } = await atlas.version()
      const build = flavour === undefined ? '' : `, ${flavour} build`
      return {
        version,
        summary: `Atlas ${version}${build} (${atlas.program}): tables, columns, indexes, keys, checks and enum types; views, functions, triggers and policies by the catalogue`,
      }
    },
    async plan(database, subject, ctx) {
      const atlas = openAtlas(options, ctx)
      return subject.driver === 'pg' ? planPostgres(atlas, options, database, subject, ctx) : planLibsql(atlas, database, subject, ctx)
    },
    async load(database, subject, ctx) {
      const atlas = openAtlas(options, ctx)
      const address = subject.driver === 'pg' ? atlasAddress(database, ctx.env) : sqliteAddress(database)
      await loadSources(atlas, database, address, subject, ctx.signal)
    },
  })
}
