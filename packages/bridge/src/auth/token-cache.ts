import type { Caller } from '../logic.ts'

/** Tokens remembered at once. */
const MOST_TOKENS = 10_000
/** Characters of the tokens remembered at once: their claims take about as many bytes, some times over. */
const MOST_CHARACTERS = 16 * 1024 * 1024
/** A token is looked at anew after this, in milliseconds, even if it lives longer. */
const LONGEST = 5 * 60_000

interface Verified {
  readonly token: string
  readonly caller: Caller
  readonly until: number
  /** False once the keys it was verified with are no longer its issuer's. */
  readonly stillHolds: () => boolean
}

/** Characters at the end of a token by which it is looked for: they are its signature's, so no two good tokens share them. */
const KEY_LENGTH = 32

/**
 * Callers by the tokens that proved them: verifying a signature costs more than everything else in a short call.
 *
 * Tokens are kept as they are, not as hashes. SHA-256 would take longer than the rest of finding one, for every call, and would hide
 * little: whoever reads this process's memory finds the tokens in what its connections received. Only tokens that are good come
 * in here, so nobody can fill it with others, and one counts only if all of it is the same.
 */
export class TokenCache {
  /** By their ends. In the order they came: the oldest one is the next to be looked at anew, so it is the first to go. */
  readonly #verified = new Map<string, Verified>()
  #characters = 0

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  get(token: string): Caller | undefined {
    const key = keyOf(token)
    const found = this.#verified.get(key)
    if (found === undefined || found.token !== token) return undefined
    if (found.until > this.now() && found.stillHolds()) return found.caller
    this.#drop(key)
    return undefined
  }

  /** @param expires the token's `exp`, in milliseconds */
  set(token: string, caller: Caller, expires: number, stillHolds: () => boolean): void {
    const key = keyOf(token)
    this.#drop(key)
    this.#verified.set(key, { token, caller, until: Math.min(expires, this.now() + LONGEST), stillHolds })
    this.#characters += token.length
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size <= MOST_TOKENS && this.#characters <= MOST_CHARACTERS) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const dropped = this.#verified.get(key)
    if (dropped === undefined) return
    this.#verified.delete(key)
    this.#characters -= dropped.token.length
  }
}

/** V8 hashes a string byte by byte to find it in a map, and a token has six hundred. */
function keyOf(token: string): string {
  return token.slice(-KEY_LENGTH)
}
