import { isDeeperThan } from '../json.ts'
import type { LimitsEntry } from '../manifest/format.ts'
import { problem } from '../problem.ts'
import { BodyTooLarge, type HttpRequest } from './message.ts'

/** The members of a call, of the right types. */
export interface CallBody {
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
}

const NO_PARAMS: CallBody['params'] = Object.freeze({})

/**
 * Reads `{ "path": …, "params": … }` from a request, within the project's limits.
 *
 * @throws Problem 400, 413 or 415.
 */
export async function readCallBody(request: HttpRequest, limits: LimitsEntry): Promise<CallBody> {
  assertMediaType(request)
  if (Number(request.header('content-length') ?? 0) > limits.bodyBytes) throw tooLarge(limits)
  const body = parse(await readText(request, limits))
  if (isDeeperThan(body, limits.jsonDepth)) {
    throw problem('invalid_request', `The body is nested deeper than ${limits.jsonDepth} levels.`)
  }
  if (!isObject(body)) throw problem('invalid_request', 'The body is not an object.')
  for (const name in body) {
    if (name === 'path' || name === 'params') continue
    throw problem('invalid_request', `The body has a member ${JSON.stringify(name)}; it takes path and params.`)
  }
  const { path, params = NO_PARAMS } = body
  if (typeof path !== 'string') throw problem('invalid_request', 'The body has no `path` string.')
  if (!isObject(params)) throw problem('invalid_request', '`params` is not an object.')
  return { path, params }
}

function assertMediaType(request: HttpRequest): void {
  const given = request.header('content-type') ?? ''
  if (given !== 'application/json' && given.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json') {
    throw problem('unsupported_media_type', 'Send the body as application/json.', { headers: [['accept-post', 'application/json']] })
  }
  if ((request.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity') {
    throw problem('unsupported_media_type', 'Send the body without a content encoding.', { headers: [['accept-encoding', 'identity']] })
  }
}

async function readText(request: HttpRequest, limits: LimitsEntry): Promise<string> {
  try {
    return await request.text(limits.bodyBytes)
  } catch (error) {
    if (error instanceof BodyTooLarge) throw tooLarge(limits)
    // All that is left is a body that stopped in the middle.
    throw problem('client_gone', 'The client has gone.', { cause: error })
  }
}

function tooLarge(limits: LimitsEntry): Error {
  return problem('payload_too_large', `The body is larger than ${limits.bodyBytes} bytes.`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw problem('invalid_request', 'The body is not JSON.')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
