import { setTimeout as delay } from 'node:timers/promises'
import { StkError } from '@santokit/core'
import type { Credential } from '../credentials/credential.ts'
import { apiOrigin } from '../reference.ts'
import { guardAddresses, resolveAddress, type Lookup } from './addresses.ts'
import { authorize } from './authorizer.ts'
import { persist, sendOnce, type Answer, type Attempt, type Rim, type Wait } from './exchange.ts'
import { openLanes, type Lanes } from './lanes.ts'
import { openSender, type Send } from './sender.ts'
import { refused } from './token.ts'

export interface ConnectionOptions {
  /** As in a reference: `ghcr.io`. */
  readonly registry: string
  /** Speaks plain HTTP to a registry other than this computer's. */
  readonly insecure?: boolean
  /** Called when the registry first asks who we are. */
  readonly credential: () => Promise<Credential | undefined>
  readonly signal: AbortSignal
  readonly send?: Send
  readonly lookup?: Lookup
  readonly wait?: Wait
  readonly now?: () => number
}

/** A request in the registry's terms. */
export interface Ask {
  readonly method: Attempt['method']
  /** A path from the registry's origin, or where the registry said to go on. */
  readonly to: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** What a token must allow: `repository:acme/shop:pull,push`. */
  readonly scopes: readonly string[]
  /** Bytes of an answer that are read at most. Documents of 64 KiB unless told. */
  readonly longest?: number
}

/** What was asked of a registry so far, and of those it sent us to. */
export interface Traffic {
  readonly requests: number
  /** Of request bodies, with those that had to be sent again. */
  readonly bytes: number
}

/** An authenticated conversation with one registry. */
export interface Connection {
  readonly registry: string
  readonly origin: URL
  readonly rim: Rim
  /** Asks until there is an answer. @throws StkError STK4001, STK4101, STK4102, STK4108 */
  ask(ask: Ask): Promise<Answer>
  /** Asks once. @throws NoAnswer for a network failure. Answers of 429 and 5xx come back as they are. */
  askOnce(ask: Ask): Promise<Answer>
  /** How many large contents are under way at a time. */
  readonly uploads: Lanes
  traffic(): Traffic
}

/** Requests under way at a time: a connection each, and one round trip for all questions about an image of a dozen blobs. */
const REQUESTS = 24
/** Large uploads at a time, as crane has it. */
const UPLOADS = 4
const MOST_REDIRECTS = 5
const MOST_CHALLENGES = 3
const LONGEST_DOCUMENT = 65_536

/** Opens a connection. Nothing is asked yet. */
export function connect(options: ConnectionOptions): Connection {
  const { registry, insecure = false, credential, signal } = options
  let requests = 0
  let bytes = 0
  const send = options.send ?? openSender()
  const rim: Rim = {
    send: (url, request) => {
      requests++
      bytes += request.body?.length ?? 0
      return send(url, request)
    },
    wait: options.wait ?? (async (milliseconds, aborted) => { await delay(milliseconds, undefined, { signal: aborted }) }),
    now: options.now ?? Date.now,
    signal,
  }
  const origin = apiOrigin(registry, { insecure })
  const lookup = options.lookup ?? (async (hostname) => (await (await import('node:dns/promises')).lookup(hostname, { all: true })).map(({ address }) => address))
  const guard = guardAddresses(origin, lookup)
  const authorizer = authorize({ origin, registry, guard, rim, credential })
  const lanes = openLanes(REQUESTS)

  /** At the registry itself with credentials, anywhere else without. */
  const sendAuthorized = async (attempt: Attempt, scopes: readonly string[]): Promise<Answer> => {
    if (attempt.url.origin !== origin.origin) {
      await guard.check(attempt.url, `a ${attempt.method}`)
      return sendOnce(attempt, rim)
    }
    for (let challenges = 0; ; challenges++) {
      const authorization = await authorizer.header(scopes)
      const answer = await sendOnce(authorization === undefined ? attempt : { ...attempt, headers: { ...attempt.headers, authorization } }, rim)
      if (answer.status !== 401) return answer
      if (challenges === MOST_CHALLENGES || !await authorizer.challenged(answer, scopes, authorization)) {
        throw refused(`${registry} refuses ${authorization === undefined ? 'requests without credentials' : 'the credentials'} (HTTP 401)`, registry)
      }
    }
  }
  const askOnce = async ({ method, to, headers = {}, body, scopes, longest = LONGEST_DOCUMENT }: Ask): Promise<Answer> => {
    let url = typeof to === 'string' ? new URL(to, origin) : to
    for (let redirects = 0; ; redirects++) {
      const answer = await sendAuthorized({ method, url, headers, ...(body === undefined ? {} : { body }), longest }, scopes)
      const next = redirectOf(answer, method)
      if (next === undefined) return answer
      if (redirects === MOST_REDIRECTS) throw new StkError('STK4008', { why: `${registry} redirects for ever.`, fix: 'Check the name of the registry.' })
      await guard.check(next, 'a redirect')
      url = next
    }
  }
  return {
    registry,
    origin,
    rim,
    askOnce: (ask) => lanes(() => askOnce(ask)),
    ask: (ask) => persist(() => lanes(() => askOnce(ask)), registry, rim),
    uploads: openLanes(UPLOADS),
    traffic: () => ({ requests, bytes }),
  }
}

/** Where an answer sends us. A write is followed only where its method stays what it is (RFC 9110 section 15.4). */
function redirectOf({ status, headers, url }: Answer, method: Attempt['method']): URL | undefined {
  const isRead = method === 'GET' || method === 'HEAD'
  if (status !== 307 && status !== 308 && !(isRead && (status === 301 || status === 302 || status === 303))) return undefined
  const location = headers.get('location')
  return location === null ? undefined : resolveAddress(location, url)
}
