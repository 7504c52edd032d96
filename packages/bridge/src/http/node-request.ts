import type { IncomingMessage } from 'node:http'
import { BodyCutShort, BodyTooLarge, type HttpRequest, type ReadHeader } from './message.ts'
import type { NodeResponse } from './node-response.ts'

/** A request of `node:http` as the Bridge sees it: nothing is made of it that nobody asks for. */
export class NodeRequest implements HttpRequest {
  #headers: Headers | undefined

  constructor(private readonly request: IncomingMessage, private readonly response: NodeResponse) {}

  header(name: ReadHeader): string | null {
    // None of those that are read may come as a list.
    return (this.request.headers[name] as string | undefined) ?? null
  }

  headers(): Headers {
    if (!this.#headers) {
      this.#headers = new Headers()
      const { rawHeaders } = this.request
      for (let at = 0; at < rawHeaders.length; at += 2) this.#headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string)
    }
    return this.#headers
  }

  text(limit: number): Promise<string> {
    const { request } = this
    return new Promise((resolve, reject) => {
      let body: Buffer | undefined
      let more: Buffer[] | undefined
      let bytes = 0
      const onData = (chunk: Buffer): void => {
        bytes += chunk.length
        if (bytes > limit) {
          // Read on without keeping it: a client that is still sending does not look at the answer.
          request.off('data', onData).resume()
          reject(new BodyTooLarge())
        } else if (body === undefined) body = chunk
        else (more ??= [body]).push(chunk)
      }
      request.on('data', onData)
      request.on('end', () => {
        // Small bodies come in one piece.
        const whole = more === undefined ? body : Buffer.concat(more)
        resolve(whole === undefined ? '' : whole.toString('utf8'))
      })
      request.on('error', (error) => reject(new BodyCutShort('', { cause: error })))
    })
  }

  /** By the response, which knows whether it was answered. */
  watch(onGone: () => void): void {
    const { response } = this
    if (response.destroyed && !response.writableEnded) onGone()
    else response.onGone = onGone
  }
}
