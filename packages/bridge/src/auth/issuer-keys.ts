import type { Closing } from './closing.ts'
import { AuthError } from './error.ts'
import { fetchJson, TIMEOUT } from './fetch-json.ts'
import { KeySet, type VerificationKey } from './key-set.ts'
import { requireSecureUrl } from './secure-url.ts'

/** After this, keys are fetched again aside while the ones at hand go on serving. Milliseconds, as all below. */
const FRESH_FOR = 10 * 60_000
/** How long the last good keys serve while the issuer gives no new ones. A key withdrawn meanwhile lives that long. */
const STALE_FOR = 24 * 60 * 60_000
/** A token with an unknown key id asks the issuer once in this time, however many such tokens come. */
const UNKNOWN_KEY_PAUSE = 30_000
/** The pause after a first failed fetch; it doubles with each further one. */
const FIRST_RETRY = 1_000
const LONGEST_RETRY = 60_000
/** A fetch of two documents that is not done by then never will be: on a Worker it is lost with the request it was made for. */
const LOST_AFTER = 3 * TIMEOUT

/** Told what happens to an issuer's keys, for the log and metrics. Must not throw. */
export type AuthEventListener = (event: { readonly type: string; readonly [field: string]: unknown }) => void

export interface IssuerKeysOptions {
  readonly issuer: string
  /** Where the keys are; discovered from the issuer if absent. */
  readonly jwksUri?: string
  readonly fetch: typeof fetch
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onEvent: AuthEventListener
  readonly closing: Closing
}

/**
 * The keys of one issuer, fetched when first needed and kept: jose's own remote set fails every token as soon as it is
 * due for renewal and the issuer does not answer, and asks again for each of them.
 */
export class IssuerKeys {
  #current: KeySet | undefined
  #fetchedAt = -Infinity
  #refreshing: { readonly done: Promise<void>; readonly since: number } | undefined
  #failures = 0
  #retryAt = -Infinity
  #lookAgainAt = -Infinity

  constructor(private readonly options: IssuerKeysOptions) {}

  /** The set that tokens are verified with now. It is another object when, and only when, its content is another. */
  get current(): KeySet | undefined {
    return this.#current
  }

  /**
   * The key that a token names.
   *
   * @throws AuthError `issuer_unavailable` if no keys can be had, `invalid_token` if they do not have this one.
   */
  async find(keyId: string | undefined): Promise<{ readonly key: VerificationKey; readonly set: KeySet }> {
    let set = await this.#usable()
    let key = set.find(keyId)
    if (key === undefined && keyId !== undefined) {
      await this.#lookAgain()
      set = await this.#usable()
      key = set.find(keyId)
    }
    if (key === undefined) {
      throw new AuthError('invalid_token', keyId === undefined
        ? `The token has no key id, and issuer ${this.options.issuer} has ${set.size} keys.`
        : `Issuer ${this.options.issuer} has no usable key ${JSON.stringify(keyId.slice(0, 200))}.`)
    }
    return { key, set }
  }

  async #usable(): Promise<KeySet> {
    const { now } = this.options
    const age = now() - this.#fetchedAt
    if (this.#current !== undefined && age <= STALE_FOR) {
      // Not awaited: nobody has to wait for keys that are not known to be missing.
      if (age > FRESH_FOR && now() >= this.#retryAt) this.#refresh().catch(() => {})
      return this.#current
    }
    if (now() >= this.#retryAt || this.#refreshing !== undefined) await this.#refresh()
    if (this.#current === undefined || now() - this.#fetchedAt > STALE_FOR) throw this.#unavailable()
    return this.#current
  }

  /** Fetches once more for a key that may be new, unless that was done a moment ago. */
  async #lookAgain(): Promise<void> {
    const { now } = this.options
    if (this.#refreshing === undefined) {
      if (now() < this.#lookAgainAt) {
        if (this.#failures > 0) throw this.#unavailable()
        return
      }
      this.#lookAgainAt = now() + UNKNOWN_KEY_PAUSE
    }
    await this.#refresh()
  }

  /** One fetch at a time, shared by all who need it. */
  #refresh(): Promise<void> {
    const { now } = this.options
    if (this.#refreshing === undefined || now() - this.#refreshing.since > LOST_AFTER) {
      const refreshing = this.#refreshing = {
        since: now(),
        done: this.#load().finally(() => {
          if (this.#refreshing === refreshing) this.#refreshing = undefined
        }),
      }
    }
    return this.#refreshing.done
  }

  async #load(): Promise<void> {
    const { issuer, now, onEvent } = this.options
    try {
      const found = KeySet.read(await this.#fetchKeys(), (kid, reason) => onEvent({ type: 'key_ignored', issuer, kid, reason }))
      if (found.size === 0) throw new Error('the set has no usable key')
      const changed = found.version !== this.#current?.version
      if (changed) this.#current = found
      this.#fetchedAt = now()
      this.#failures = 0
      onEvent({ type: 'keys_fetched', issuer, keys: found.size, changed })
    } catch (error) {
      this.#retryAt = now() + Math.min(FIRST_RETRY * 2 ** this.#failures, LONGEST_RETRY)
      this.#failures++
      const reason = error instanceof Error ? error.message : String(error)
      onEvent({ type: 'keys_unavailable', issuer, reason, failures: this.#failures, serving: this.#current?.size ?? 0 })
      throw this.#unavailable()
    }
  }

  async #fetchKeys(): Promise<unknown> {
    const { issuer } = this.options
    return this.#fetch(requireSecureUrl(this.options.jwksUri ?? await this.#discover(), issuer))
  }

  /** OpenID Connect Discovery 1.0, section 4: the document must name the very issuer it was asked of. */
  async #discover(): Promise<string> {
    const { issuer } = this.options
    const document = await this.#fetch(requireSecureUrl(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, issuer))
    const { issuer: named, jwks_uri: uri } = (document ?? {}) as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
    if (named !== issuer) throw new Error(`its discovery document is of issuer ${JSON.stringify(named)}`)
    if (typeof uri !== 'string') throw new Error('its discovery document names no jwks_uri')
    return uri
  }

  #fetch(url: URL): Promise<unknown> {
    return fetchJson(url, this.options.fetch, this.options.closing)
  }

  #unavailable(): AuthError {
    return new AuthError('issuer_unavailable', `The keys of issuer ${this.options.issuer} cannot be had.`)
  }
}
