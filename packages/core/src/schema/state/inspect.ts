import type { SchemaDatabase, SchemaState, SchemaSubject } from '../contract.ts'

/**
 * Reads what a database holds of what a subject manages.
 *
 * @throws StkError STK6004 when it cannot be reached.
 */
export async function inspectSchema(
  _database: SchemaDatabase, _subject: Pick<SchemaSubject, 'schemas' | 'exclude'>, _signal?: AbortSignal,
): Promise<SchemaState> {
  throw new Error('not yet')
}
