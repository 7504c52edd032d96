import type { Database } from '@santokit/bridge'

// Which aliases the projects have, so that `db.main` needs no question mark.
declare module '@santokit/bridge' {
  interface Databases {
    readonly main: Database
    readonly cache: Database
  }
}
