/**
 * Why a call failed, for programs: a code of the Bridge or of the project's own logic (`LogicError`), or
 *
 * - `network`: no answer
 * - `timeout`: no answer in time; with `status` 504 the Bridge gave up, with 0 the client did
 * - `unexpected`: an answer that is not the Bridge's, such as a proxy's page
 */
export type CallErrorCode =
  | 'invalid_request' | 'unauthenticated' | 'forbidden' | 'logic_not_found' | 'not_found' | 'method_not_allowed' | 'conflict' | 'payload_too_large' | 'unsupported_media_type'
  | 'response_too_large' | 'invalid_params' | 'overloaded' | 'internal' | 'database_unavailable' | 'issuer_unavailable' | 'timeout' | 'network' | 'unexpected'
  | (string & {})

/** One param that the Bridge refused (422). */
export interface ParamError {
  /** Where: `limit`, `lines.0.quantity`. */
  readonly path: string
  readonly message: string
  readonly code: string
}

/** A call that failed. Its message is for a developer. */
export class CallError extends Error {
  override readonly name = 'CallError'

  constructor(
    readonly code: CallErrorCode,
    message: string,
    /** The HTTP status, or 0 without an answer. */
    readonly status: number,
    /** For whoever reads the Bridge's log. */
    readonly requestId: string | undefined,
    /** Every param that is not valid, with `invalid_params`. */
    readonly errors: readonly ParamError[],
    /** The whole problem document (RFC 9457), with whatever the logic added to it. */
    readonly problem: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
