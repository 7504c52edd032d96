import { SecretValue, StkError } from '@santokit/core'
import * as z from 'zod/mini'
import type { Credential } from '../credentials/credential.ts'
import { persist, sendOnce, type Rim } from './exchange.ts'

/** Where tokens are had, as the registry says. */
export interface TokenServer {
  readonly realm: URL
  readonly service?: string
}

export interface AccessToken {
  readonly value: SecretValue
  /** Milliseconds since 1970. */
  readonly expires: number
}

/** "If omitted, this defaults to 60 seconds": distribution, Token Authentication Specification. */
const DEFAULT_LIFE = 60
/** Milliseconds before its end from which on a token is not used: the time a request takes to arrive. */
const MARGIN = 5_000
const LONGEST_ANSWER = 1_048_576

const reply = z.object({
  token: z.optional(z.string().check(z.minLength(1))), access_token: z.optional(z.string().check(z.minLength(1))), expires_in: z.optional(z.number().check(z.positive())),
})

/**
 * Fetches a token for `scopes`: with an identity token by OAuth2's refresh grant, with a password or anonymously by GET
 * (distribution, "Token Authentication" and "Oauth2 Token Authentication").
 *
 * @throws StkError STK4101 if the token server refuses the credentials, or gives no token.
 */
export async function fetchToken(server: TokenServer, scopes: readonly string[], credential: Credential | undefined, registry: string, rim: Rim): Promise<AccessToken> {
  const { realm, service } = server
  const answer = await persist(() => sendOnce(credential?.kind === 'identity'
    ? refreshGrant(server, scopes, credential.token)
    : passwordRequest(server, scopes, credential), rim), realm.host, rim)
  const about = realm.host === registry ? registry : `${realm.host}, where ${registry} has its tokens from,`
  if (answer.status !== 200) throw refused(`${about} answered HTTP ${answer.status} to ${nameOf(credential)}`, registry)
  const parsed = reply.safeParse(parseJson(answer.bytes)).data
  const value = parsed?.token ?? parsed?.access_token
  if (parsed === undefined || value === undefined || /[^\x21-\x7e]/.test(value)) throw refused(`${about} gave no token${service === undefined ? '' : ` for "${service}"`}`, registry)
  const life = (parsed.expires_in ?? DEFAULT_LIFE) * 1000
  return { value: new SecretValue(value), expires: rim.now() + Math.max(life - MARGIN, life / 2) }
}

function passwordRequest({ realm, service }: TokenServer, scopes: readonly string[], credential: Credential | undefined): Parameters<typeof sendOnce>[0] {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const headers = credential?.kind === 'password' ? { authorization: basic(credential) } : undefined
  return { method: 'GET', url, headers: { accept: 'application/json', ...headers }, longest: LONGEST_ANSWER }
}

function refreshGrant({ realm, service }: TokenServer, scopes: readonly string[], token: SecretValue): Parameters<typeof sendOnce>[0] {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'santokit', scope: scopes.join(' '), refresh_token: token.reveal() })
  if (service !== undefined) form.set('service', service)
  return {
    method: 'POST',
    url: realm,
    headers: { 'accept': 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(form.toString()),
    longest: LONGEST_ANSWER,
  }
}

/** The header of HTTP's basic authentication (RFC 7617). */
export function basic(credential: Credential & { readonly kind: 'password' }): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password.reveal()}`).toString('base64')}`
}

/** STK4101, with what to do about it. `why` holds nothing of the credentials. */
export function refused(why: string, registry: string): StkError {
  return new StkError('STK4101', {
    why: `${why}.`,
    fix: [`Sign in: docker login ${registry}`, 'In CI, set DOCKER_AUTH_CONFIG to the content of a config.json.'],
  })
}

function nameOf(credential: Credential | undefined): string {
  if (credential === undefined) return 'a request without credentials'
  return { password: 'this user name and password', identity: 'this identity token', access: 'this token' }[credential.kind]
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
