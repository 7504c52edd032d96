import { DatabaseError, type DatabaseErrorKind } from '../driver.ts'

/** The fields of an ErrorResponse that are used here, as `ServerError` has them, and an error of pg while it logs in. */
interface ServerError {
  readonly message: string
  readonly severity: string
  readonly code: string
  readonly constraint?: string
  readonly routine?: string
}

/** True for what the server said, false for what happened to the connection. */
export function isServerError(error: unknown): error is ServerError {
  const { severity, code } = (error ?? {}) as Partial<ServerError>
  return typeof severity === 'string' && typeof code === 'string' && code.length === 5
}

/** True when the connection cannot be used any longer after this error. */
export function endsConnection(error: unknown): boolean {
  // At the login `severity` may be translated; the SQLSTATE classes of a lost session are not.
  return !isServerError(error) || /^(FATAL|PANIC)$/.test(error.severity) || /^(08|57P0)/.test(error.code)
}

/** What comes before a statement was refused: the role that the caller's token names, say. The statement has not run. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'

  constructor(override readonly cause: unknown) {
    super('The settings of a statement were refused.')
  }
}

/** A prepared statement that went stale inside a transaction, which is lost with it. The next attempt works. */
export class StalePlanError extends DatabaseError {
  constructor(alias: string) {
    super('unavailable', `Database "${alias}": the schema changed under a prepared statement.`)
  }
}

/** True when the server stopped a statement before its end. Nothing of it has happened. */
export function isCanceled(error: unknown): boolean {
  if (error instanceof SettingsError) return isCanceled(error.cause)
  return isServerError(error) && error.code === '57014'
}

/** True when a prepared statement went stale: the schema changed under it, or a pooler has forgotten it. Nothing has run. */
export function isStalePlan(error: unknown): boolean {
  if (error instanceof SettingsError) return isStalePlan(error.cause)
  return isServerError(error) && (error.code === '26000' || (error.code === '0A000' && error.routine === 'RevalidateCachedQuery'))
}

/** Gives an error of pg its kind, by SQLSTATE, and a message without row values. */
export function toDatabaseError(error: unknown, alias: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (error instanceof SettingsError) {
    // The caller's values were not at fault, whatever Postgres says of the value of a setting. A role that the connection may
    // not take is one that the caller has not been given.
    const { kind, message, sqlState } = toDatabaseError(error.cause, alias)
    return new DatabaseError(kind === 'unavailable' || kind === 'timeout' || kind === 'forbidden' ? kind : 'failed', message, sqlState === undefined ? {} : { sqlState })
  }
  if (!isServerError(error)) {
    const { code, message } = (error ?? {}) as { code?: string; message?: string }
    return new DatabaseError('unavailable', `Database "${alias}": ${message || code || 'the connection broke'}`)
  }
  return new DatabaseError(kindOf(error), `Database "${alias}": ${withoutValues(error)} (SQLSTATE ${error.code})`, {
    sqlState: error.code,
    ...(error.constraint === undefined ? {} : { constraint: error.constraint }),
  })
}

/** The kind of an error that happened while connecting: whatever it says, the database cannot be used. */
export function toConnectError(error: unknown, alias: string): DatabaseError {
  const { message, sqlState } = toDatabaseError(error, alias)
  return new DatabaseError('unavailable', message, sqlState === undefined ? {} : { sqlState })
}

/**
 * What SQLSTATEs mean for a call (Postgres manual, appendix A): whole codes first, then classes. `docs/bridge.md` tells what
 * each becomes for a client.
 */
const KINDS: readonly (readonly [kind: DatabaseErrorKind, codes: readonly string[]])[] = [
  // restrict, foreign_key, unique, exclusion; serialization_failure, transaction integrity, deadlock; lock_not_available
  ['conflict', ['23001', '23503', '23505', '23P01', '40001', '40002', '40P01', '55P03']],
  // not_null, check, with_check_option; data exceptions
  ['invalid', ['23502', '23514', '44000', '22']],
  // insufficient_privilege, which is also what a row level security policy refuses a write with
  ['forbidden', ['42501']],
  // idle_in_transaction_session_timeout, transaction_timeout
  ['timeout', ['25P03', '25P04']],
  // connection, insufficient resources, shutdown and the like, system errors
  ['unavailable', ['08', '53', '57P0', '58']],
]

function kindOf({ code, message }: ServerError): DatabaseErrorKind {
  // query_canceled; a refused COPY has the same code. What is in another language is most likely a statement timeout.
  if (code === '57014' && !message.startsWith('COPY')) return message.includes('user request') ? 'cancelled' : 'timeout'
  return KINDS.find(([, codes]) => codes.some((start) => code.startsWith(start)))?.[0] ?? 'failed'
}

/** Data exceptions quote the value they choke on. */
function withoutValues(error: ServerError): string {
  return error.code.startsWith('22') ? error.message.replace(/"[^]*"/, '"…"') : error.message
}
