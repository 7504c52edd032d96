import { CallError, type ParamError } from './call-error.ts'

interface Sending {
  readonly base: string
  readonly path: string
  readonly params: object
  readonly headers: Readonly<Record<string, string>>
  readonly get: boolean
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
}

/**
 * Makes one request and gives its `data`.
 *
 * @throws CallError, or what `fetch` throws when the signal is aborted.
 */
export async function send({ base, path, params, headers, get, fetch, signal }: Sending): Promise<unknown> {
  let answer: Response
  let body: { readonly data?: unknown; readonly code?: unknown } | undefined
  try {
    answer = get
      ? await fetch(`${base}/call/${path}${query(params)}`, { headers, signal })
      : await fetch(`${base}/call`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: encode({ path, params }), signal })
    const text = await answer.text()
    body = parse(text)
  } catch (error) {
    // What cannot be written as JSON never left.
    if (signal.aborted || error instanceof EncodingError) throw error
    throw new CallError('network', `${path}: there was no answer.`, 0, undefined, [], {}, { cause: error })
  }
  if (answer.ok && body && 'data' in body) return body.data
  const { code, detail, requestId, errors, ...rest } = { ...body } as Problem
  const retryAfter = answer.headers.get('retry-after')
  throw new CallError(
    code ?? 'unexpected', `${path}: ${detail ?? `the answer (${answer.status}) is not a Bridge's.`}`, answer.status, requestId ?? answer.headers.get('x-request-id') ?? undefined,
    errors ?? [], { ...rest, ...(retryAfter ? { retryAfter } : {}) },
  )
}

interface Problem {
  readonly code?: string
  readonly detail?: string
  readonly requestId?: string
  readonly errors?: readonly ParamError[]
}

class EncodingError extends TypeError {}

/** A bigint travels as a decimal string: JSON numbers lose precision beyond 2^53. */
function encode(value: object): string {
  try {
    return JSON.stringify(value, (_, inner: unknown) => typeof inner === 'bigint' ? String(inner) : inner)
  } catch (error) {
    throw new EncodingError('The params cannot be written as JSON.', { cause: error })
  }
}

/** Lists repeat their name. */
function query(params: object): string {
  const pairs = Object.entries(params).flatMap(([name, value]: [string, unknown]) =>
    value === undefined ? [] : (Array.isArray(value) ? value : [value]).map((each): [string, string] => [name, each instanceof Date ? each.toISOString() : String(each)]))
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''
}

function parse(text: string): { readonly data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
