import type { DatabaseEntry } from '../manifest/format.ts'
import type { DatabaseDriver } from './driver.ts'

export { DatabaseError, type CallEnd, type CallScope, type DatabaseDriver, type DatabaseErrorKind } from './driver.ts'

/** The settings of an alias whose values are known only at run time. */
export interface DatabaseSettings {
  readonly url: string
  readonly authToken?: string
}

/**
 * Opens a database alias. Nothing connects yet, and only the driver that the alias needs is loaded.
 *
 * @throws DatabaseError if the URL is malformed. The message does not contain it.
 */
export async function openDatabase(alias: string, entry: DatabaseEntry, settings: DatabaseSettings): Promise<DatabaseDriver> {
  switch (entry.driver) {
    case 'pg': {
      const { PostgresDriver } = await import('./postgres/driver.ts')
      return new PostgresDriver(alias, entry, settings.url)
    }
    case 'libsql': {
      const [{ LibsqlDriver }, { openClient }] = await Promise.all([import('./libsql/driver.ts'), import('./libsql/open.ts')])
      return new LibsqlDriver(alias, entry, settings, openClient)
    }
  }
}
