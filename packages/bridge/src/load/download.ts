import { setTimeout as delay } from 'node:timers/promises'
import { BootError } from '../boot-error.ts'
import { isLoopback } from '../settings/index.ts'

export interface DownloadOptions {
  readonly maxBytes: number
  /** Sends one request without following redirects. Default: the global `fetch`. */
  readonly send?: (url: URL, signal: AbortSignal) => Promise<Response>
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly backOff?: number
  /** Only redirects that stay with the same host are followed: the request is signed, and carries a session's token. */
  readonly sameHost?: boolean
}

const MAX_ATTEMPTS = 4
const MAX_REDIRECTS = 5
/** Milliseconds for one attempt, body included. */
const ATTEMPT_TIMEOUT = 60_000

/**
 * Fetches a bundle archive. 429, 5xx and network failures are tried again; redirects are followed to https only.
 *
 * @throws BootError. Its text names the address without its query, which may hold a signature.
 */
export async function download(url: URL, options: DownloadOptions): Promise<Uint8Array> {
  assertTransport(url, url)
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(url, options)
    } catch (error) {
      if (error instanceof BootError) throw error
      if (attempt === MAX_ATTEMPTS) throw unreachable(url, error)
      await delay((options.backOff ?? 300) * 2 ** (attempt - 1))
    }
  }
}

/** An address as it may be shown: without credentials, query and fragment. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

async function fetchOnce(from: URL, options: DownloadOptions): Promise<Uint8Array> {
  // Not `AbortSignal.timeout`: a request that follows one does not keep it from being collected as garbage.
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('No answer in time.', 'TimeoutError')), ATTEMPT_TIMEOUT)
  try {
    return await fetchFollowing(from, options, controller.signal)
  } finally {
    clearTimeout(timer)
  }
}

async function fetchFollowing(from: URL, options: DownloadOptions, signal: AbortSignal): Promise<Uint8Array> {
  const send = options.send ?? ((url, signal) => fetch(url, { redirect: 'manual', signal }))
  let url = from
  for (let redirects = 0; ; redirects++) {
    const response = await send(url, signal)
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    if (location === null) return readResponse(url, response, options.maxBytes)
    await response.body?.cancel()
    if (redirects === MAX_REDIRECTS) throw refused(from, `It redirects more than ${MAX_REDIRECTS} times.`)
    url = new URL(location, url)
    assertTransport(url, from)
    if (options.sameHost === true && url.host !== from.host) {
      throw refused(from, `It redirects to ${url.host}, which has no right to a request that is signed for ${from.host}.`)
    }
  }
}

async function readResponse(url: URL, response: Response, maxBytes: number): Promise<Uint8Array> {
  if (!response.ok) {
    await response.body?.cancel()
    if (response.status === 429 || response.status >= 500) throw new Error(`HTTP ${response.status}`)
    throw refused(url, `It answers ${response.status}.`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function tooLarge(maxBytes: number): BootError {
  return new BootError(
    'bundle_too_large', `The bundle is larger than ${maxBytes} bytes.`,
    'Check where it comes from; if it is yours, raise BUNDLE_MAX_BYTES.',
  )
}

/** Plain http is for this machine only, and a redirect must not leave https or lead into it. */
function assertTransport(url: URL, from: URL): void {
  if (url.username !== '' || url.password !== '') {
    // fetch refuses them as well, in a message that shows them.
    throw new BootError('bad_setting', `BUNDLE_URL ${shownUrl(from)} holds a user name or password.`, 'Use an address that is signed in its query, or s3.')
  }
  if (url.protocol === 'https:') return
  if (url.protocol === 'http:' && isLoopback(url.hostname) && from.protocol === 'http:' && isLoopback(from.hostname)) return
  const why = url === from ? 'It is not https.' : `It redirects to ${shownUrl(url)}, which is not https.`
  throw new BootError('bad_setting', `BUNDLE_URL ${shownUrl(from)} cannot be used. ${why}`, 'Serve the bundle over https.')
}

function refused(url: URL, why: string): BootError {
  return new BootError(
    'bundle_unreachable', `The bundle cannot be had from ${shownUrl(url)}. ${why}`, 'Check BUNDLE_URL and the right to read it.',
  )
}

function unreachable(url: URL, error: unknown): BootError {
  const { cause, message } = error as { cause?: { code?: unknown }; message?: unknown }
  const why = typeof cause?.code === 'string' ? cause.code : String(message ?? error)
  return new BootError(
    'bundle_unreachable', `The bundle cannot be had from ${shownUrl(url)} in ${MAX_ATTEMPTS} attempts (last: ${why}).`,
    'Check BUNDLE_URL and that the address can be reached from here.', { cause: error },
  )
}
