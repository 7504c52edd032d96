import type { Statement } from './wire/exchange.ts'

/** What makes text forms independent of what the server, the database or the role is set to. */
const FORMS: readonly (readonly [setting: string, value: string])[] = [
  ['timezone', 'UTC'], ['datestyle', 'ISO, YMD'], ['intervalstyle', 'iso_8601'], ['bytea_output', 'hex'],
  ['extra_float_digits', '1'], ['lc_monetary', 'C'],
]

/**
 * Sets a session up, if it is one: changes one row then, and none behind a pooler that lends the server's connection for one
 * transaction at a time. What is set there would be gone with the next transaction, and be found by somebody else.
 *
 * Such a pooler makes up the process id that it gives at the login (PgBouncer: `cancel_key`), so the backend has another.
 *
 * @param timeout milliseconds; 0 for no limit.
 */
export function sessionSettings(timeout: number, processId: number): Statement {
  return { text: `select ${settings('false')} where pg_catalog.pg_backend_pid() = $2`, values: [String(timeout), String(processId)] }
}

/** The same for one transaction: what has to stand in front of everything behind such a pooler. */
export function transactionSettings(timeout: number): Statement {
  return { text: `select ${settings('true')}`, values: [String(timeout)] }
}

function settings(local: 'true' | 'false'): string {
  const forms = FORMS.map(([setting, value]) => `pg_catalog.set_config('${setting}', '${value}', ${local})`)
  return [`pg_catalog.set_config('statement_timeout', $1, ${local})`, ...forms].join(', ')
}
