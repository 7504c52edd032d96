import { AuthError, refuse } from './error.ts'
import { parseStrictJson } from './strict-json.ts'

/** Longer tokens are not looked at: a header may be that long, a token with a purpose is not. In characters. */
const LONGEST_TOKEN = 8 * 1024

/** What a token says before anything of it is proved. */
export interface UnprovedToken {
  readonly algorithm: string
  readonly keyId: string | undefined
  readonly issuer: string
  readonly audience: unknown
}

/**
 * Reads a JWT in compact form, strictly: canonical base64url, JSON objects whose members stand there once, no extension
 * that must be understood (`crit`, RFC 7515 section 4.1.11), no type but that of a JWT. Keys that the token itself brings
 * or points to (`jwk`, `jku`, `x5u`, `x5c`) are not read at all.
 *
 * @throws AuthError
 */
export function readToken(token: string): UnprovedToken {
  if (token.length > LONGEST_TOKEN) refuse(`The token is longer than ${LONGEST_TOKEN} characters.`)
  const parts = token.split('.')
  const [header, payload, signature] = parts
  if (parts.length !== 3 || !header || !payload || !signature) refuse('Not a signed JWT.')
  decode(signature)
  const { alg, kid, typ, crit } = readObject(header)
  if (typeof alg !== 'string') refuse('The token names no algorithm.')
  if (crit !== undefined) refuse('The token has critical extensions.')
  if (kid !== undefined && typeof kid !== 'string') refuse('The token\'s key id is not a string.')
  if (typ !== undefined && !isJwtType(typ)) refuse(`The token is of type ${quote(typ)}.`)
  const { iss, aud } = readObject(payload)
  if (typeof iss !== 'string') refuse('The token names no issuer.')
  return { algorithm: alg, keyId: kid, issuer: iss, audience: aud }
}

/** Short and printable, for the log. */
export function quote(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 200))
}

/** RFC 8725 section 3.11: a logout token or a DPoP proof of the same issuer is no access token (`at+jwt`, RFC 9068). */
function isJwtType(type: unknown): boolean {
  return typeof type === 'string' && /^(?:application\/)?(?:jwt|at\+jwt)$/i.test(type)
}

function readObject(part: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decode(part)))
  } catch (error) {
    if (error instanceof AuthError) throw error
    refuse('A part of the token is not JSON, or names a member twice.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('A part of the token is not an object.')
  return value as Record<string, unknown>
}

/** Base64url as it must be written: no padding, no blanks, no stray bits. One token then has one form. */
function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') !== part) refuse('A part of the token is not base64url.')
  return bytes
}
