import type { Credential } from '../credentials/credential.ts'
import { resolveAddress, type AddressGuard } from './addresses.ts'
import { parseChallenges } from './challenge.ts'
import type { Answer, Rim } from './exchange.ts'
import { basic, fetchToken, refused, type AccessToken, type TokenServer } from './token.ts'

/** Signs requests to one registry, by the way in that it last offered. */
export interface Authorizer {
  /** The `Authorization` header for a request that needs `scopes`. `undefined` as long as none has been asked for. */
  header(scopes: readonly string[]): Promise<string | undefined>
  /**
   * Takes in a 401 to a request that carried `sent`.
   *
   * @returns whether it is worth sending the request again.
   * @throws StkError STK4101 if the credentials are refused. STK4108 if the registry names an unsafe token server.
   */
  challenged(answer: Answer, scopes: readonly string[], sent: string | undefined): Promise<boolean>
}

export interface AuthorizerOptions {
  readonly origin: URL
  /** As people write it. */
  readonly registry: string
  readonly guard: AddressGuard
  readonly rim: Rim
  /** Found when it is first needed: a public registry never asks. */
  readonly credential: () => Promise<Credential | undefined>
}

type Way = { readonly scheme: 'none' } | { readonly scheme: 'basic' } | ({ readonly scheme: 'bearer' } & TokenServer)

/** Opens an authorizer that keeps its tokens for as long as they live. */
export function authorize({ origin, registry, guard, rim, credential }: AuthorizerOptions): Authorizer {
  let way: Way = { scheme: 'none' }
  /** Scopes that the registry asked for beyond ours, by ours. */
  const demanded = new Map<string, readonly string[]>()
  const tokens = new Map<string, Promise<AccessToken>>()
  let found: Promise<Credential | undefined> | undefined
  const credentials = (): Promise<Credential | undefined> => (found ??= credential())

  const keyOf = (scopes: readonly string[]): string => scopes.join(' ')
  const tokenFor = async (server: TokenServer, scopes: readonly string[]): Promise<string> => {
    const known = await credentials()
    if (known?.kind === 'access') return known.token.reveal()
    // What was demanded last goes first: some token servers heed only the first scope.
    const wanted = [...new Set([...(demanded.get(keyOf(scopes)) ?? []), ...scopes])]
    const key = keyOf(wanted)
    const kept = await tokens.get(key)?.catch(() => undefined)
    if (kept !== undefined && kept.expires > rim.now()) return kept.value.reveal()
    // Requests that run side by side share one.
    const running = tokens.get(key)
    const next = running !== undefined && kept === undefined ? running : fetchToken(server, wanted, known, registry, rim)
    tokens.set(key, next)
    next.catch(() => { if (tokens.get(key) === next) tokens.delete(key) })
    return (await next).value.reveal()
  }
  const header = async (scopes: readonly string[]): Promise<string | undefined> => {
    if (way.scheme === 'bearer') return `Bearer ${await tokenFor(way, scopes)}`
    if (way.scheme === 'none') return undefined
    const known = await credentials()
    if (known === undefined) return undefined
    if (known.kind === 'access') return `Bearer ${known.token.reveal()}`
    return known.kind === 'password' ? basic(known) : undefined
  }

  return {
    header,
    async challenged(answer, scopes, sent) {
      const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '')
      const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.realm !== undefined)
      if (bearer !== undefined) {
        const realm = resolveAddress(bearer.parameters.realm ?? '', origin)
        if (realm === undefined) return false
        await guard.check(realm, 'its token server')
        const { service } = bearer.parameters
        way = { scheme: 'bearer', realm, ...(service === undefined ? {} : { service }) }
        const asked = (bearer.parameters.scope ?? '').split(' ').filter((scope) => scope !== '' && !scopes.some((ours) => covers(ours, scope)))
        const before = demanded.get(keyOf(scopes)) ?? []
        const more = [...new Set([...asked, ...before])].slice(0, MOST_SCOPES)
        const isWider = more.length > before.length
        if (isWider) demanded.set(keyOf(scopes), more)
        // A token that another request has renewed meanwhile is worth a try; the one that was refused is not.
        const key = keyOf([...new Set([...more, ...scopes])])
        const current = await tokens.get(key)?.catch(() => undefined)
        if (current !== undefined && sent === `Bearer ${current.value.reveal()}`) tokens.delete(key)
        return (await credentials())?.kind !== 'access' || sent === undefined
      }
      if (challenges.some(({ scheme }) => scheme === 'basic')) {
        way = { scheme: 'basic' }
        const next = await header(scopes)
        if (next === undefined) throw refused(`${registry} wants a user name and a password`, registry)
        return next !== sent
      }
      return false
    },
  }
}

/** Whether a token for `ours` is one for `other`, as `repository:acme/shop:pull,push` is for `repository:acme/shop:pull`. */
function covers(ours: string, other: string): boolean {
  const [on, actions] = splitScope(ours)
  const [otherOn, otherActions] = splitScope(other)
  return on === otherOn && otherActions.every((action) => actions.includes(action))
}

function splitScope(scope: string): [resource: string, actions: readonly string[]] {
  const colon = scope.lastIndexOf(':')
  return [scope.slice(0, colon), scope.slice(colon + 1).split(',')]
}

/** A registry asks for two or three; one that adds to them for ever is broken. */
const MOST_SCOPES = 8
