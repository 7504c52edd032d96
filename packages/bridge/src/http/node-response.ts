import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Connection } from './connections.ts'
import type { HttpAnswer } from './message.ts'
import type { NodeIncoming } from './node-incoming.ts'

/** A connection without a request is kept for so long: longer than the common 60 s of load balancers, who would send into one just closed. */
export const KEEP_ALIVE_SECONDS = 65
const KEEP_ALIVE = `timeout=${KEEP_ALIVE_SECONDS}`

/** A response that tells its connection when it has been written: each listener for that would cost every call. */
export class NodeResponse extends ServerResponse<NodeIncoming> {
  /** Who gets it. */
  client: Connection | undefined = undefined

  /** Sends an answer whole. */
  answer(answer: HttpAnswer): void {
    if (!this.#answerAtOnce(answer)) this.#answerInParts(answer)
  }

  /** How the server lets go of the connection once all has been handed to it. */
  override detachSocket(socket: Socket): void {
    super.detachSocket(socket)
    this.client?.answered()
  }

  #answerInParts({ status, headers, body }: HttpAnswer): void {
    const flat: string[] = []
    for (const [name, value] of headers) flat.push(name, value)
    if (body !== null) flat.push('content-length', String(Buffer.byteLength(body)))
    if (this.shouldKeepAlive && !flat.includes('connection')) flat.push('Keep-Alive', KEEP_ALIVE)
    this.writeHead(status, flat)
    this.end(body ?? undefined)
  }

  /**
   * Writes head and body as one text straight to the connection, and ends the response: the most common of all answers, a 200 on
   * a connection that stays open. Node would check each header anew, and send two pieces by a system call that gathers them.
   *
   * @returns false, and has done nothing, for any other answer, and while an earlier answer has the connection.
   */
  #answerAtOnce({ status, headers, body }: HttpAnswer): boolean {
    const { socket, req } = this
    if (status !== 200 || body === null || socket === null || socket.destroyed || !this.shouldKeepAlive) return false
    if (req.method !== 'POST' || req.httpVersion !== '1.1') return false
    let text = `HTTP/1.1 200 OK\r\nDate: ${httpDate()}\r\n`
    let values = ''
    for (const [name, value] of headers) {
      if (name === 'connection') return false
      text += `${name}: ${value}\r\n`
      values += value
    }
    // Node then says what is wrong.
    if (NOT_IN_HEADERS.test(values)) return false
    const bytes = Buffer.byteLength(body)
    text += `content-length: ${bytes}\r\nConnection: keep-alive\r\nKeep-Alive: ${KEEP_ALIVE}\r\n\r\n${body}`
    socket.write(text, bytes === body.length ? 'latin1' : 'utf8')
    this.finished = true
    // What a response says when all of it has been handed to its connection: the server then turns to the next request.
    this.emit('finish')
    return true
  }
}

/** A line break would begin a header of its own (RFC 9110, section 5.5). */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/

let second = 0
let dateOfSecond = ''

function httpDate(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    dateOfSecond = new Date(now * 1000).toUTCString()
  }
  return dateOfSecond
}
