import type { Reply, Seen, TestRegistry } from './registry.ts'
import { IDENTITY, PASSWORD, USERNAME } from './world.ts'

export interface TokenOptions {
  /** Seconds that a token lives, by the registry's clock. */
  life?: number
  /** What the token server says about that; `undefined` says nothing. */
  says?: number | undefined
  /** Milliseconds since 1970. */
  now?: () => number
  /** Where the registry says that tokens are had. */
  realm?: () => string
  /** Scopes that are not granted. */
  denies?: (scope: string) => boolean
  /** Scopes that the registry wants although nobody would think of them. */
  demands?: (seen: Seen) => readonly string[]
  isAnonymous?: boolean
  field?: 'token' | 'access_token'
}

export interface TokenServer {
  /** Requests for tokens, with the scopes that were asked for. */
  readonly asked: readonly { readonly method: string; readonly scopes: readonly string[]; readonly form: URLSearchParams }[]
  readonly options: TokenOptions
}

/** Makes a registry want tokens, which it gives at `/token` for the planted credentials. */
export function wantTokens(registry: TestRegistry, options: TokenOptions = {}): TokenServer {
  const asked: { method: string; scopes: readonly string[]; form: URLSearchParams }[] = []
  const tokens = new Map<string, { scopes: readonly string[]; expires: number }>()
  const now = (): number => options.now?.() ?? Date.now()

  const give = ({ method, url, headers, body }: Seen): Reply => {
    const form = new URLSearchParams(body.toString())
    const scopes = (method === 'POST' ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope')).filter((scope) => scope !== '')
    asked.push({ method, scopes, form })
    const isKnown = method === 'POST'
      ? form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === IDENTITY
      : headers.authorization === `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`
    if (!isKnown && !(options.isAnonymous === true && headers.authorization === undefined)) return { status: 401, body: '{"details":"incorrect username or password"}' }
    const granted = scopes.filter((scope) => options.denies?.(scope) !== true)
    const value = `planted-access-token-${tokens.size + 1}`
    tokens.set(value, { scopes: granted, expires: now() + (options.life ?? 300) * 1000 })
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [options.field ?? 'token']: value, expires_in: 'says' in options ? options.says : 300 }) }
  }

  registry.quirks.before.push((seen) => (seen.path === '/token' ? give(seen) : undefined))
  registry.quirks.authorize = (seen) => {
    const name = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(seen.path)?.[1] ?? ''
    const wanted = [`repository:${name}:${seen.method === 'GET' || seen.method === 'HEAD' ? 'pull' : 'pull,push'}`]
    const from = seen.url.searchParams.get('from')
    if (from !== null) wanted.push(`repository:${from}:pull`)
    wanted.push(...(options.demands?.(seen) ?? []))
    const token = tokens.get((seen.headers.authorization ?? '').replace(/^Bearer /, ''))
    const isGood = token !== undefined && token.expires > now()
    if (isGood && wanted.every((scope) => token.scopes.some((granted) => covers(granted, scope)))) return undefined
    const realm = options.realm?.() ?? `${registry.origin}/token`
    const error = token === undefined ? '' : isGood ? ',error="insufficient_scope"' : ',error="invalid_token"'
    return { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}",service="tests",scope="${wanted.join(' ')}"${error}` } }
  }
  return { asked, options }
}

function covers(granted: string, wanted: string): boolean {
  const [grantedOn, grantedActions = ''] = splitScope(granted)
  const [wantedOn, wantedActions = ''] = splitScope(wanted)
  return grantedOn === wantedOn && wantedActions.split(',').every((action) => grantedActions.split(',').includes(action))
}

function splitScope(scope: string): [string, string] {
  const colon = scope.lastIndexOf(':')
  return [scope.slice(0, colon), scope.slice(colon + 1)]
}
