/** True for the host names that never leave the machine. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}

/**
 * Parses a URL that keys may be fetched from: `https`, or `http` on loopback. A document may send us to loopback only if
 * the issuer itself is there.
 *
 * @throws Error
 */
export function requireSecureUrl(text: string, issuer: string): URL {
  const url = parse(text)
  if (url === undefined) throw new Error(`${JSON.stringify(text)} is not a URL`)
  const from = parse(issuer)
  if (url.protocol === 'https:') return url
  if (url.protocol === 'http:' && isLoopback(url) && from !== undefined && isLoopback(from)) return url
  throw new Error(`${url.origin} is not https`)
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
