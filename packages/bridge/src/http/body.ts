import type { ServerRequest } from 'srvx'
import { isDeeperThan } from '../json.ts'
import type { LimitsEntry } from '../manifest/format.ts'
import { problem } from '../problem.ts'

/** The members of a call, of the right types. */
export interface CallBody {
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
}

/**
 * Reads `{ "path": …, "params": … }` from a request, within the project's limits.
 *
 * The server itself counts the body while it arrives, and fails the reading past `limits.bodyBytes`.
 *
 * @throws Problem 400, 413 or 415.
 */
export async function readCallBody(request: ServerRequest, limits: LimitsEntry): Promise<CallBody> {
  assertMediaType(request.headers)
  if (Number(request.headers.get('content-length') ?? 0) > limits.bodyBytes) throw tooLarge(limits)
  const body = parse(await readText(request, limits))
  if (isDeeperThan(body, limits.jsonDepth)) {
    throw problem('invalid_request', `The body is nested deeper than ${limits.jsonDepth} levels.`)
  }
  if (!isObject(body)) throw problem('invalid_request', 'The body is not an object.')
  const { path, params = {}, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw problem('invalid_request', `The body has a member ${JSON.stringify(unknown)}; it takes path and params.`)
  if (typeof path !== 'string') throw problem('invalid_request', 'The body has no `path` string.')
  if (!isObject(params)) throw problem('invalid_request', '`params` is not an object.')
  return { path, params }
}

function assertMediaType(headers: Headers): void {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/json') {
    throw problem('unsupported_media_type', 'Send the body as application/json.', { headers: [['accept-post', 'application/json']] })
  }
  if ((headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity') {
    throw problem('unsupported_media_type', 'Send the body without a content encoding.', { headers: [['accept-encoding', 'identity']] })
  }
}

async function readText(request: ServerRequest, limits: LimitsEntry): Promise<string> {
  try {
    return await request.text()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BODY_TOO_LARGE') throw tooLarge(limits)
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
