import { setTimeout as wait } from 'node:timers/promises'
import type { SecretValue } from '@santokit/core'
import type { z } from 'zod'
import { ApiRefusal, refusalOf, unexpected, unreachable } from './refusal.ts'

/** Where Cloudflare's API is, and who asks. */
export interface Api {
  /** Without a slash at its end. */
  readonly url: string
  readonly token: SecretValue
  readonly account: SecretValue
  readonly signal: AbortSignal
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  /** Below the account: `workers/scripts/shop/deployments`. */
  readonly path: string
  /** Sent as JSON, or as it is. */
  readonly body?: object | FormData
  /** In a sentence: `the deployments of "shop"`. */
  readonly what: string
}

/** Milliseconds before each further try. */
const AGAIN_AFTER = [250, 1000] as const

/** The longest that a `Retry-After` is waited for, in milliseconds. */
const LONGEST_WAIT = 20_000

/** How long one answer may take, in milliseconds. */
const TIMEOUT = 30_000

/**
 * Asks Cloudflare's API and checks what it answers. Reading is tried again when the API is busy or away; writing is not, since nobody
 * knows what came of it.
 *
 * @throws ApiRefusal for an answer with a code that the caller may know; StkError STK4001, STK4002 or STK4008 otherwise.
 */
export async function ask<Schema extends z.ZodType>(api: Api, request: ApiRequest, schema: Schema): Promise<z.output<Schema>> {
  for (let attempt = 0; ; attempt++) {
    api.signal.throwIfAborted()
    const outcome = await once(api, request)
    const pause = AGAIN_AFTER[attempt]
    if (outcome.kind === 'answer') return read(outcome.result, schema, request)
    if (pause === undefined || !isWorthAnotherTry(outcome, request)) throw outcome.error
    await wait(outcome.after ?? pause, undefined, { signal: api.signal }).catch(() => api.signal.throwIfAborted())
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly result: unknown }
  | { readonly kind: 'failure'; readonly error: Error; readonly status: number | undefined; readonly after: number | undefined }

async function once(api: Api, request: ApiRequest): Promise<Outcome> {
  const { method = 'GET', path, body, what } = request
  const timeout = AbortSignal.timeout(TIMEOUT)
  let answer: Response
  let text: string
  try {
    answer = await fetch(`${api.url}/accounts/${encodeURIComponent(api.account.reveal())}/${path}`, {
      method,
      headers: {
        'authorization': `Bearer ${api.token.reveal()}`,
        ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.any([api.signal, timeout]),
    })
    text = await answer.text()
  } catch (error) {
    api.signal.throwIfAborted()
    return { kind: 'failure', error: unreachable(what, timeout.aborted ? `no answer within ${TIMEOUT / 1000} s` : causeOf(error)), status: undefined, after: undefined }
  }
  const envelope = parse(text)
  if (answer.ok && envelope?.success === true) return { kind: 'answer', result: envelope.result }
  return { kind: 'failure', error: refusalOf({ status: answer.status, codes: codesOf(envelope), what }), status: answer.status, after: retryAfter(answer) }
}

/** A busy API has done nothing. Any other failure of a change may have come after it. */
function isWorthAnotherTry({ error, status }: Extract<Outcome, { kind: 'failure' }>, { method = 'GET' }: ApiRequest): boolean {
  if (error instanceof ApiRefusal) return false
  return status === 429 || (method === 'GET' && (status === undefined || status >= 500))
}

interface Envelope {
  readonly success?: unknown
  readonly result?: unknown
  readonly errors?: unknown
}

function parse(text: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Only the numbers: the texts beside them may repeat parts of the request. */
function codesOf(envelope: Envelope | undefined): readonly number[] {
  const errors = Array.isArray(envelope?.errors) ? envelope.errors as readonly { readonly code?: unknown }[] : []
  return errors.map((error) => error?.code).filter((code): code is number => typeof code === 'number')
}

function retryAfter(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_WAIT) : undefined
}

function read<Schema extends z.ZodType>(result: unknown, schema: Schema, { what }: ApiRequest): z.output<Schema> {
  const parsed = schema.safeParse(result)
  if (parsed.success) return parsed.data
  throw unexpected(what, `its answer has ${parsed.error.issues.slice(0, 3).map(({ path }) => path.join('.') || 'nothing').join(', ')} in another form`)
}

/** The system's name for what went wrong, such as `ECONNREFUSED`. */
function causeOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === 'string' ? cause.code : 'the connection broke'
}
