import { BodyCutShort, BodyNotText, BodyTooLarge, type HttpAnswer, type HttpRequest } from './message.ts'

/** A `Request` of the web standards as the Bridge sees it. */
export function fromWebRequest(request: Request): HttpRequest {
  return {
    header: (name) => request.headers.get(name),
    headers: () => request.headers,
    text: (limit) => readText(request, limit),
    watch: (onGone) => request.signal.addEventListener('abort', onGone, { once: true }),
  }
}

/** The platform knows how long a text is, and says so. */
export function toWebResponse({ status, headers, body }: HttpAnswer): Response {
  const named: Record<string, string> = {}
  // Not as the list that it is: reading one takes the platform several times as long.
  for (const [name, value] of headers) named[name] = name in named ? `${named[name]}, ${value}` : value
  return new Response(body, { status, headers: named })
}

async function readText(request: Request, limit: number): Promise<string> {
  try {
    // Bytes whose number is known come at once; their reader has looked at it. Of others there may be any number.
    return request.headers.has('content-length') ? textOf(await request.arrayBuffer()) : await readChunks(request, limit)
  } catch (error) {
    throw error instanceof BodyTooLarge || error instanceof BodyNotText ? error : new BodyCutShort('', { cause: error })
  }
}

/** A byte order mark stays, as it does on Node: JSON has none (RFC 8259, section 8.1). */
function textOf(bytes: ArrayBuffer): string {
  return decode(openDecoder(), bytes)
}

async function readChunks({ body }: Request, limit: number): Promise<string> {
  const decoder = openDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > limit) throw new BodyTooLarge()
    text += decode(decoder, chunk, { stream: true })
  }
  return text + decode(decoder)
}

function openDecoder() {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
}

function decode(decoder: ReturnType<typeof openDecoder>, bytes?: ArrayBuffer | Uint8Array, options?: { readonly stream: boolean }): string {
  try {
    return decoder.decode(bytes, options)
  } catch (error) {
    throw new BodyNotText('', { cause: error })
  }
}
