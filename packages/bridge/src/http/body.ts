import { isDeeperThan } from '../json.ts'
import type { LimitsEntry } from '../manifest/format.ts'
import { overloaded, type Problem, problem } from '../problem.ts'
import { BodyCutShort, BodyNotText, BodyTooLarge, type HttpRequest, TooManyBodies } from './message.ts'

/** The members of a call, of the right types. */
export interface CallBody {
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
}

const NO_PARAMS: CallBody['params'] = Object.freeze({})

/**
 * Reads the body of a call.
 *
 * @throws Problem 413 or 415, BodyTooLarge, TooManyBodies, BodyNotText, or BodyCutShort.
 */
export function readCallText(request: HttpRequest, limits: LimitsEntry): Promise<string> {
  assertMediaType(request)
  if (Number(request.header('content-length') ?? 0) > limits.bodyBytes) throw new BodyTooLarge()
  return request.text(limits.bodyBytes)
}

/** What a body that cannot be read is answered with; `undefined` for any other error. */
export function toBodyProblem(error: unknown, limits: LimitsEntry): Problem | undefined {
  if (error instanceof BodyTooLarge) return problem('payload_too_large', `The body is larger than ${limits.bodyBytes} bytes.`)
  if (error instanceof TooManyBodies) return overloaded('Too many bodies at once.')
  if (error instanceof BodyNotText) return problem('invalid_request', 'The body is not UTF-8.')
  return error instanceof BodyCutShort ? problem('client_gone', 'The client has gone.', { cause: error }) : undefined
}

/**
 * Reads `{ "path": …, "params": … }`, within the project's limits.
 *
 * @throws Problem 400
 */
export function parseCall(text: string, limits: LimitsEntry): CallBody {
  const body = parse(text)
  // A level has two characters at least, so most bodies need not be looked at.
  if (text.length > 2 * limits.jsonDepth && isDeeperThan(body, limits.jsonDepth)) {
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
