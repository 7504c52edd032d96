import { StkError, type SecretValue } from '@santokit/core'
import type { z } from 'zod'
import { isSafeOrigin, type GitHubDestination } from '../../options.ts'
import { exchange, type Answer } from '../http.ts'

/** A request to the REST API of GitHub, for one repository. */
export interface GitHubRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/repos/<owner>/<repo>`; or a whole address that GitHub named. */
  readonly path: string
  /** Sent as JSON, or as it is if it is bytes. */
  readonly body?: object | Uint8Array
  /** Statuses, beside success, that the caller understands. */
  readonly expect?: readonly number[]
}

export interface GitHub {
  /** `github:owner/repo`, for messages. */
  readonly place: string
  /** @throws StkError STK4001, STK4002 or STK4008 for an answer that the caller does not expect. */
  request(request: GitHubRequest): Promise<Answer>
  /** The same, with the body checked. */
  json<T>(schema: z.ZodType<T>, request: GitHubRequest): Promise<T>
  /** The same for what may not be there: `undefined` for 404. */
  find<T>(schema: z.ZodType<T>, request: GitHubRequest): Promise<T | undefined>
  /** Bytes of an asset, from wherever GitHub keeps them. `undefined` if it is not there. */
  download(assetPath: string, bytes: number): Promise<Uint8Array | undefined>
}

const JSON_TYPE = 'application/vnd.github+json'
const MAX_REDIRECTS = 3

/** A client that sends the token to GitHub and to nobody else. */
export function connectGitHub(destination: GitHubDestination, token: SecretValue, signal: AbortSignal): GitHub {
  const place = `github:${destination.owner}/${destination.repo}`
  const base = `${destination.apiUrl}/repos/${destination.owner}/${destination.repo}`

  const send = async (request: GitHubRequest, accept: string): Promise<Answer> => {
    signal.throwIfAborted()
    const url = /^https?:/.test(request.path) ? trusted(request.path, destination, place) : `${base}${request.path}`
    const { body } = request
    const isBytes = body instanceof Uint8Array
    const answer = await exchange({
      send: (limit) => fetch(url, {
        method: request.method ?? 'GET',
        redirect: 'manual',
        signal: limit,
        headers: {
          'accept': accept,
          'authorization': `Bearer ${token.reveal()}`,
          'user-agent': 'santokit',
          'x-github-api-version': '2022-11-28',
          ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
        },
        ...(body === undefined ? {} : { body: isBytes ? body as Uint8Array<ArrayBuffer> : JSON.stringify(body) }),
      }),
      signal,
      place,
      bytes: isBytes ? body.length : 0,
      isPassing: isRateLimited,
    })
    return checked(answer, request, place)
  }

  const read = <T>(schema: z.ZodType<T>, answer: Answer, path: string): T => {
    const parsed = schema.safeParse(parseJson(answer.bytes))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const fault = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`
    throw new StkError('STK4008', {
      why: `${place} answered ${path === '' ? 'the request' : path} with something else than GitHub does (${fault}).`,
      fix: 'Check `apiUrl`, and look at it on GitHub.',
    })
  }

  return {
    place,
    request: (request) => send(request, JSON_TYPE),
    json: async (schema, request) => read(schema, await send(request, JSON_TYPE), request.path),
    async find(schema, request) {
      const answer = await send({ ...request, expect: [404] }, JSON_TYPE)
      return answer.status === 404 ? undefined : read(schema, answer, request.path)
    },
    async download(assetPath, bytes) {
      const answer = await send({ path: assetPath, expect: [302, 404] }, 'application/octet-stream')
      if (answer.status === 404) return undefined
      return answer.status === 302 ? follow(answer, { asked: assetPath, apiUrl: destination.apiUrl, place, signal, bytes }) : answer.bytes
    },
  }
}

/** The storage that GitHub redirects to has a signature in its address and must not see the token. */
async function follow(
  from: Answer,
  { asked, apiUrl, place, signal, bytes }: {
    readonly asked: string
    readonly apiUrl: string
    readonly place: string
    readonly signal: AbortSignal
    readonly bytes: number
  },
): Promise<Uint8Array | undefined> {
  let location = from.headers.get('location')
  for (let redirects = 0; location !== null && redirects < MAX_REDIRECTS; redirects++) {
    const url = URL.canParse(location, apiUrl) ? new URL(location, apiUrl) : undefined
    // From GitHub over https nothing leads to plain http, not even on this computer.
    if (url === undefined || !isSafeOrigin(url) || (url.protocol === 'http:' && !apiUrl.startsWith('http:'))) break
    const answer = await exchange({ send: (limit) => fetch(url, { redirect: 'manual', signal: limit }), signal, place: url.host, bytes })
    if (answer.status === 200) return answer.bytes
    if (answer.status === 404) return undefined
    location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null
  }
  throw new StkError('STK4008', {
    why: `${place} does not lead to the content of ${asked}.`,
    fix: 'Run it again; if it stays, look at the release on GitHub.',
  })
}

/**
 * Where GitHub says to upload to: the API's own host, or `uploads.` in place of `api.`. The token goes nowhere else,
 * whatever an answer says.
 */
function trusted(address: string, { apiUrl }: GitHubDestination, place: string): string {
  const api = new URL(apiUrl)
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === api.protocol && (url.host === api.host || url.host === api.host.replace(/^api\./, 'uploads.'))) return url.href
  throw new StkError('STK4008', { why: `${place} names an upload address that is not GitHub's.`, fix: 'Check `apiUrl`.' })
}

/** 403 stands for "forbidden" and for "too fast"; the second comes with a moment to come again. */
function isRateLimited({ status, headers }: Answer): boolean {
  return status === 403 && (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0')
}

function checked(answer: Answer, { path, expect = [] }: GitHubRequest, place: string): Answer {
  const { status } = answer
  if ((status >= 200 && status < 300) || expect.includes(status)) return answer
  const said = messageOf(answer)
  if (status === 401) {
    throw new StkError('STK4002', { why: `${place} does not accept the token.`, fix: 'Set GITHUB_TOKEN, or `token`, to one that is valid.' })
  }
  if (status === 403) {
    throw new StkError('STK4002', {
      why: `${place} does not let the token do that${said}.`,
      fix: 'It needs the permission "Contents: write"; in GitHub Actions: permissions: { contents: write }.',
    })
  }
  if (status === 404) {
    throw new StkError('STK4002', {
      why: `${place} is not there, or the token may not see it.`,
      fix: ['Check the owner and the name in `to`.', 'The token needs the permission "Contents: write" for this repository.'],
    })
  }
  if (status >= 300 && status < 400) throw new StkError('STK4008', { why: `${place} has moved.`, fix: 'Change `to` to its new name.' })
  throw new StkError('STK4008', {
    why: `${place} answered ${path} with HTTP ${status}${said}.`,
    fix: said.includes('empty') ? 'Push a first commit to it.' : undefined,
  })
}

/** GitHub's own words about an error: constants, with field names. */
function messageOf({ bytes }: Answer): string {
  const body = parseJson(bytes) as { readonly message?: unknown; readonly errors?: unknown } | undefined
  if (typeof body?.message !== 'string') return ''
  const errors = Array.isArray(body.errors) ? body.errors as readonly { readonly field?: unknown; readonly code?: unknown }[] : []
  return ` (${[body.message, ...errors.map(({ field, code }) => `${field}: ${code}`)].join('; ').slice(0, 200)})`
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
