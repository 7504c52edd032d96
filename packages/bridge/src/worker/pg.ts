import { connect } from 'cloudflare:sockets'
import { transactionSettings } from '../database/postgres/session-settings.ts'
import { TypeCatalogue } from '../database/postgres/type-catalogue.ts'
import type { PostgresEntry } from '../manifest/format.ts'
import type { OpenCallDatabase } from './contract.ts'
import { CallConnections } from './postgres/connections.ts'
import { CallPostgres } from './postgres/driver.ts'
import { login } from './postgres/login.ts'
import { parseTarget } from './postgres/target.ts'

/** Of the six connections that a request of a Worker may have at once, one is left for what else its logic fetches. */
const MOST_CONNECTIONS = 5

/** What databases say of their types holds for every call. */
const catalogues = new Map<string, TypeCatalogue>()

/**
 * Postgres from a Worker, straight or through Hyperdrive.
 *
 * What a session must be set to is set for each transaction: behind a pooler, as Hyperdrive is one, a session is not the call's own.
 */
export const pg: OpenCallDatabase<PostgresEntry> = (alias, entry, { url, hyperdrive }) => {
  const target = parseTarget(alias, url, hyperdrive)
  const types = catalogues.get(alias) ?? new TypeCatalogue()
  catalogues.set(alias, types)
  return new CallPostgres(alias, entry, new CallConnections({
    alias, max: Math.min(entry.pool.max, MOST_CONNECTIONS), queue: entry.pool.queue,
    settings: [transactionSettings(entry.statementTimeout)],
    login: () => login(target, connect),
  }), types)
}
