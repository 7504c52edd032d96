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
  /** False once the keys it was verified with are no longer its issuer's. */
  readonly stillHolds: () => boolean
}

/**
 * Callers by the tokens that proved them: verifying a signature costs more than everything else in a short call.
 *
 * By the tokens as they are, not by hashes of them. SHA-256 would be half of what finding one costs, for every call, and would hide
 * little: whoever reads this process's memory finds the tokens in what its connections received. Only tokens that are good come
 * in here, so nobody can fill it with names that collide.
 */
export class TokenCache {
  /** In the order they came: the oldest one is the next to be looked at anew, so it is the first to go. */
  readonly #verified = new Map<string, Verified>()
  #characters = 0

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  get(token: string): Caller | undefined {
    const found = this.#verified.get(token)
    if (found === undefined) return undefined
    if (found.until > this.now() && found.stillHolds()) return found.caller
    this.#drop(token)
    return undefined
  }

  /** @param expires the token's `exp`, in milliseconds */
  set(token: string, caller: Caller, expires: number, stillHolds: () => boolean): void {
    this.#drop(token)
    this.#verified.set(token, { caller, until: Math.min(expires, this.now() + LONGEST), stillHolds })
    this.#characters += token.length
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size <= MOST_TOKENS && this.#characters <= MOST_CHARACTERS) break
      this.#drop(oldest)
    }
  }

  #drop(token: string): void {
    if (this.#verified.delete(token)) this.#characters -= token.length
  }
}
