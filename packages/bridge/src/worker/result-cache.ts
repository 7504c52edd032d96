import { digestOf } from '../manifest/digest.ts'
import type { CacheEntry } from '../manifest/format.ts'
import { type CachedAnswer, type CacheLookup, etagOf } from '../cache/result-cache.ts'
import type { Runtime } from '../runtime.ts'

/** What is used of the Cache API. */
export interface AnswerStore {
  match(url: string): Promise<Response | undefined>
  put(url: string, response: Response): Promise<void>
}

/** When an answer was made, in milliseconds since the epoch: the Cache API counts whole seconds. */
const MADE_AT = 'x-santokit-made-at'
/** Milliseconds after which a renewal that did not end is taken for lost. */
const RENEWAL_LOST_AFTER = 30_000

/**
 * Keeps answers in the data centre's cache. A key holds the bundle's digest, so a release never finds what another one kept.
 *
 * Unlike on Node, callers of one missing answer each make it: a Worker's requests cannot wait for one another.
 */
export class DataCentreCache implements Pick<Runtime['cache'], keyof Runtime['cache']> {
  /** Since when answers are being renewed, by key. */
  readonly #renewals = new Map<string, number>()

  /** @param later keeps the request alive until what it does is done. */
  constructor(private readonly store: AnswerStore, private readonly later: (work: Promise<unknown>) => void) {}

  async get(key: string, rules: CacheEntry, fill: () => Promise<string>): Promise<CacheLookup> {
    const url = addressOf(key)
    const known = await this.#find(url)
    const age = known === undefined ? Infinity : Date.now() - known.madeAt
    if (known !== undefined && age < rules.ttl) return { answer: known, outcome: 'hit' }
    if (known !== undefined && age < rules.ttl + (rules.staleWhileRevalidate ?? 0)) {
      this.later(this.#renew(url, rules, fill))
      return { answer: known, outcome: 'stale' }
    }
    const { answer, kept } = await this.#make(url, rules, fill)
    this.later(kept)
    return { answer, outcome: 'miss' }
  }

  stats(): { readonly bytes: number; readonly answers: number; readonly evictions: number } {
    return { bytes: 0, answers: 0, evictions: 0 }
  }

  async #find(url: string): Promise<CachedAnswer | undefined> {
    // A cache that fails is one that has nothing.
    const found = await this.store.match(url).catch(() => undefined)
    if (found === undefined) return undefined
    const etag = found.headers.get('etag')
    const madeAt = Number(found.headers.get(MADE_AT) ?? NaN)
    const body = await found.text()
    return etag === null || Number.isNaN(madeAt) ? undefined : { body, etag, madeAt }
  }

  async #renew(url: string, rules: CacheEntry, fill: () => Promise<string>): Promise<void> {
    if (Date.now() - (this.#renewals.get(url) ?? -Infinity) < RENEWAL_LOST_AFTER) return
    this.#renewals.set(url, Date.now())
    try {
      await (await this.#make(url, rules, fill)).kept
    } catch {
      // It shows when the stale time is over, too: then a caller waits for the answer.
    } finally {
      this.#renewals.delete(url)
    }
  }

  async #make(
    url: string, { ttl, staleWhileRevalidate = 0 }: CacheEntry, fill: () => Promise<string>,
  ): Promise<{ readonly answer: CachedAnswer; readonly kept: Promise<void> }> {
    // Dated before the fill: what changes meanwhile may be missing from it.
    const madeAt = Date.now()
    const body = await fill()
    const etag = etagOf(body)
    const seconds = Math.ceil((ttl + staleWhileRevalidate) / 1000)
    const response = new Response(body, { headers: { etag, 'cache-control': `public, max-age=${seconds}`, [MADE_AT]: String(madeAt) } })
    return { answer: { body, etag, madeAt }, kept: this.store.put(url, response).catch(() => {}) }
  }
}

/** The Cache API knows answers by URLs; nobody else can ask for those of a host that does not exist. */
function addressOf(key: string): string {
  return `https://santokit.invalid/${digestOf(key).slice('sha256:'.length)}`
}
