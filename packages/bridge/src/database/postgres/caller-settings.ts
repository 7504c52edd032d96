import type { Caller } from '../../logic.ts'
import type { Statement } from './wire/exchange.ts'

/** Makes what follows in the same transaction unable to write. */
export const READ_ONLY: Statement = { text: `select pg_catalog.set_config('transaction_read_only', 'on', true)`, values: [] }

/**
 * Shows the caller to row level security policies until the transaction ends. The names are PostgREST's:
 * `request.jwt.claims` holds the claims, and a claim `role` sets the role.
 *
 * A caller without that claim keeps the role of the connection, which should therefore be one that may do little.
 */
export function callerSettings({ claims }: Caller): Statement {
  const text = `select pg_catalog.set_config('request.jwt.claims', $1, true)`
  const json = claimsText(claims)
  // The role comes last: it may not be allowed to set anything.
  return typeof claims.role === 'string' && claims.role !== ''
    ? { text: `${text}, pg_catalog.set_config('role', $2, true)`, values: [json, claims.role] }
    : { text, values: [json] }
}

/** A verified token is kept for many calls, and so are its claims. */
const texts = new WeakMap<Caller['claims'], string>()

function claimsText(claims: Caller['claims']): string {
  let text = texts.get(claims)
  if (text === undefined) texts.set(claims, text = JSON.stringify(claims))
  return text
}
