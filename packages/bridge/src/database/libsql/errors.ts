import { DatabaseError, type DatabaseErrorKind } from '../driver.ts'

/** The fields of a LibsqlError that are used here. */
interface LibsqlFailure {
  readonly message: string
  /** SQLite's result code by name, or one of the client's own. */
  readonly code?: unknown
  readonly extendedCode?: unknown
}

/** True when another connection holds the lock. Nothing has run. */
export function isBusy(error: unknown): boolean {
  return codeOf(error as LibsqlFailure).startsWith('SQLITE_BUSY')
}

/** Gives an error of the client its kind, by SQLite's result code. */
export function toDatabaseError(error: unknown, alias: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  const failure = error as LibsqlFailure & { readonly name?: string }
  const code = codeOf(failure)
  // SQLite's messages name tables and columns, never values.
  const message = `Database "${alias}": ${failure.message}`
  if (failure.name === 'TimeoutError') return new DatabaseError('timeout', `Database "${alias}": no answer in time.`)
  if (!code.startsWith('SQLITE_')) return new DatabaseError(kindOfServer(code), message)
  const constraint = /constraint failed: ([\w.]+(?:, [\w.]+)*)/.exec(failure.message)?.[1]
  return new DatabaseError(kindOf(code, failure.message), message, {
    sqlState: code,
    ...(constraint === undefined ? {} : { constraint }),
  })
}

function codeOf({ code, extendedCode }: LibsqlFailure): string {
  return String(extendedCode ?? code ?? '')
}

/** What is not SQLite's own: a server says that the statement is wrong, or the connection to it failed. */
function kindOfServer(code: string): DatabaseErrorKind {
  if (code === 'TRANSACTION_TIMEOUT') return 'timeout'
  return /^(SQL_|ARGS_|RESPONSE_TOO_LARGE|TRANSACTION_CLOSED)/.test(code) ? 'failed' : 'unavailable'
}

// https://www.sqlite.org/rescode.html. Over HTTP the extended code may be missing; the message then tells them apart.
function kindOf(code: string, message: string): DatabaseErrorKind {
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    const text = `${code} ${message}`
    if (/UNIQUE|PRIMARY ?KEY|FOREIGN ?KEY/.test(text)) return 'conflict'
    return /NOT ?NULL|CHECK|DATATYPE/.test(text) ? 'invalid' : 'failed'
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'conflict'
  if (/^SQLITE_(CANTOPEN|IOERR|NOTADB|CORRUPT|FULL|NOMEM|PROTOCOL)/.test(code)) return 'unavailable'
  if (/^SQLITE_(MISMATCH|TOOBIG)/.test(code)) return 'invalid'
  return code.startsWith('SQLITE_INTERRUPT') ? 'cancelled' : 'failed'
}
