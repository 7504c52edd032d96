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
  return isServerError(error instanceof SettingsError ? error.cause : error) && (error as ServerError).code === '57014'
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

// Appendix A of the Postgres manual: 40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available,
// 23502 not_null, 23503 foreign_key, 23505 unique, 23514 check, 23P01 exclusion, 57014 query_canceled,
// 42501 insufficient_privilege, which is also what a row level security policy refuses a write with,
// class 22 data exception, 08 connection, 53 insufficient resources, 57P0x shutdown.
const CONFLICTS = new Set(['23503', '23505', '23P01', '40001', '40P01', '55P03'])

function kindOf(error: ServerError): DatabaseErrorKind {
  const { code } = error
  if (CONFLICTS.has(code)) return 'conflict'
  if (code === '23502' || code === '23514' || code.startsWith('22')) return 'invalid'
  // A refused COPY has the same code. What is in another language is most likely a statement timeout.
  if (code === '57014' && !error.message.startsWith('COPY')) {
    return error.message.includes('user request') ? 'cancelled' : 'timeout'
  }
  if (code === '42501') return 'forbidden'
  if (code.startsWith('08') || code.startsWith('53') || code.startsWith('57P0')) return 'unavailable'
  return 'failed'
}

/** Data exceptions quote the value they choke on. */
function withoutValues(error: ServerError): string {
  return error.code.startsWith('22') ? error.message.replace(/"[^]*"/, '"…"') : error.message
}
