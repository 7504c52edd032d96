import { createServer, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { BootError } from './boot-error.ts'
import { NodeIncoming } from './http/node-incoming.ts'
import { KEEP_ALIVE_SECONDS, NodeResponse } from './http/node-response.ts'
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
/** How often connections are looked at on which nothing moves, in milliseconds. */
const SWEEP_INTERVAL = 5_000
/** A connection that is found without a request, and without a byte since the last time, so many times in turn, is closed. */
const SWEEPS_IDLE = Math.ceil(KEEP_ALIVE_SECONDS * 1000 / SWEEP_INTERVAL) + 1

/** Where to listen, and what bounds connections. */
export interface ListenOptions extends ConnectionLimits {
  readonly host: string
  readonly port: number
  /** Milliseconds for which a client may take nothing of an answer that waits for it; its connection is cut then. */
  readonly readingTimeout: number
}

/** Takes requests. */
export type NodeListener = (request: NodeIncoming, response: NodeResponse) => void

type NodeServer = Server<typeof NodeIncoming, typeof NodeResponse>

/** @throws BootError if the address cannot be listened on. */
export async function listen(
  listener: NodeListener, { host, port, max, requestTimeout, readingTimeout }: ListenOptions,
): Promise<HttpServer> {
  const server = createServer({
    requestTimeout, headersTimeout: Math.min(HEADERS_TIMEOUT, requestTimeout), maxHeaderSize: MOST_HEADER_BYTES,
    connectionsCheckingInterval: Math.min(CHECKING_INTERVAL, Math.ceil(requestTimeout / 2)),
    // Each would set a timer anew for every request.
    keepAliveTimeout: 0, noDelay: true, IncomingMessage: NodeIncoming, ServerResponse: NodeResponse,
  })
  server.maxConnections = max
  const connections = trackConnections(server, listener, readingTimeout)
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

interface Connection {
  unanswered: number
  /** Bytes that had come from the client when the connection was last looked at, and how often in turn there was nothing since. */
  bytesRead: number
  idleSweeps: number
  /** Called as a listener of a response. */
  onClose(this: NodeResponse): void
}

/** Knows how many requests each connection has unanswered, hands them to `listener`, and closes connections that are left lying. */
function trackConnections(server: NodeServer, listener: NodeListener, readingTimeout: number): { closeWhenIdle(): void } {
  const connections = new Map<Socket, Connection>()
  let closing = false
  server.on('connection', (socket) => {
    const connection: Connection = {
      unanswered: 0, bytesRead: 0, idleSweeps: 0,
      onClose() {
        connection.unanswered--
        if (!this.writableEnded) this.onGone?.()
        if (closing && connection.unanswered === 0) socket.destroySoon()
      },
    }
    connections.set(socket, connection)
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', (request, response) => {
    const connection = connections.get(request.socket)
    if (connection !== undefined) {
      connection.unanswered++
      response.on('close', connection.onClose)
    }
    listener(request, response)
  })
  const sweeper = setInterval(() => {
    for (const [socket, connection] of connections) sweep(socket, connection, readingTimeout)
  }, SWEEP_INTERVAL).unref()
  server.once('close', () => clearInterval(sweeper))
  return {
    closeWhenIdle() {
      closing = true
      for (const [socket, { unanswered }] of connections) if (unanswered === 0) socket.destroySoon()
    },
  }
}

/**
 * Closes a connection that has long been without a request, and sees to it that one is cut whose client does not read its answer: it
 * would hold both for good. What is still to be sent, or read, in part is for Node's own timers, which know of each byte.
 */
function sweep(socket: Socket, connection: Connection, readingTimeout: number): void {
  const { bytesRead, writableLength } = socket
  const isSending = writableLength > 0
  if (isSending !== Boolean(socket.timeout)) socket.setTimeout(isSending ? readingTimeout : 0)
  const isIdle = connection.unanswered === 0 && !isSending && bytesRead === connection.bytesRead
  connection.bytesRead = bytesRead
  connection.idleSweeps = isIdle ? connection.idleSweeps + 1 : 0
  if (connection.idleSweeps >= SWEEPS_IDLE) socket.destroySoon()
}
