import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { NodeIncoming } from './node-incoming.ts'
import { KEEP_ALIVE_SECONDS, type NodeResponse } from './node-response.ts'

/** How often connections are looked at on which nothing moves, in milliseconds. */
const SWEEP_INTERVAL = 5_000
/** A connection that is found without a request, and without a byte since the last time, so many times in turn, is closed. */
const SWEEPS_IDLE = Math.ceil(KEEP_ALIVE_SECONDS * 1000 / SWEEP_INTERVAL) + 1

export interface ConnectionBounds {
  /** Milliseconds for which a client may take nothing of an answer that waits for it; its connection is cut then. */
  readonly readingTimeout: number
  /** Bytes of answers that may wait for their clients, all together; past it the connection that waits with the most is cut. */
  readonly unsentBytes: number
}

/** Knows how many requests each connection has unanswered, and closes connections that are left lying. */
export class Connections {
  readonly #open = new Map<Socket, Connection>()
  readonly #sweeper: NodeJS.Timeout
  /** No less than what waits to be sent. Exact whenever it was counted. */
  #unsent = 0
  /** Set once connections are closed as soon as they have no request. */
  closing = false

  constructor(private readonly bounds: ConnectionBounds) {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref()
  }

  /** Has `server` tell of its connections and requests. */
  follow(server: Server<typeof NodeIncoming, typeof NodeResponse>, listener: (request: NodeIncoming, response: NodeResponse) => void): void {
    server.on('connection', (socket) => {
      this.#open.set(socket, new Connection(socket, this))
      socket.once('close', () => this.#open.delete(socket))
    })
    server.on('request', (request, response) => {
      request.response = response
      this.#open.get(request.socket)?.take(response)
      listener(request, response)
    })
    server.once('close', () => clearInterval(this.#sweeper))
  }

  closeIdle(): void {
    this.closing = true
    for (const { unanswered, socket } of this.#open.values()) if (unanswered === 0) socket.destroySoon()
  }

  /** Told of bytes that wait for a client. */
  noteUnsent(bytes: number): void {
    this.#unsent += bytes
    if (this.#unsent > this.bounds.unsentBytes) this.#cutTheMostUnsent()
  }

  /** A few clients who ask for much and read nothing would fill the memory long before their time is over. */
  #cutTheMostUnsent(): void {
    const waiting = [...this.#open.keys()].filter(({ writableLength }) => writableLength > 0).sort((a, b) => b.writableLength - a.writableLength)
    this.#unsent = waiting.reduce((sum, { writableLength }) => sum + writableLength, 0)
    for (const socket of waiting) {
      if (this.#unsent <= this.bounds.unsentBytes) return
      this.#unsent -= socket.writableLength
      socket.destroy()
    }
  }

  #sweep(): void {
    let unsent = 0
    for (const connection of this.#open.values()) {
      connection.sweep(this.bounds.readingTimeout)
      unsent += connection.socket.writableLength
    }
    this.#unsent = unsent
  }
}

/** One connection of a client. */
export class Connection {
  unanswered = 0
  /** Bytes that had come from the client when the connection was last looked at, and how often in turn there was nothing since. */
  #bytesRead = 0
  #idleSweeps = 0

  constructor(readonly socket: Socket, private readonly all: Connections) {}

  /** A request has come, which `response` is to answer. */
  take(response: NodeResponse): void {
    this.unanswered++
    response.client = this
  }

  /** An answer has been written. */
  answered(): void {
    this.unanswered--
    const { writableLength } = this.socket
    if (writableLength > 0) this.all.noteUnsent(writableLength)
    // The server has still to let go of it.
    if (this.all.closing && this.unanswered === 0) process.nextTick(() => this.socket.destroySoon())
  }

  /**
   * Closes a connection that has long been without a request, and sees to it that one is cut whose client does not read its answer: it
   * would hold both for good. What is still to be sent, or read, in part is for Node's own timers, which know of each byte.
   */
  sweep(readingTimeout: number): void {
    const { bytesRead, writableLength, timeout } = this.socket
    const isSending = writableLength > 0
    if (isSending !== Boolean(timeout)) this.socket.setTimeout(isSending ? readingTimeout : 0)
    const isIdle = this.unanswered === 0 && !isSending && bytesRead === this.#bytesRead
    this.#bytesRead = bytesRead
    this.#idleSweeps = isIdle ? this.#idleSweeps + 1 : 0
    if (this.#idleSweeps >= SWEEPS_IDLE) this.socket.destroySoon()
  }
}
