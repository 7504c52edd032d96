import { errors, jwtVerify, type JWTPayload } from 'jose'
import type { Caller } from '../logic.ts'
import type { AuthEntry, IssuerEntry } from '../manifest/format.ts'
import { toCaller } from './caller.ts'
import { Closing } from './closing.ts'
import { AuthError, refuse } from './error.ts'
import { IssuerKeys, type AuthEventListener } from './issuer-keys.ts'
import { ASYMMETRIC_ALGORITHMS, type VerificationKey } from './key-set.ts'
import { isLoopback, requireSecureUrl } from './secure-url.ts'
import { TokenCache } from './token-cache.ts'
import { quote, readToken, type UnprovedToken } from './token.ts'

/** Turns a bearer token into a caller. */
export interface Verifier {
  /** At once for a token that is remembered. @throws AuthError */
  verify(token: string): Caller | Promise<Caller>
  /** Stops fetching keys. */
  close(): void
}

export interface VerifierOptions {
  /**
   * One more issuer, on loopback, for development: its tokens are accepted for the audiences of the declared issuers
   * (for any, if none is declared), with roles in `roles`.
   */
  readonly devIssuer?: string
  readonly fetch?: typeof fetch
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly onEvent?: AuthEventListener
}

/**
 * Makes the verifier of a project's issuers, by the rules of RFC 8725: the token's `iss` picks the issuer exactly, which
 * says what algorithms, keys and audiences count; `exp` is required. Verified tokens are remembered for a while.
 *
 * @throws Error if an issuer's URL is neither https nor on loopback, or if `devIssuer` is not on loopback.
 */
export function createVerifier(auth: AuthEntry, options: VerifierOptions = {}): Verifier {
  const { fetch: fetcher = fetchLater, now = Date.now, onEvent = () => {} } = options
  const closing = new Closing()
  const trusted = [
    ...auth.issuers.map((entry): Trusted => ({ ...entry, keys: keysOf(entry) })),
    ...(options.devIssuer === undefined ? [] : [developmentIssuer(options.devIssuer, auth, keysOf)]),
  ]
  const cache = new TokenCache(now)

  function keysOf({ issuer, jwksUri }: Pick<IssuerEntry, 'issuer' | 'jwksUri'>): IssuerKeys {
    requireSecureUrl(issuer, issuer)
    if (jwksUri !== undefined) requireSecureUrl(jwksUri, issuer)
    return new IssuerKeys({ issuer, jwksUri, fetch: fetcher, now, onEvent, closing })
  }

  async function verifyAnew(token: string): Promise<Caller> {
    const unproved = readToken(token)
    const { algorithm, keyId } = unproved
    const issuer = pickIssuer(trusted, unproved)
    if (!issuer.algorithms.includes(algorithm) || !ASYMMETRIC_ALGORITHMS.has(algorithm)) {
      refuse(`Algorithm ${quote(algorithm)} is not accepted.`)
    }
    const { key, set } = await issuer.keys.find(keyId)
    if (!key.algorithms.includes(algorithm)) refuse(`Key ${quote(keyId)} is not for algorithm ${quote(algorithm)}.`)
    const claims = await prove(token, issuer, algorithm, key, now())
    const caller = toCaller(claims, issuer.claims.roles)
    cache.set(token, caller, claims.exp * 1000, () => issuer.keys.current === set)
    return caller
  }

  return {
    verify: (token) => cache.get(token) ?? verifyAnew(token),
    close: () => closing.close(),
  }
}

/** Node makes its `fetch` when it is first looked at, which would be a tenth of the time that a start takes. */
const fetchLater: typeof fetch = (input, init) => fetch(input, init)

/** An issuer with its keys. */
interface Trusted extends Omit<IssuerEntry, 'audience'> {
  /** Absent: any. */
  readonly audience?: readonly string[]
  readonly keys: IssuerKeys
}

function developmentIssuer(
  issuer: string, auth: AuthEntry, keysOf: (entry: { readonly issuer: string }) => IssuerKeys,
): Trusted {
  if (!URL.canParse(issuer) || !isLoopback(new URL(issuer))) {
    throw new Error(`The development issuer must be on loopback: ${issuer}`)
  }
  const audience = [...new Set(auth.issuers.flatMap((entry) => entry.audience))]
  return {
    issuer,
    ...(audience.length === 0 ? {} : { audience }),
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    claims: { roles: 'roles' },
    clockTolerance: 5,
    keys: keysOf({ issuer }),
  }
}

function pickIssuer(trusted: readonly Trusted[], { issuer, audience }: UnprovedToken): Trusted {
  const named = trusted.filter((candidate) => candidate.issuer === issuer)
  if (named.length === 0) refuse(`Issuer ${quote(issuer)} is not trusted.`)
  const given = Array.isArray(audience) ? (audience as readonly unknown[]) : [audience]
  const isMeant = ({ audience: own }: Trusted): boolean => own === undefined || given.some((one) => own.includes(one as string))
  return named.find(isMeant) ?? refuse(`The token of issuer ${quote(issuer)} is for another audience.`)
}

/** Verifies the signature, and every claim that says whether the token counts here and now. */
async function prove(
  token: string, issuer: Trusted, algorithm: string, key: VerificationKey, now: number,
): Promise<JWTPayload & { readonly exp: number }> {
  try {
    const { payload } = await jwtVerify(token, await key.import(algorithm), {
      algorithms: [algorithm],
      issuer: issuer.issuer,
      ...(issuer.audience === undefined ? {} : { audience: [...issuer.audience] }),
      clockTolerance: issuer.clockTolerance,
      requiredClaims: ['exp'],
      currentDate: new Date(now),
    })
    if (payload.sub !== undefined && typeof payload.sub !== 'string') refuse('The token\'s subject is not a string.')
    return payload as JWTPayload & { readonly exp: number }
  } catch (error) {
    if (error instanceof AuthError) throw error
    // Its messages name claims and algorithms, not their values.
    refuse(error instanceof errors.JOSEError ? `${error.code}: ${error.message}` : 'The key cannot verify the token.')
  }
}
