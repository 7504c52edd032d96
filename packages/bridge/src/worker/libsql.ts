import { createClient } from '@libsql/client/http'
import { DatabaseError } from '../database/driver.ts'
import { LibsqlDriver } from '../database/libsql/driver.ts'
import { fetchWithin, type OpenClient } from '../database/libsql/open.ts'
import type { LibsqlEntry } from '../manifest/format.ts'
import type { OpenCallDatabase } from './contract.ts'

/** libSQL over HTTP from a Worker. */
export const libsql: OpenCallDatabase<LibsqlEntry> = (alias, entry, { url, authToken }) => {
  const driver = new LibsqlDriver(alias, entry, { url, ...(authToken === undefined ? {} : { authToken }) }, openOverHttp)
  if (driver.place === 'remote') return driver
  throw new DatabaseError('failed', `Database "${alias}" is a file or in memory, and a Worker has neither. Use libsql:// or https://.`)
}

const openOverHttp: OpenClient = async (_place, url, { authToken, timeout }) =>
  // A server that is reached by WebSockets answers over HTTP as well.
  createClient({ url: url.replace(/^ws/, 'http'), authToken, intMode: 'bigint', concurrency: 0, fetch: fetchWithin(timeout) })
