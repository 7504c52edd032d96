import { createHash } from 'node:crypto'
import type { CacheEntry } from '../manifest/format.ts'

/** An answer that is kept. */
export interface CachedAnswer {
  readonly body: string
  /** A strong entity tag of the body, quotes included. */
  readonly etag: string
  /** When it was made, in milliseconds since the epoch. */
  readonly madeAt: number
}

export interface CacheLookup {
  readonly answer: CachedAnswer
  readonly outcome: 'hit' | 'miss' | 'stale'
}

export interface ResultCacheOptions {
  readonly maxBytes: number
  readonly now?: () => number
}

/**
 * Keeps answers for a time, the most recently used ones first. Many callers of one missing answer cause one fill; an
 * answer in its stale time is given at once while one fill renews it. A failed fill is never kept.
 */
export class ResultCache {
  readonly #maxBytes: number
  readonly #now: () => number
  /** In order of use, the least recent first. */
  readonly #answers = new Map<string, CachedAnswer>()
  readonly #fills = new Map<string, Promise<CachedAnswer>>()
  #bytes = 0
  #evictions = 0

  constructor({ maxBytes, now = Date.now }: ResultCacheOptions) {
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /**
   * @param key what the answer depends on.
   * @param fill makes the body. Runs apart from this caller, who may give up before it ends.
   */
  async get(key: string, { ttl, staleWhileRevalidate = 0 }: CacheEntry, fill: () => Promise<string>): Promise<CacheLookup> {
    const known = this.#answers.get(key)
    if (known !== undefined) {
      const age = this.#now() - known.madeAt
      if (age < ttl + staleWhileRevalidate) this.#touch(key, known)
      if (age < ttl) return { answer: known, outcome: 'hit' }
      if (age < ttl + staleWhileRevalidate) {
        // Its failure shows when the stale time is over, too: then a caller waits for the fill.
        this.#fill(key, fill).catch(() => {})
        return { answer: known, outcome: 'stale' }
      }
      this.#drop(key, known)
    }
    return { answer: await this.#fill(key, fill), outcome: 'miss' }
  }

  /** What is kept now, and how many answers had to make room for others so far. */
  stats(): { readonly bytes: number; readonly answers: number; readonly evictions: number } {
    return { bytes: this.#bytes, answers: this.#answers.size, evictions: this.#evictions }
  }

  async #fill(key: string, fill: () => Promise<string>): Promise<CachedAnswer> {
    const running = this.#fills.get(key)
    if (running) return running
    const filling = this.#make(key, fill)
    this.#fills.set(key, filling)
    try {
      return await filling
    } finally {
      this.#fills.delete(key)
    }
  }

  async #make(key: string, fill: () => Promise<string>): Promise<CachedAnswer> {
    // Dated before the fill: what changes meanwhile may be missing from it.
    const madeAt = this.#now()
    const body = await fill()
    const answer = { body, etag: etagOf(body), madeAt }
    this.#keep(key, answer)
    return answer
  }

  #keep(key: string, answer: CachedAnswer): void {
    const previous = this.#answers.get(key)
    if (previous) this.#drop(key, previous)
    if (sizeOf(key, answer) > this.#maxBytes) return
    this.#answers.set(key, answer)
    this.#bytes += sizeOf(key, answer)
    for (const [oldest, old] of this.#answers) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(oldest, old)
      this.#evictions++
    }
  }

  #touch(key: string, answer: CachedAnswer): void {
    this.#answers.delete(key)
    this.#answers.set(key, answer)
  }

  #drop(key: string, answer: CachedAnswer): void {
    this.#answers.delete(key)
    this.#bytes -= sizeOf(key, answer)
  }
}

/** Strings take up to two bytes a character; the rest is what a Map entry costs, roughly. */
function sizeOf(key: string, { body }: CachedAnswer): number {
  return 2 * (key.length + body.length) + 200
}

/** The entity tag of an answer. */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url')}"`
}
