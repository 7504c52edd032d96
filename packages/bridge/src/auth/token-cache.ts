import * as crypto from 'node:crypto'
import type { Caller } from '../logic.ts'

/** Tokens remembered at once. */
const MOST_TOKENS = 10_000
/** Characters of the tokens remembered at once: their claims take about as many bytes, some times over. */
const MOST_CHARACTERS = 16 * 1024 * 1024
/** A token is looked at anew after this, in milliseconds, even if it lives longer. */
const LONGEST = 5 * 60_000

interface Verified {
  readonly caller: Caller
  readonly until: number
  /** Of the token, in characters. */
  readonly length: number
  /** False once the keys it was verified with are no longer its issuer's. */
  readonly stillHolds: () => boolean
}

/** Callers by the tokens that proved them: verifying a signature costs more than everything else in a short call. */
export class TokenCache {
  /** In the order they came: the oldest one is the next to be looked at anew, so it is the first to go. */
  readonly #verified = new Map<string, Verified>()
  #characters = 0

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  get(token: string): Caller | undefined {
    const key = keyOf(token)
    const found = this.#verified.get(key)
    if (found === undefined) return undefined
    if (found.until > this.now() && found.stillHolds()) return found.caller
    this.#drop(key, found)
    return undefined
  }

  /** @param expires the token's `exp`, in milliseconds */
  set(token: string, caller: Caller, expires: number, stillHolds: () => boolean): void {
    const key = keyOf(token)
    const known = this.#verified.get(key)
    if (known !== undefined) this.#drop(key, known)
    this.#verified.set(key, { caller, until: Math.min(expires, this.now() + LONGEST), length: token.length, stillHolds })
    this.#characters += token.length
    for (const [oldest, old] of this.#verified) {
      if (this.#verified.size <= MOST_TOKENS && this.#characters <= MOST_CHARACTERS) break
      this.#drop(oldest, old)
    }
  }

  #drop(key: string, verified: Verified): void {
    this.#verified.delete(key)
    this.#characters -= verified.length
  }
}

/** A hash, so that a dump of memory holds no tokens that still work. */
const keyOf: (token: string) => string = typeof crypto.hash === 'function'
  // In one step where the platform has it: this is done for every authenticated call.
  ? (token) => crypto.hash('sha256', token, 'base64')
  : (token) => crypto.createHash('sha256').update(token).digest('base64')
