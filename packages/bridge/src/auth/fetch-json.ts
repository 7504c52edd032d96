/** Milliseconds for the whole of a document. */
const TIMEOUT = 5_000
/** The largest document read, in bytes; key sets have a few thousand. */
const LARGEST = 256 * 1024

/**
 * Fetches a JSON document from an issuer: no redirects, a limited time, a limited size.
 *
 * @throws Error with a message for the log.
 */
export async function fetchJson(url: URL, fetcher: typeof fetch, closed: AbortSignal): Promise<unknown> {
  const response = await fetcher(url, {
    headers: { accept: 'application/json' },
    // Not `error`, which not every runtime has. A redirect is then an answer that is not 200.
    redirect: 'manual',
    signal: AbortSignal.any([closed, AbortSignal.timeout(TIMEOUT)]),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url.origin}${url.pathname} answered ${response.status}`)
  }
  const text = await readText(response)
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
