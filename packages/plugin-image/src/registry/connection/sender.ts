import { once } from 'node:events'
import type { AgentOptions, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'

/** One request, and its answer as it begins to arrive. `fetch` is one such function. */
export type Send = (url: URL, request: SentRequest) => Promise<Sent>

export interface SentRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  /** Redirects are answers like others. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

export interface Sent {
  readonly status: number
  readonly headers: SentHeaders
  /** What is not read to its end closes the connection. */
  readonly body: AsyncIterable<Uint8Array> | null
}

/** Headers of an answer. Names in small letters. */
export interface SentHeaders {
  get(name: string): string | null
}

/** Milliseconds for which an idle connection is kept. Servers say so themselves where theirs is shorter. */
const IDLE = 4_000

/**
 * Opens a sender that keeps its connections, with Node's own HTTP client: loading `fetch` takes a process that sends a dozen
 * requests as long as the requests.
 *
 * A failure of the network is thrown as Node has it, with its code.
 */
export function openSender(): Send {
  const openings = new Map<string, Promise<Begin>>()
  const begin = (protocol: string): Promise<Begin> => {
    const known = openings.get(protocol) ?? openClient(protocol)
    openings.set(protocol, known)
    return known
  }
  return async (url, { method, headers, body, signal }) => {
    const request = (await begin(url.protocol))(url, {
      method, signal, headers: { accept: '*/*', ...(body === undefined ? {} : { 'content-length': body.length }), ...headers },
    })
    // What goes wrong once the answer has begun is an error of its body, and met where that is read.
    request.on('error', () => {})
    request.end(body)
    const [message] = await once(request, 'response') as [IncomingMessage]
    return { status: message.statusCode ?? 0, headers: headersOf(message.headers), body: message }
  }
}

type Begin = (url: URL, options: RequestOptions) => ClientRequest

async function openClient(protocol: string): Promise<Begin> {
  // Proxies are for Node to find, from 24.5 on and when it is asked to.
  const options: AgentOptions = { keepAlive: true, timeout: IDLE, ...(process.env.NODE_USE_ENV_PROXY === '1' ? { proxyEnv: process.env } : {}) }
  if (protocol === 'https:') {
    const { Agent, request } = await import('node:https')
    const agent = new Agent(options)
    return (url, init) => request(url, { ...init, agent })
  }
  const { Agent, request } = await import('node:http')
  const agent = new Agent(options)
  return (url, init) => request(url, { ...init, agent })
}

function headersOf(headers: IncomingHttpHeaders): SentHeaders {
  return {
    get(name) {
      const value = headers[name]
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value
    },
  }
}
