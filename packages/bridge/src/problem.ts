import { AuthError } from './auth/index.ts'
import { CallEnded } from './deadline.ts'
import { DatabaseError } from './database/driver.ts'
import { encodeJson } from './json.ts'
import type { Json } from './manifest/format.ts'
import type { ParamIssue } from './params/index.ts'

/** The codes the Bridge itself answers with. Logic adds its own through `LogicError`. */
export type ProblemCode =
  | 'invalid_request' | 'unauthenticated' | 'forbidden' | 'logic_not_found' | 'not_found' | 'method_not_allowed' | 'conflict'
  | 'payload_too_large' | 'response_too_large' | 'unsupported_media_type' | 'invalid_params' | 'client_gone' | 'overloaded' | 'internal'
  | 'database_unavailable' | 'issuer_unavailable' | 'timeout'

const PROBLEMS: Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>> = {
  invalid_request: { status: 400, title: 'Bad Request' },
  unauthenticated: { status: 401, title: 'Unauthorized' },
  forbidden: { status: 403, title: 'Forbidden' },
  logic_not_found: { status: 404, title: 'Not Found' },
  not_found: { status: 404, title: 'Not Found' },
  method_not_allowed: { status: 405, title: 'Method Not Allowed' },
  conflict: { status: 409, title: 'Conflict' },
  payload_too_large: { status: 413, title: 'Content Too Large' },
  unsupported_media_type: { status: 415, title: 'Unsupported Media Type' },
  invalid_params: { status: 422, title: 'Unprocessable Content' },
  /** Never seen by anyone: the status only stands in the log. */
  client_gone: { status: 499, title: 'Client Closed Request' },
  overloaded: { status: 503, title: 'Service Unavailable' },
  internal: { status: 500, title: 'Internal Server Error' },
  response_too_large: { status: 500, title: 'Internal Server Error' },
  database_unavailable: { status: 503, title: 'Service Unavailable' },
  issuer_unavailable: { status: 503, title: 'Service Unavailable' },
  timeout: { status: 504, title: 'Gateway Timeout' },
}

type Headers = readonly (readonly [name: string, value: string])[]

/** An answer that is not a success, ready to be sent. Thrown where it is found out. */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    readonly title: string,
    readonly code: string,
    readonly detail: string,
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly headers: Headers = [],
    options?: ErrorOptions,
  ) {
    super(detail, options)
  }

  /** The members of the RFC 9457 document. Its own win over extra ones of the same name. */
  document(requestId: string): Record<string, unknown> {
    const { status, title, code, detail } = this
    return { ...this.extra, type: 'about:blank', title, status, detail, code, requestId }
  }
}

interface ProblemDetails {
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Headers
  /** For the log. */
  readonly cause?: unknown
}

/** A problem with one of the Bridge's own codes. */
export function problem(code: ProblemCode, detail: string, { extra, headers, cause }: ProblemDetails = {}): Problem {
  const { status, title } = PROBLEMS[code]
  return new Problem(status, title, code, detail, extra, headers, cause === undefined ? undefined : { cause })
}

/** Seconds after which a refused caller may try again. */
const RETRY_AFTER: Headers = [['retry-after', '1']]

/** 401. `error` is given for a token that was refused, and not for one that was missing (RFC 6750, section 3.1). */
export function unauthenticated(detail: string, error?: 'invalid_token', cause?: unknown): Problem {
  const challenge = error === undefined ? 'Bearer' : `Bearer error="${error}"`
  return problem('unauthenticated', detail, { headers: [['www-authenticate', challenge]], cause })
}

/** 503 with the time to wait. */
export function overloaded(detail: string, cause?: unknown): Problem {
  return problem('overloaded', detail, { headers: RETRY_AFTER, cause })
}

/** 422 with every failing field. */
export function invalidParams(issues: readonly ParamIssue[]): Problem {
  const count = issues.length === 1 ? 'One parameter is' : `${issues.length} parameters are`
  return problem('invalid_params', `${count} not valid.`, {
    extra: { errors: issues.map(({ path, message, code }) => ({ path, message, code })) },
  })
}

/**
 * Turns whatever a call threw into what its client may see. The original stays as `cause`, for the log. Never throws:
 * logic can throw anything, a value that cannot be looked at included.
 *
 * @param recognise what else there may be, before all others.
 */
export function toProblem(error: unknown, recognise: (error: unknown) => Problem | undefined = () => undefined): Problem {
  try {
    return recognise(error) ?? findProblem(error)
  } catch {
    return problem('internal', 'The call failed.', { cause: new Error('Something was thrown that cannot be looked at.') })
  }
}

function findProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof CallEnded) return fromCallEnded(error)
  if (error instanceof DatabaseError) return fromDatabaseError(error)
  if (error instanceof AuthError) return fromAuthError(error)
  if (isLogicError(error)) return fromLogicError(error)
  return problem('internal', 'The call failed.', { cause: error === undefined ? new Error('undefined was thrown.') : error })
}

function fromCallEnded(error: CallEnded): Problem {
  switch (error.why) {
    case 'timeout': return problem('timeout', 'The call took too long.')
    case 'stopping': return overloaded('The server is stopping.')
    case 'client_gone': return problem('client_gone', 'The client has gone.')
  }
}

function fromDatabaseError(error: DatabaseError): Problem {
  switch (error.kind) {
    case 'unavailable':
      return problem('database_unavailable', 'A database cannot be reached.', { headers: RETRY_AFTER, cause: error })
    case 'overloaded': return overloaded('Too many calls wait for the database.', error)
    case 'timeout': return problem('timeout', 'A statement took too long.', { cause: error })
    case 'conflict': return problem('conflict', 'The call conflicts with existing data or another call.', { cause: error })
    case 'invalid': return problem('invalid_params', 'The database does not accept these values.', { extra: { errors: [] }, cause: error })
    case 'forbidden': return problem('forbidden', 'The database does not allow this to the caller.', { cause: error })
    case 'too_large': return problem('response_too_large', 'The answer is larger than an answer may be.', { cause: error })
    case 'no_row': return problem('not_found', 'There is no such row.', { cause: error })
    case 'cancelled':
    case 'row_count':
    case 'failed': return problem('internal', 'The call failed.', { cause: error })
  }
}

function fromAuthError(error: AuthError): Problem {
  if (error.kind === 'invalid_token') return unauthenticated('The token is not valid.', 'invalid_token', error)
  return problem('issuer_unavailable', 'The token cannot be checked now.', { headers: RETRY_AFTER, cause: error })
}

/** By its mark and shape, not its class: a bundle carries its own copy of `LogicError`. */
interface LogicErrorLike {
  readonly isLogicError: true
  readonly status: number
  readonly code: string
  readonly message: string
  readonly extra?: Readonly<Record<string, Json>>
}

function isLogicError(error: unknown): error is LogicErrorLike {
  return error instanceof Error && (error as Partial<LogicErrorLike>).isLogicError === true
}

/** A status outside 400–499 is the author's mistake and must not be taken for the Bridge's own answer. */
function fromLogicError(error: LogicErrorLike): Problem {
  const { status, code, message, extra } = error
  if (!Number.isInteger(status) || status < 400 || status > 499 || typeof code !== 'string' || typeof message !== 'string') {
    return problem('internal', 'The call failed.', { cause: error })
  }
  // As it is written: what cannot be must fail here, where there is still something to answer.
  const members = JSON.parse(encodeJson({ ...extra })) as Record<string, unknown>
  return new Problem(status, TITLES.get(status) ?? 'Client Error', code, message, members)
}

const TITLES: ReadonlyMap<number, string> = new Map([
  ...Object.values(PROBLEMS).map(({ status, title }) => [status, title] as const),
  [402, 'Payment Required'], [410, 'Gone'], [412, 'Precondition Failed'], [423, 'Locked'], [428, 'Precondition Required'],
  [429, 'Too Many Requests'], [451, 'Unavailable For Legal Reasons'],
])
