/** What a declared secret must look like. */
export type SecretType = 'string' | 'url' | 'int' | 'number' | 'boolean' | 'uuid' | 'json' | 'base64' | 'hex' | 'jwt' | 'pem'

/**
 * What is wrong with a value, in a sentence that tells nothing of it but its kind; `undefined` if nothing is.
 *
 * @param now for a token's expiry.
 */
export function faultOf(type: SecretType, value: string, now: Date): string | undefined {
  // No other type has them, and platforms hand them on.
  if (type !== 'string' && type !== 'pem' && value !== value.trim()) return 'It begins or ends with white space.'
  return FAULTS[type](value, now)
}

const FAULTS: Readonly<Record<SecretType, (value: string, now: Date) => string | undefined>> = {
  string: () => undefined,
  // `host:5432/path` parses as well, with a scheme that nobody meant.
  url: (value) => (URL.canParse(value) && /^([a-z][a-z0-9+.-]*:\/\/|file:)/i.test(value) ? undefined : 'It is not a URL. A password in it must be percent-encoded.'),
  int: (value) => (/^[+-]?\d+$/.test(value) ? undefined : 'It is not a whole number.'),
  number: (value) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? undefined : 'It is not a number.'),
  boolean: (value) => (/^(true|false|1|0)$/.test(value) ? undefined : 'It is neither true, false, 1 nor 0.'),
  uuid: (value) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? undefined : 'It is not a UUID.'),
  json: (value) => (isJson(value) ? undefined : 'It is not JSON.'),
  base64: (value) => (isBase64(value) ? undefined : 'It is not Base64.'),
  hex: (value) => (/^([0-9a-f]{2})+$/i.test(value) ? undefined : 'It is not hex: pairs of the digits 0 to f.'),
  jwt: jwtFault,
  pem: pemFault,
}

export const SECRET_TYPES = Object.keys(FAULTS) as readonly SecretType[]

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}

/** RFC 4648, §4 or §5, padded or not. */
function isBase64(value: string): boolean {
  const digits = value.replace(/={1,2}$/, '')
  if (!/^([A-Za-z0-9+/]+|[A-Za-z0-9_-]+)$/.test(digits) || digits.length % 4 === 1) return false
  return digits === value || value.length % 4 === 0
}

/** RFC 7519 in the compact form of a signed token; not verified. */
function jwtFault(value: string, now: Date): string | undefined {
  const parts = value.split('.')
  const [header, claims] = parts.slice(0, 2).map(jsonOf)
  const signed = parts.length === 3 && parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))
  if (!signed || header?.alg === undefined || claims === undefined) return 'It is not a signed token (JWT).'
  return typeof claims.exp === 'number' && claims.exp * 1000 <= now.getTime() ? 'It is a token that has expired.' : undefined
}

function jsonOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? value as Readonly<Record<string, unknown>> : undefined
  } catch {
    return undefined
  }
}

/** RFC 7468: one text or more, each between lines that name the same thing. */
function pemFault(value: string): string | undefined {
  if (!/-----BEGIN [^-]+-----/.test(value)) return 'It is not PEM: no line says -----BEGIN …-----.'
  if (value.includes('\\n')) return 'Its line breaks are written out as \\n. Keep them as line breaks.'
  const texts = [...value.matchAll(/^-----BEGIN ([^-\r\n]+)-----\r?\n([\s\S]*?)\r?\n-----END ([^-\r\n]+)-----\s*$/gm)]
  const begun = value.match(/-----BEGIN /g)?.length ?? 0
  if (texts.length !== begun || texts.some(([, begin, , end]) => begin !== end)) return 'It is not whole PEM: a BEGIN line has no END line, or its line breaks were lost.'
  const decodes = texts.every(([, , body = '']) => isBase64(body.replace(/^[^\n]*: [^\n]*$/gm, '').replace(/\s/g, '')))
  return decodes ? undefined : 'It is PEM whose inside is not Base64.'
}
