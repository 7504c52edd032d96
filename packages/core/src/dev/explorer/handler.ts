import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { CallNote } from '../bridge-log.ts'
import type { TokenClaims } from '../local-issuer.ts'
import { refusalOf } from './guard.ts'
import { readPageFile } from './page-files.ts'
import type { ExplorerState } from './state.ts'

/** Where the page gets what it shows. */
export interface ExplorerSource {
  state(): ExplorerState
  /** Signs a token that the project's Bridge accepts. @throws Error in words for a person when it asks for none. */
  mint(claims: Omit<TokenClaims, 'audience'> & { readonly audience?: string }): Promise<string>
  call(requestId: string): CallNote | undefined
  /** Calls `changed` after each reload, until what it returns is called. */
  subscribe(changed: () => void): () => void
  /** Puts `[secret]` in the place of values that must not be seen. */
  redact(text: string): string
}

/** Everything below `/_stk`: the page, and what it asks for. Never part of a Bridge. */
export function createExplorer(source: ExplorerSource): RequestListener {
  return (request, response) => {
    answer(source, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else fail(response, 500, error instanceof Error ? error.message : String(error))
    })
  }
}

const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const

async function answer(source: ExplorerSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').replace(/[?#].*$/, '').slice('/_stk'.length)
  const isPage = !path.startsWith('/api/')
  const refusal = refusalOf(request, isPage)
  if (refusal !== undefined) return fail(response, refusal.status, refusal.why)
  const route = `${request.method} ${path}`
  if (route === 'GET /api/state') return send(response, source.redact(JSON.stringify(source.state())))
  if (route === 'GET /api/events') return stream(source, request, response)
  if (route === 'POST /api/token') return mintToken(source, request, response)
  const called = /^GET \/api\/calls\/([\w.:-]{1,128})$/.exec(route)?.[1]
  if (called !== undefined) return send(response, source.redact(JSON.stringify(source.call(called) ?? null)))
  // Relative addresses of the page are then the same with and without a slash at its end.
  const file = isPage && request.method === 'GET' ? await readPageFile(path === '' || path === '/' ? 'index.html' : path.slice(1)) : undefined
  if (file === undefined) return fail(response, 404, 'There is no such page.')
  response.writeHead(200, { ...HEADERS, 'content-type': file.type }).end(file.bytes)
}

const CLAIMS = z.strictObject({
  sub: z.string().min(1).max(256).default('developer'),
  roles: z.array(z.string().min(1).max(256)).max(100).default([]),
  audience: z.string().min(1).max(256).optional(),
  expiresIn: z.string().regex(/^-?\d{1,9} ?(s|m|h|d|w)$/, 'must be a span such as 10m or 12h').default('12h'),
  claims: z.record(z.string(), z.json()).default({}),
})

/** What {@link mintToken} takes, for those that ask it. */
export type TokenRequest = z.input<typeof CLAIMS>

/** Claims that say who signed for whom and when; the issuer writes them. */
const RESERVED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'roles', 'audience', 'expiresIn']

async function mintToken(source: ExplorerSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const read = CLAIMS.safeParse(await readJson(request))
  if (!read.success) return fail(response, 422, read.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; '))
  const { claims, audience, ...about } = read.data
  const reserved = Object.keys(claims).filter((name) => RESERVED.includes(name))
  if (reserved.length > 0) return fail(response, 422, `claims: ${reserved.join(', ')} cannot be given as a further claim.`)
  const asked = { ...claims, ...about, ...(audience === undefined ? {} : { audience }) }
  const token = await source.mint(asked).catch((error: unknown) => error as Error)
  if (token instanceof Error) return fail(response, 409, token.message)
  send(response, JSON.stringify({ token }))
}

/** Server-sent events: one after each reload. */
function stream(source: ExplorerSource, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
  response.write('retry: 500\n\nevent: hello\ndata: {}\n\n')
  const stop = source.subscribe(() => response.write('event: changed\ndata: {}\n\n'))
  request.once('close', stop)
}

const MOST_BYTES = 64 * 1024

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1')
    if (text.length > MOST_BYTES) return undefined
  }
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, json: string): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(json)
}

function fail(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify({ error: why }))
}
