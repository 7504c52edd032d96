import type { SecretName, Setting } from '@santokit/bridge/manifest'
import { isSecretRef, SECRET_NAME } from '../secrets/secret-ref.ts'
import { parseDuration, parseSize } from './units.ts'

/** What was read, or why not in words that go on from the setting's name: `must be a duration`. Never the value itself: it may be a secret. */
export type Read<T> = { readonly value: T } | { readonly refusal: string; readonly fix?: string }
export type Reader<T> = (given: unknown) => Read<T>

/**
 * A database's address: a reference to a secret, or a URL that holds none.
 *
 * @param schemes with the colon.
 */
export function setting(schemes: readonly string[], example: string): Reader<Setting> {
  return (given) => {
    if (isSecretRef(given)) return secretName(given)
    const url = typeof given === 'string' ? parseUrl(given) : undefined
    const fix = `Use a secret: url: secret('${example}')`
    if (url === undefined || !schemes.includes(url.protocol)) {
      return { refusal: `must be ${oneOf(schemes.map((scheme) => `${scheme}${scheme === 'file:' ? '' : '//'}…`))} or secret('${example}')${given === undefined ? '; it is missing' : ''}`, fix }
    }
    const holdsSecret = url.password !== '' || ['password', 'authToken', 'jwt'].some((name) => url.searchParams.has(name))
    return holdsSecret ? { refusal: 'holds a password, and what is in the config gets into the bundle', fix } : { value: given as string }
  }
}

/** A value that is always secret. */
export function secretOnly(example: string): Reader<SecretName> {
  return (given) => (isSecretRef(given) ? secretName(given) : { refusal: 'must be a secret, and not be written in the config', fix: `Use secret('${example}')` })
}

function secretName(given: { readonly secret: string }): Read<SecretName> {
  const { secret, optional, ...rest } = given as Readonly<Record<string, unknown>> & { readonly secret: string }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return { refusal: `is a secret with an unknown option "${unknown}"`, fix: `Use secret('${secret}') or secret('${secret}', { optional: true })` }
  if (optional !== undefined && typeof optional !== 'boolean') return { refusal: 'is a secret whose `optional` is neither true nor false' }
  if (!SECRET_NAME.test(secret)) {
    return { refusal: 'names a secret that no environment variable can carry', fix: 'Use upper-case letters, digits and "_", such as secret(\'DATABASE_URL\')' }
  }
  return { value: optional === true ? { secret, optional } : { secret } }
}

/** A duration, in milliseconds. */
export function duration({ zero = false, number = 'milliseconds' }: { readonly zero?: boolean; readonly number?: 'milliseconds' | 'seconds' }): Reader<number> {
  return (given) => {
    const value = typeof given === 'number' && number === 'seconds' ? given * 1000 : given
    const ms = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined
    if (ms === undefined) return { refusal: `must be a duration such as '500ms', '5s' or '10m', or a number of ${number}` }
    return ms === 0 && !zero ? { refusal: 'must be longer than nothing' } : { value: ms }
  }
}

/** A size, in bytes. */
export const size: Reader<number> = (given) => {
  const bytes = typeof given === 'string' || typeof given === 'number' ? parseSize(given) : undefined
  if (bytes === undefined) return { refusal: "must be a size such as '512kB', '1MB' or '2MiB', or a number of bytes" }
  return bytes === 0 ? { refusal: 'must be larger than nothing' } : { value: bytes }
}

/** One string, or a list of them; a list either way. */
export function listOf(what: string, item: Reader<string> = (given) => (typeof given === 'string' && given !== '' ? { value: given } : { refusal: '' })): Reader<readonly string[]> {
  return (given) => {
    const list: readonly unknown[] = Array.isArray(given) ? given : [given]
    const items = list.map(item)
    const values = items.flatMap((one) => ('value' in one ? [one.value] : []))
    if (list.length > 0 && values.length === list.length) return { value: values }
    const [refused] = items.flatMap((one) => ('refusal' in one && one.refusal !== '' ? [one] : []))
    return refused ?? { refusal: `must be ${what} or a list of them${given === undefined ? '; it is missing' : ''}` }
  }
}

/** The address of an issuer or its keys: tokens are trusted on its word, so it must be authentic. */
export const safeUrl: Reader<string> = (given) => {
  const url = typeof given === 'string' ? parseUrl(given) : undefined
  const loopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) {
    return { refusal: `must be an https:// URL${given === undefined ? '; it is missing' : ''}`, fix: 'Only an issuer on this machine (localhost, 127.0.0.1) may be http://.' }
  }
  return url.username !== '' || url.password !== '' || url.hash !== '' ? { refusal: 'must not hold credentials or a fragment' } : { value: given as string }
}

/** Where clients find the project. */
export const baseUrl: Reader<string> = (given) => {
  const url = typeof given === 'string' ? parseUrl(given) : undefined
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) return { refusal: 'must be an https:// or http:// URL' }
  return url.search !== '' || url.hash !== '' || url.username !== '' ? { refusal: 'must not hold a query, a fragment or credentials' } : { value: given as string }
}

/** An origin as browsers send it, or `*`. */
export const origin: Reader<string> = (given) => {
  if (given === '*') return { value: given }
  const url = typeof given === 'string' ? parseUrl(given) : undefined
  if (url === undefined || url.origin === 'null') return { refusal: "must be '*' or origins such as 'https://shop.example.com'" }
  return url.origin === given ? { value: given } : { refusal: 'must be origins as browsers send them: without a path or a slash at the end', fix: `Write '${url.origin}'.` }
}

/** Where a secret's value can be read. */
export const reference: Reader<string> = (given) =>
  typeof given === 'string' && /^[a-z][a-z0-9+.-]*:./.test(given)
    ? { value: given }
    : { refusal: 'must say where the value can be read', fix: "Write a reference such as 'env:NAME', 'file:path' or 'op://vault/item/field', never the value." }

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
