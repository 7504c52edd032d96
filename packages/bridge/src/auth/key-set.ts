import { importJWK, type CryptoKey, type JWK } from 'jose'

/** Asymmetric signatures only: with a symmetric one, whoever can verify can also forge. */
const EC_ALGORITHMS: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }
const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const OKP_ALGORITHMS = ['EdDSA', 'Ed25519']

/** Every algorithm that a key of any set can have. */
export const ASYMMETRIC_ALGORITHMS: ReadonlySet<string> = new Set(
  [...RSA_ALGORITHMS, ...Object.values(EC_ALGORITHMS), ...OKP_ALGORITHMS],
)

/** A public key that may verify tokens. */
export interface VerificationKey {
  readonly algorithms: readonly string[]
  /** The key for one of {@link algorithms}, imported once. */
  import(algorithm: string): Promise<CryptoKey | Uint8Array>
}

/** An issuer's usable keys at one time. Two sets of the same content have the same `version`. */
export class KeySet {
  private constructor(
    readonly version: string,
    private readonly byId: ReadonlyMap<string, VerificationKey>,
    private readonly all: readonly VerificationKey[],
  ) {}

  /**
   * Reads a JWK set (RFC 7517, section 5). Keys that are weak, symmetric, private, for another use, or that share their id
   * with another are left out.
   *
   * @param ignored told each key that is left out, and why.
   * @throws Error if it is no JWK set at all.
   */
  static read(value: unknown, ignored: (keyId: string | undefined, reason: string) => void): KeySet {
    const jwks = (value as { keys?: unknown } | null)?.keys
    if (!Array.isArray(jwks)) throw new Error('not a JWK set')
    const members = jwks.filter((jwk): jwk is Jwk => typeof jwk === 'object' && jwk !== null)
    const counts = new Map<unknown, number>()
    for (const { kid } of members) counts.set(kid, (counts.get(kid) ?? 0) + 1)

    const usable: { readonly kid: string | undefined; readonly key: VerificationKey }[] = []
    for (const jwk of members) {
      const kid = typeof jwk.kid === 'string' ? jwk.kid : undefined
      const reason = kid !== undefined && counts.get(kid) !== 1 ? 'its key id is not unique' : whyUnusable(jwk)
      if (reason === undefined) usable.push({ kid, key: toKey(jwk) })
      else ignored(kid, reason)
    }
    const byId = new Map(usable.flatMap(({ kid, key }) => (kid === undefined ? [] : [[kid, key] as const])))
    return new KeySet(JSON.stringify(jwks), byId, usable.map(({ key }) => key))
  }

  get size(): number {
    return this.all.length
  }

  /** The key with exactly this id; without an id, the only key there is. */
  find(keyId: string | undefined): VerificationKey | undefined {
    if (keyId !== undefined) return this.byId.get(keyId)
    return this.all.length === 1 ? this.all[0] : undefined
  }
}

type Jwk = Readonly<Record<string, unknown>>

function whyUnusable(jwk: Jwk): string | undefined {
  if (jwk.kty === 'oct' || 'k' in jwk) return 'it is symmetric'
  if ('d' in jwk) return 'it is private'
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'it is not for signatures'
  const { key_ops: uses } = jwk
  if (uses !== undefined && !(Array.isArray(uses) && uses.includes('verify'))) return 'it is not for verifying'
  if (algorithmsOf(jwk).length === 0) return 'its type or algorithm is not one of those supported'
  if (jwk.kty === 'RSA') {
    if (bitLength(jwk.n) < 2048) return 'it is shorter than 2048 bits'
    // Small exponents verify forged signatures, 1 any text at all; even ones are no keys.
    const exponent = integerOf(jwk.e)
    if (exponent < 65537n || exponent % 2n === 0n) return 'its exponent is weak'
  }
  return undefined
}

function algorithmsOf(jwk: Jwk): readonly string[] {
  const possible = jwk.kty === 'RSA' ? RSA_ALGORITHMS
    : jwk.kty === 'EC' ? [EC_ALGORITHMS[String(jwk.crv)] ?? ''].filter(Boolean)
      : jwk.kty === 'OKP' && jwk.crv === 'Ed25519' ? OKP_ALGORITHMS : []
  return jwk.alg === undefined ? possible : possible.filter((algorithm) => algorithm === jwk.alg)
}

function toKey(jwk: Jwk): VerificationKey {
  const { kty, n, e, crv, x, y } = jwk as JWK
  const imported = new Map<string, CryptoKey | Uint8Array>()
  return {
    algorithms: algorithmsOf(jwk),
    async import(algorithm) {
      const known = imported.get(algorithm)
      if (known !== undefined) return known
      // Only what makes the public key: certificates and URLs in a JWK are none of our business.
      const key = await importJWK({ kty, n, e, crv, x, y } as JWK, algorithm)
      // The key and not its promise: on a Worker, that may never settle.
      imported.set(algorithm, key)
      return key
    },
  }
}

function bitLength(encoded: unknown): number {
  return integerOf(encoded).toString(2).length
}

function integerOf(encoded: unknown): bigint {
  const hex = typeof encoded === 'string' ? Buffer.from(encoded, 'base64url').toString('hex') : ''
  return hex === '' ? 0n : BigInt(`0x${hex}`)
}
