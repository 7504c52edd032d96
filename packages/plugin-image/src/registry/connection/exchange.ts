import { isStkError, StkError } from '@santokit/core'
import type { Send, Sent, SentHeaders } from './sender.ts'

/** A response with its body read. */
export interface Answer {
  readonly status: number
  readonly headers: SentHeaders
  readonly bytes: Uint8Array
  /** Where it came from, after redirects. Relative addresses in it are meant from here. */
  readonly url: URL
}

export interface Attempt {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Bytes of an answer that are read at most; what is longer is refused. */
  readonly longest: number
}

/** Waits, or throws when `signal` aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>

export interface Rim {
  readonly send: Send
  readonly wait: Wait
  /** Milliseconds since 1970. */
  now(): number
  readonly signal: AbortSignal
}

/** How often one request is tried. */
const ATTEMPTS = 5
/** Milliseconds before the second attempt; doubled for each further one. */
const BACK_OFF = 250
/** The longest wait a registry may ask for, in milliseconds. */
export const PATIENCE = 60_000
/** Milliseconds for one attempt, and how fast content must move beyond that: 50 kB/s. */
const TIME_LIMIT = 30_000
const BYTES_PER_MS = 50

/** Why there was no answer: a network failure's code, or `timeout`. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly reason: string

  constructor(reason: string) {
    super(`No answer: ${reason}`)
    this.reason = reason
  }
}

/**
 * Sends a request once. Redirects are answers like others.
 *
 * @throws NoAnswer for a network failure or when it takes too long.
 * @throws StkError STK4008 for an answer that is longer than it may be.
 */
export async function sendOnce({ method, url, headers, body, longest }: Attempt, { send, signal }: Rim): Promise<Answer> {
  signal.throwIfAborted()
  const limit = AbortSignal.timeout(TIME_LIMIT + Math.ceil((body?.length ?? 0) / BYTES_PER_MS) + Math.ceil(longest / BYTES_PER_MS))
  try {
    const response = await send(url, {
      method,
      // A proxy that packs a document would change the bytes that its digest is of.
      headers: { 'user-agent': 'santokit', 'accept-encoding': 'identity', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    })
    return { status: response.status, headers: response.headers, bytes: await readBounded(response, longest, url), url }
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) throw new NoAnswer('timeout')
    if (isStkError(error)) throw error
    const { code } = error as { readonly code?: unknown }
    if (typeof code === 'string') throw new NoAnswer(code)
    throw error
  }
}

async function readBounded({ body }: Sent, longest: number, url: URL): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop lets go of what has not arrived.
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > longest) {
      throw new StkError('STK4008', { why: `${url.host} answered with more than ${longest} bytes where that cannot be.`, fix: 'Check that it is a registry.' })
    }
    chunks.push(chunk)
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}

/** Whether an answer says "not now". 501 says "never". */
export function isPassing({ status }: Answer): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501)
}

/**
 * Tries until there is an answer: network failures, 408, 429 and 5xx come again, after as long as the registry asks
 * (`Retry-After`, RFC 9110 section 10.2.3), else after a time that doubles.
 *
 * @throws StkError STK4001 when five attempts gave none.
 */
export async function persist(send: () => Promise<Answer>, place: string, rim: Rim): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await send().catch((error: unknown) => {
      if (error instanceof NoAnswer) return error
      throw error
    })
    if (!(outcome instanceof NoAnswer) && !isPassing(outcome)) return outcome
    await pause(outcome, attempt, place, rim)
  }
}

/**
 * Waits before the next attempt.
 *
 * @throws StkError STK4001 when there have been enough, or the registry asks for more time than a person has.
 */
export async function pause(outcome: Answer | NoAnswer, attempt: number, place: string, rim: Rim): Promise<void> {
  const asked = outcome instanceof NoAnswer ? undefined : retryAfter(outcome.headers, rim.now())
  const last = outcome instanceof NoAnswer ? outcome.reason : `HTTP ${outcome.status}`
  if (asked !== undefined && asked > PATIENCE) {
    throw new StkError('STK4001', {
      why: `${place} asks to wait ${Math.ceil(asked / 1000)} s before it answers again (${last}).`,
      fix: 'Run it again then. What was sent so far is kept.',
    })
  }
  if (attempt >= ATTEMPTS) {
    throw new StkError('STK4001', {
      why: `${place} gave no usable answer in ${ATTEMPTS} attempts (last: ${last}).`,
      fix: 'Check the address and the network, and run it again. What was sent so far is kept.',
    })
  }
  await rim.wait(asked ?? BACK_OFF * 2 ** (attempt - 1), rim.signal)
}

function retryAfter(headers: SentHeaders, now: number): number | undefined {
  const asked = headers.get('retry-after')
  if (asked === null) return undefined
  const wait = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - now
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}
