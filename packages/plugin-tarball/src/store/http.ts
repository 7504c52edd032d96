import { setTimeout as delay } from 'node:timers/promises'
import { StkError } from '@santokit/core'

/** A response with its body read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

export interface ExchangeOptions {
  /** Sends the request once, without following redirects. Called again for each attempt. */
  readonly send: (signal: AbortSignal) => Promise<Response>
  readonly signal: AbortSignal
  /** Who is asked, for messages. */
  readonly place: string
  /** Bytes sent or expected, for the time limit. */
  readonly bytes?: number
  /** Whether an answer other than 429 and 5xx should be asked for again. */
  readonly isPassing?: (answer: Answer) => boolean
}

const ATTEMPTS = 5
/** Milliseconds before the second attempt; doubled for each further one. */
const BACK_OFF = 250
/** The longest wait a server may ask for, in milliseconds. */
const PATIENCE = 60_000
/** Milliseconds for one attempt, and how fast content must move beyond that: 50 kB/s. */
const TIME_LIMIT = 30_000
const BYTES_PER_MS = 50

/**
 * Sends a request until it is answered: network failures, 429 and 5xx are tried again, waiting as long as the server
 * asks (`Retry-After`).
 *
 * @throws StkError STK4001 if there is no answer in five attempts. Its text holds nothing of the request but the place.
 */
export async function exchange(options: ExchangeOptions): Promise<Answer> {
  const { signal, place } = options
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(options)
    signal.throwIfAborted()
    if (typeof outcome !== 'string' && !isPassing(outcome, options)) return outcome
    const asked = typeof outcome === 'string' ? undefined : retryAfter(outcome.headers)
    if (attempt === ATTEMPTS || (asked !== undefined && asked > PATIENCE)) throw unreachable(place, outcome, asked)
    await delay(asked ?? BACK_OFF * 2 ** (attempt - 1), undefined, { signal })
  }
}

/** The answer, or in a word why there is none. */
async function attemptOnce({ send, signal, bytes = 0 }: ExchangeOptions): Promise<Answer | string> {
  const limit = AbortSignal.timeout(TIME_LIMIT + Math.ceil(bytes / BYTES_PER_MS))
  try {
    const response = await send(AbortSignal.any([signal, limit]))
    return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
  } catch (error) {
    if (limit.aborted) return 'timeout'
    // Only a network failure is worth another attempt, and fetch gives those as TypeErrors with a cause.
    const code = (error as { readonly cause?: { readonly code?: unknown } }).cause?.code
    if (typeof code === 'string') return code
    if (signal.aborted || !(error instanceof TypeError)) throw error
    return 'network failure'
  }
}

function isPassing(answer: Answer, options: ExchangeOptions): boolean {
  return answer.status === 429 || (answer.status >= 500 && answer.status !== 501) || options.isPassing?.(answer) === true
}

/** Milliseconds that a server asks to wait: RFC 9110 section 10.2.3, or GitHub's moment at which its limit is lifted. */
function retryAfter(headers: Headers): number | undefined {
  const asked = headers.get('retry-after')
  const reset = headers.get('x-ratelimit-remaining') === '0' ? Number(headers.get('x-ratelimit-reset')) * 1000 : Number.NaN
  const wait = asked === null ? reset - Date.now() : /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - Date.now()
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

function unreachable(place: string, outcome: Answer | string, asked: number | undefined): StkError {
  if (asked !== undefined && asked > PATIENCE) {
    return new StkError('STK4001', {
      why: `${place} asks to wait ${Math.ceil(asked / 1000)} s before it answers again.`,
      fix: 'Run it again then. What was done so far is kept.',
    })
  }
  const last = typeof outcome === 'string' ? outcome : `HTTP ${outcome.status}`
  return new StkError('STK4001', {
    why: `${place} gave no usable answer in ${ATTEMPTS} attempts (last: ${last}).`,
    fix: 'Check the address and the network, and run it again. What was done so far is kept.',
  })
}
