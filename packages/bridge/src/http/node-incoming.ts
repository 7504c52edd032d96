import { IncomingMessage } from 'node:http'
import type { NodeResponse } from './node-response.ts'

/** Takes the body of a request. */
export interface BodyTaker {
  chunk(bytes: Buffer): void
  /** The body is complete. */
  end(): void
  /** It never will be. Not told after {@link end}. */
  fail(error: Error | undefined): void
}

/**
 * A request whose body can be taken as it arrives, past the stream that it else is. A small body comes together with its head; a
 * stream takes three more turns, and as many events, to say so.
 */
export class NodeIncoming extends IncomingMessage {
  /** What answers it. */
  response: NodeResponse | undefined = undefined
  /** Called when the client goes before it is answered. */
  onGone: (() => void) | undefined = undefined
  /** True once the client has gone before it was answered. */
  isGone = false
  #taker: BodyTaker | undefined
  #ended = false

  /** Has to be called when the request comes, before any of its body does. */
  takeBody(taker: BodyTaker): void {
    this.#taker = taker
  }

  /** How the server hands over the body: piece by piece, and `null` behind the last. */
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const taker = this.#taker
    if (taker === undefined) return super.push(chunk, encoding)
    if (chunk !== null) taker.chunk(chunk)
    else if (!this.#ended) {
      this.#ended = true
      taker.end()
    }
    return true
  }

  /** The server has a body that nobody reads flow away. One that is taken flows anyway. */
  override resume(): this {
    return this.#taker === undefined ? super.resume() : this
  }

  /** How the server lets go of each request of a connection that has closed, also of those that wait behind another's answer. */
  override destroy(error?: Error): this {
    if (!this.isGone && this.response?.writableEnded === false && error !== undefined) {
      this.isGone = true
      this.onGone?.()
    }
    if (!this.#ended) this.#taker?.fail(error)
    return super.destroy(error)
  }

  /** The server lets go of a request that has ended. */
  // @ts-expect-error: Node declares a property where it has an accessor.
  override get readableEnded(): boolean {
    return this.#ended || Reflect.get(IncomingMessage.prototype, 'readableEnded', this) as boolean
  }
}
