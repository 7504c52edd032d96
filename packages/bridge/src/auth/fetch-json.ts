import type { Closing } from './closing.ts'

/** Milliseconds for the whole of a document. */
export const TIMEOUT = 5_000
/** The largest document read, in bytes; key sets have a few thousand. */
const LARGEST = 256 * 1024

/**
 * Fetches a JSON document from an issuer: no redirects, a limited time, a limited size.
 *
 * @throws Error with a message for the log.
 */
export async function fetchJson(url: URL, fetcher: typeof fetch, closing: Closing): Promise<unknown> {
  if (closing.closed) throw new Error('the verifier is closed')
  // Not `AbortSignal.any` with a timeout: what only fetch follows may be collected as garbage before it fires.
  const controller = new AbortController()
  const onClosed = (): void => controller.abort(new Error('the verifier is closed'))
  closing.on(onClosed)
  const timer = setTimeout(() => controller.abort(new Error(`${url.origin} did not answer in time`)), TIMEOUT)
  try {
    return parse(await fetchText(url, fetcher, controller.signal), url)
  } finally {
    clearTimeout(timer)
    closing.off(onClosed)
  }
}

async function fetchText(url: URL, fetcher: typeof fetch, signal: AbortSignal): Promise<string> {
  // Not `redirect: 'error'`, which not every runtime has. A redirect is then an answer that is not 200.
  const response = await fetcher(url, { headers: { accept: 'application/json' }, redirect: 'manual', signal })
  if (response.status === 200) return readText(response)
  await response.body?.cancel()
  throw new Error(`${url.origin}${url.pathname} answered ${response.status}`)
}

function parse(text: string, url: URL): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Error(`${url.origin}${url.pathname} did not answer JSON`)
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Ending the loop by throwing cancels the rest of the body.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > LARGEST) throw new Error(`the answer is larger than ${LARGEST} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
