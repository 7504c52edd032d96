import type { CorsEntry } from '../manifest/format.ts'
import { emptyAnswer } from './answer.ts'
import type { HeaderList, HttpAnswer, HttpRequest } from './message.ts'

const ALLOWED_HEADERS = 'authorization, content-type, if-none-match, traceparent, tracestate, x-request-id'
const EXPOSED_HEADERS = 'age, etag, retry-after, x-request-id'

/** What lets a browser read an answer, for a request of `origin`. Empty where nothing is allowed. */
export function corsHeaders(cors: CorsEntry | undefined, origin: string | null): HeaderList {
  if (!cors) return []
  if (cors.origins.includes('*')) {
    return [['access-control-allow-origin', '*'], ['access-control-expose-headers', EXPOSED_HEADERS]]
  }
  // Caches must not give one origin's answer to another, whether or not this one is allowed.
  if (origin === null || !cors.origins.includes(origin)) return [['vary', 'Origin']]
  return [
    ['vary', 'Origin'], ['access-control-allow-origin', origin], ['access-control-allow-credentials', 'true'],
    ['access-control-expose-headers', EXPOSED_HEADERS],
  ]
}

/** The answer to a preflight request; `undefined` if this is none, or its origin is not allowed. */
export function preflightAnswer(
  cors: CorsEntry | undefined, request: HttpRequest, method: string, headers: HeaderList,
): HttpAnswer | undefined {
  if (method !== 'OPTIONS' || request.header('access-control-request-method') === null) return undefined
  const allowed = corsHeaders(cors, request.header('origin'))
  if (!cors || !allowed.some(([name]) => name === 'access-control-allow-origin')) return undefined
  return emptyAnswer(204, [
    ...headers, ...allowed, ['access-control-allow-methods', 'GET, POST'], ['access-control-allow-headers', ALLOWED_HEADERS],
    ['access-control-max-age', String(cors.maxAge)],
  ])
}
