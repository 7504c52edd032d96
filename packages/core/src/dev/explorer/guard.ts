import type { IncomingMessage } from 'node:http'

/** Why a request is not answered. */
export interface Refusal {
  readonly status: 403 | 415 | 421
  readonly why: string
}

/**
 * Tells whether a request comes from this machine's person, and not from a page of the web that their browser has open.
 *
 * A page elsewhere can make a browser send requests here, and by DNS rebinding can even have them look as if they were for its own
 * host. So the host must be a loopback name, and what acts or tells must not come from another origin; the project beside this one,
 * on another port, is another origin, too.
 */
export function refusalOf({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, isPage: boolean): Refusal | undefined {
  const { host = '', origin } = headers
  if (!isLoopbackHost(host)) return { status: 421, why: `The explorer answers to this machine's own names, such as localhost, and not to ${JSON.stringify(host)}.` }
  if (isPage && method === 'GET') return undefined
  const site = headers['sec-fetch-site']
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, why: `A page of ${origin} may not ask this.` }
  if (site !== undefined && site !== 'same-origin' && !(method === 'GET' && site === 'none')) return { status: 403, why: 'A page of another origin may not ask this.' }
  // A form can be sent across origins without a question; JSON cannot.
  if (method === 'POST' && !/^application\/json(;|$)/i.test(headers['content-type'] ?? '')) return { status: 415, why: 'Send application/json.' }
  return undefined
}

/** `localhost`, what ends with `.localhost` (RFC 6761), `127.0.0.0/8` and `[::1]`, with any port. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)*\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}
