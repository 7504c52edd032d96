import type { Caller } from '../logic.ts'
import type { AuthEntry } from '../manifest/format.ts'

/** The caller of public logic who brings no token. */
export const ANONYMOUS: Caller = Object.freeze({ sub: null, roles: Object.freeze([]), claims: Object.freeze({}) })

/** Turns a bearer token into a caller. */
export interface Verifier {
  /** @throws AuthError */
  verify(token: string): Promise<Caller>
  /** Stops fetching keys. */
  close(): void
}

/** Why a token does not make a caller. */
export class AuthError extends Error {
  override readonly name = 'AuthError'

  constructor(
    /** `issuer_unavailable`: the token may be good, but its issuer's keys cannot be had. */
    readonly kind: 'invalid_token' | 'issuer_unavailable',
    /** For the log. Holds nothing of the token but its `iss`, `kid` and `alg`. */
    readonly reason: string,
  ) {
    super(reason)
  }
}

export interface VerifierOptions {
  devIssuer?: string
  fetch?: typeof fetch
  now?: () => number
  onEvent?: (event: { type: string; [k: string]: unknown }) => void
}

export function createVerifier(_auth: AuthEntry, _options: VerifierOptions): Verifier {
  throw new Error('not there yet')
}
