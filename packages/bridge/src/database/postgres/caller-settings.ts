import type { Caller } from '../../logic.ts'
import type { Statement } from './wire/exchange.ts'

/** Makes what follows in the same transaction unable to write. */
export const READ_ONLY: Statement = { text: `select pg_catalog.set_config('transaction_read_only', 'on', true)`, values: [] }

const CLAIMS = `select pg_catalog.set_config('request.jwt.claims', $1, true)`
/** The role comes last: it may not be allowed to set anything. */
const CLAIMS_AND_ROLE = `${CLAIMS}, pg_catalog.set_config('role', $2, true)`

/** A verified token is kept for many calls, and so are its claims. */
const known = new WeakMap<Caller['claims'], Statement>()

/**
 * Shows the caller to row level security policies until the transaction ends. The names are PostgREST's:
 * `request.jwt.claims` holds the claims, and a claim `role` sets the role.
 *
 * A caller without that claim keeps the role of the connection, which should therefore be one that may do little.
 */
export function callerSettings({ claims }: Caller): Statement {
  let statement = known.get(claims)
  if (statement === undefined) {
    const json = JSON.stringify(claims)
    statement = typeof claims.role === 'string' && claims.role !== ''
      ? { text: CLAIMS_AND_ROLE, values: [json, claims.role] }
      : { text: CLAIMS, values: [json] }
    known.set(claims, statement)
  }
  return statement
}
