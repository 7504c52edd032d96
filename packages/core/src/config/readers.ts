import type { SecretName, Setting } from '@santokit/bridge/manifest'
import { isSecretRef, SECRET_NAME } from '../secrets/secret-ref.ts'
import { parseDuration, parseSize } from './units.ts'

/**
 * What was read, or why not in words that go on from the setting's name: `must be a duration`. Never the value itself: it
 * may be a secret.
 */
export type Read<T> = { readonly value: T } | Refusal
export type Reader<T> = (given: unknown) => Read<T>

interface Refusal {
  readonly refusal: string
  readonly fix?: string
}

/**
 * A database's address: a reference to a secret, or a URL that holds none.
 *
 * @param schemes with the colon.
 */
export function setting(schemes: readonly string[], example: string): Reader<Setting> {
  const fix = `Use a secret: url: secret('${example}')`
  const forms = schemes.map((scheme) => (scheme === 'file:' ? 'file:…' : `${scheme}//…`)).join(', ')
  return (given) => {
    if (isSecretRef(given)) return secretName(given)
    const url = parseUrl(given)
    if (url === undefined || !schemes.includes(url.protocol)) return refuse(given, `must be ${forms} or secret('${example}')`, fix)
    const holdsSecret = url.password !== '' || ['password', 'authToken', 'jwt'].some((name) => url.searchParams.has(name))
    if (holdsSecret) return refuse(given, 'holds a password, and what is in the config gets into the bundle', fix)
    return { value: given as string }
  }
}

/** A value that is always secret. */
export function secretOnly(example: string): Reader<SecretName> {
  return (given) => {
    if (isSecretRef(given)) return secretName(given)
    return refuse(given, 'must be a secret, and not be written in the config', `Use secret('${example}')`)
  }
}

function secretName(given: { readonly secret: string }): Read<SecretName> {
  const { secret, optional, ...rest } = given as Readonly<Record<string, unknown>> & { readonly secret: string }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    return refuse(given, `is a secret with an unknown option "${unknown}"`, `A secret takes optional, type and description: secret('${secret}', { optional: true })`)
  }
  if (optional !== undefined && typeof optional !== 'boolean') return refuse(given, 'is a secret whose `optional` is neither true nor false')
  if (!SECRET_NAME.test(secret)) {
    return refuse(given, 'names a secret that no environment variable can carry', 'Use upper-case letters, digits and "_": secret(\'DATABASE_URL\')')
  }
  return { value: optional === true ? { secret, optional } : { secret } }
}

interface DurationRules {
  /** May it be none at all? */
  readonly zero?: boolean
  /** What a bare number counts. */
  readonly number?: 'milliseconds' | 'seconds'
}

/** A duration, in milliseconds. */
export function duration({ zero = false, number = 'milliseconds' }: DurationRules): Reader<number> {
  return (given) => {
    const value = typeof given === 'number' && number === 'seconds' ? given * 1000 : given
    const ms = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined
    if (ms === undefined) return refuse(given, `must be a duration such as '500ms', '5s' or '10m', or a number of ${number}`)
    return ms === 0 && !zero ? refuse(given, 'must be longer than nothing') : { value: ms }
  }
}

/** A size, in bytes. */
export const size: Reader<number> = (given) => {
  const bytes = typeof given === 'string' || typeof given === 'number' ? parseSize(given) : undefined
  if (bytes === undefined) return refuse(given, "must be a size such as '512kB', '1MB' or '2MiB', or a number of bytes")
  return bytes === 0 ? refuse(given, 'must be larger than nothing') : { value: bytes }
}

/** One item, or a list of them; a list either way. */
export function listOf(item: Reader<string>, what: string): Reader<readonly string[]> {
  return (given) => {
    const list: readonly unknown[] = Array.isArray(given) ? given : [given]
    if (given === undefined || list.length === 0) return refuse(given, `must be ${what} or a list of them`)
    const items = list.map(item)
    const [refused] = items.flatMap((one) => ('refusal' in one ? [one] : []))
    return refused ?? { value: items.flatMap((one) => ('value' in one ? [one.value] : [])) }
  }
}

/** Any text but none. */
export const text: Reader<string> = (given) =>
  typeof given === 'string' && given !== '' ? { value: given } : refuse(given, 'must be a string that is not empty, or a list of them')

/** The address of an issuer or its keys: tokens are trusted on its word, so it must be authentic. */
export const safeUrl: Reader<string> = (given) => {
  const url = parseUrl(given)
  const loopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) {
    return refuse(given, 'must be an https:// URL', 'Only an issuer on this machine (localhost, 127.0.0.1) may be http://.')
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') return refuse(given, 'must not hold credentials or a fragment')
  return { value: given as string }
}

/** Where clients find the project. */
export const baseUrl: Reader<string> = (given) => {
  const url = parseUrl(given)
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) return refuse(given, 'must be an https:// or http:// URL')
  if (url.search !== '' || url.hash !== '' || url.username !== '') return refuse(given, 'must not hold a query, a fragment or credentials')
  return { value: given as string }
}

/** An origin as browsers send it, or `*`. */
export const origin: Reader<string> = (given) => {
  if (given === '*') return { value: given }
  const url = parseUrl(given)
  if (url === undefined || url.origin === 'null') return refuse(given, "must be '*' or origins such as 'https://shop.example.com'")
  if (url.origin === given) return { value: given }
  return refuse(given, 'must be origins as browsers send them: without a path or a slash at the end', `Write '${url.origin}'.`)
}

/** Where a secret's value can be read. */
export const reference: Reader<string> = (given) => {
  if (typeof given === 'string' && /^[a-z][a-z0-9+.-]*:./.test(given)) return { value: given }
  const fix = "Write a reference such as 'env:NAME', 'file:path' or 'op://vault/item/field', never the value."
  return refuse(given, 'must say where the value can be read', fix)
}

function refuse(given: unknown, refusal: string, fix?: string): Refusal {
  return { refusal: given === undefined ? `${refusal}; it is missing` : refusal, fix }
}

function parseUrl(given: unknown): URL | undefined {
  return typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined
}
