import type { PostgresEntry } from '../../manifest/format.ts'

/** More connections than this would share the work of one Node process no better. */
const MOST = 4

/**
 * How many connections of a pool are shared by short statements: a third, rounded up. None where there is only one to have,
 * and none where statements must not be named: the pooler that this is for may not know pipelining either.
 */
export function fastConnections({ pool, prepare }: Pick<PostgresEntry, 'pool' | 'prepare'>): number {
  return prepare && pool.max > 1 ? Math.min(MOST, Math.ceil(pool.max / 3)) : 0
}
