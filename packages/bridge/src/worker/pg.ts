import type { PostgresEntry } from '../manifest/format.ts'
import type { OpenCallDatabase } from './contract.ts'

/** Postgres from a Worker, straight or through Hyperdrive. */
export const pg: OpenCallDatabase<PostgresEntry> = () => { throw new Error('not there yet') }
