import type { LibsqlEntry } from '../manifest/format.ts'
import type { OpenCallDatabase } from './contract.ts'

/** libSQL over HTTP from a Worker. */
export const libsql: OpenCallDatabase<LibsqlEntry> = () => { throw new Error('not there yet') }
