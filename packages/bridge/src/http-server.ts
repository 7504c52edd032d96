import { createServer, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { BootError } from './boot-error.ts'
import { type ConnectionBounds, Connections } from './http/connections.ts'
import { NodeIncoming } from './http/node-incoming.ts'
import { NodeResponse } from './http/node-response.ts'
import type { ConnectionLimits } from './settings/index.ts'

export interface HttpServer {
  readonly url: string
  readonly port: number
  /**
   * Stops listening, then closes connections as they have no request, and resolves when the last one is closed.
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

/** Where to listen, and what bounds connections. */
export interface ListenOptions extends ConnectionLimits, ConnectionBounds {
  readonly host: string
  readonly port: number
}

/** Takes requests. */
export type NodeListener = (request: NodeIncoming, response: NodeResponse) => void

type NodeServer = Server<typeof NodeIncoming, typeof NodeResponse>

/** @throws BootError if the address cannot be listened on. */
export async function listen(listener: NodeListener, { host, port, max, requestTimeout, ...bounds }: ListenOptions): Promise<HttpServer> {
  const server = createServer({
    requestTimeout, headersTimeout: Math.min(HEADERS_TIMEOUT, requestTimeout), maxHeaderSize: MOST_HEADER_BYTES,
    connectionsCheckingInterval: Math.min(CHECKING_INTERVAL, Math.ceil(requestTimeout / 2)),
    // Each would set a timer anew for every request.
    keepAliveTimeout: 0, noDelay: true, IncomingMessage: NodeIncoming, ServerResponse: NodeResponse,
  })
  server.maxConnections = max
  const connections = new Connections(bounds)
  connections.follow(server, listener)
  await bind(server, host, port)
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async drain(idleGrace) {
      // What the system has accepted for us is taken before the door is shut: each turn of the event loop takes all there is.
      await new Promise((resolve) => setImmediate(resolve))
      // `http.Server#close` would cut idle connections at once, with requests that are on their way in them.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
      await Promise.race([closed, wait(idleGrace, undefined, { ref: false })])
      connections.closeIdle()
      await closed
      // It ends the timer that looks for slow senders, which would hold the server, and all that it knows, for good.
      server.close(() => {})
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
