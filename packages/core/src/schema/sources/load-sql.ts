import type { SchemaDatabase, SchemaSubject } from '../contract.ts'

/**
 * Runs SQL sources on an empty database, one after the other, in one transaction.
 *
 * @throws StkError STK6003 at the statement that failed, with its line.
 */
export async function loadSqlSources(_database: SchemaDatabase, _subject: Pick<SchemaSubject, 'sources' | 'driver'>, _signal?: AbortSignal): Promise<void> {
  throw new Error('not yet')
}
