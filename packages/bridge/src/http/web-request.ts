import { BodyCutShort, BodyTooLarge, type HeaderList, type HttpAnswer, type HttpRequest } from './message.ts'

/** A `Request` of the web standards as the Bridge sees it: for h3, and for every platform that speaks them. */
export function fromWebRequest(request: Request): HttpRequest {
  return {
    header: (name) => request.headers.get(name),
    headers: () => request.headers,
    text: (limit) => readText(request, limit),
    watch: (onGone) => request.signal.addEventListener('abort', onGone, { once: true }),
  }
}

export function toWebResponse({ status, headers, body }: HttpAnswer): Response {
  // Its length is known, so it need not go in chunks.
  const length: HeaderList = body === null ? [] : [['content-length', String(new TextEncoder().encode(body).byteLength)]]
  return new Response(body, { status, headers: [...headers, ...length] as [string, string][] })
}

async function readText({ body }: Request, limit: number): Promise<string> {
  // A byte order mark stays, as it does on Node: JSON has none (RFC 8259, section 8.1).
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let text = ''
  let bytes = 0
  try {
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      if (bytes > limit) throw new BodyTooLarge()
      text += decoder.decode(chunk, { stream: true })
    }
  } catch (error) {
    throw error instanceof BodyTooLarge ? error : new BodyCutShort('', { cause: error })
  }
  return text + decoder.decode()
}
