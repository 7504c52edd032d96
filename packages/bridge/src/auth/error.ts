/** Why a token does not make a caller. */
export class AuthError extends Error {
  override readonly name = 'AuthError'

  constructor(
    /** `issuer_unavailable`: the token may be good, but its issuer's keys cannot be had. */
    readonly kind: 'invalid_token' | 'issuer_unavailable',
    /** For the log. Holds nothing of the token but its issuer, key id, type and algorithm. */
    readonly reason: string,
  ) {
    super(reason)
  }
}

/** Refuses a token. */
export function refuse(reason: string): never {
  throw new AuthError('invalid_token', reason)
}
