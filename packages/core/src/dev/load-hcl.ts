import type { SchemaDatabase, SchemaSubject } from '../schema/contract.ts'
import { contextOf, findLoader, type SchemaWorld } from '../schema/open-schemas.ts'

/**
 * Finds what loads the HCL files of an alias, and whether it can: before the database is touched.
 *
 * @returns what makes an empty database what they say, in a session of its own.
 * @throws StkError STK6001 without an engine that loads them, STK6002 when its tool is missing.
 */
export type OpenHcl = (subject: SchemaSubject) => Promise<(database: SchemaDatabase) => Promise<void>>

/** Loads HCL with the schema engine of a config's plugins. */
export function hclLoader(world: Pick<SchemaWorld, 'config' | 'host' | 'env' | 'signal' | 'report'>): OpenHcl {
  return async (subject) => {
    const engine = findLoader(subject, world.host)
    const ctx = contextOf(subject, world)
    await engine.preflight?.(ctx)
    return (database) => engine.load(database, subject, ctx)
  }
}
