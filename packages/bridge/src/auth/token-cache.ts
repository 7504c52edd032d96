import { createHash } from 'node:crypto'
import type { Caller } from '../logic.ts'

/** Tokens remembered at once. */
const CAPACITY = 1_000
/** A token is looked at anew after this, in milliseconds, even if it lives longer. */
const LONGEST = 5 * 60_000

interface Verified {
  readonly caller: Caller
  readonly until: number
  /** False once the keys it was verified with are no longer its issuer's. */
  readonly stillHolds: () => boolean
}

/** Callers by the tokens that proved them: verifying a signature costs more than everything else in a short call. */
export class TokenCache {
  readonly #verified = new Map<string, Verified>()

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  get(token: string): Caller | undefined {
    const key = keyOf(token)
    const found = this.#verified.get(key)
    if (found === undefined) return undefined
    if (found.until > this.now() && found.stillHolds()) return found.caller
    this.#verified.delete(key)
    return undefined
  }

  /** @param expires the token's `exp`, in milliseconds */
  set(token: string, caller: Caller, expires: number, stillHolds: () => boolean): void {
    if (this.#verified.size >= CAPACITY) {
      const [oldest] = this.#verified.keys()
      if (oldest !== undefined) this.#verified.delete(oldest)
    }
    this.#verified.set(keyOf(token), { caller, until: Math.min(expires, this.now() + LONGEST), stillHolds })
  }
}

/** A hash, so that a dump of memory holds no tokens that still work. */
function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
