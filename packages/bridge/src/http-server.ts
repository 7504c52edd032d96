import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { BootError } from './boot-error.ts'
import { NodeResponse } from './http/node-response.ts'
import type { ConnectionLimits } from './settings/index.ts'

export interface HttpServer {
  readonly url: string
  readonly port: number
  /**
   * Stops accepting connections and resolves when the last one is closed.
   *
   * @param idleGrace milliseconds for which a connection without a request may still bring one: a client that has just
   *   sent it must not find the connection closed.
   */
  drain(idleGrace: number): Promise<void>
  /** Closes every connection now, answered or not. */
  destroy(): void
}

/** Milliseconds for the head of a request to arrive. */
const HEADERS_TIMEOUT = 10_000
/** How often slow senders are looked for, in milliseconds. */
const CHECKING_INTERVAL = 2_000
/** The head of a request, in bytes: one token (8 kB) and room for everything else. */
const MOST_HEADER_BYTES = 16 * 1024
/** Longer than the common 60 s of load balancers, who would otherwise send into a connection we just closed. */
const KEEP_ALIVE_TIMEOUT = 65_000

/** Where to listen, and what bounds connections. */
export interface ListenOptions extends ConnectionLimits {
  readonly host: string
  readonly port: number
  /** Milliseconds after which a connection is cut on which nothing moves: longer than the longest call may take. */
  readonly inactivityTimeout: number
}

/** Takes requests. */
export type NodeListener = (request: IncomingMessage, response: NodeResponse) => void

type NodeServer = Server<typeof IncomingMessage, typeof NodeResponse>

/** @throws BootError if the address cannot be listened on. */
export async function listen(
  listener: NodeListener, { host, port, max, requestTimeout, inactivityTimeout }: ListenOptions,
): Promise<HttpServer> {
  const server = createServer({
    requestTimeout, headersTimeout: Math.min(HEADERS_TIMEOUT, requestTimeout), maxHeaderSize: MOST_HEADER_BYTES,
    connectionsCheckingInterval: Math.min(CHECKING_INTERVAL, Math.ceil(requestTimeout / 2)),
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT, noDelay: true, ServerResponse: NodeResponse,
  })
  server.maxConnections = max
  // A client that does not read its answer would hold it, and its connection, for good.
  server.timeout = inactivityTimeout
  const connections = trackConnections(server, listener)
  await bind(server, host, port)
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async drain(idleGrace) {
      // `http.Server#close` would cut idle connections at once, with requests that are on their way in them.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
      const timer = setTimeout(() => connections.closeWhenIdle(), idleGrace)
      await closed
      clearTimeout(timer)
    },
    destroy() {
      server.closeAllConnections()
    },
  }
}

async function bind(server: NodeServer, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new BootError(
      'address_unusable', `The Bridge cannot listen on ${host}:${port} (${code}).`,
      code === 'EADDRINUSE' ? 'Stop what listens there, or set another PORT (0 takes any free one).' : 'Set HOST and PORT.',
      { cause: error },
    )
  }
}

/** Knows how many requests each connection has unanswered, and hands them to `listener`. */
function trackConnections(server: NodeServer, listener: NodeListener): { closeWhenIdle(): void } {
  const connections = new Map<Socket, { unanswered: number }>()
  let closing = false
  server.on('connection', (socket) => {
    connections.set(socket, { unanswered: 0 })
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', (request, response) => {
    const { socket } = request
    const connection = connections.get(socket)
    if (connection !== undefined) {
      connection.unanswered++
      response.on('close', () => {
        connection.unanswered--
        if (!response.writableEnded) response.onGone?.()
        if (closing && connection.unanswered === 0) socket.destroySoon()
      })
    }
    listener(request, response)
  })
  return {
    closeWhenIdle() {
      closing = true
      for (const [socket, { unanswered }] of connections) if (unanswered === 0) socket.destroySoon()
    },
  }
}
