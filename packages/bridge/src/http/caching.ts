import type { CachedAnswer } from '../cache/result-cache.ts'
import type { CacheEntry } from '../manifest/format.ts'
import type { HeaderList } from './message.ts'

/** What tells caches on the way how long an answer holds, and how old it is (RFC 9111, RFC 5861). */
export function cachingHeaders(rules: CacheEntry, answer: CachedAnswer, now: number): HeaderList {
  const stale = rules.staleWhileRevalidate === undefined ? '' : `, stale-while-revalidate=${seconds(rules.staleWhileRevalidate)}`
  return [
    ['etag', answer.etag],
    ['cache-control', `public, max-age=${seconds(rules.ttl)}${stale}`],
    ['age', String(Math.max(0, seconds(now - answer.madeAt)))],
  ]
}

/** True if `If-None-Match` names the tag. The comparison is the weak one (RFC 9110, section 13.1.2). */
export function isKnownTag(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
