import { BodyCutShort, BodyTooLarge, type HttpRequest, type ReadHeader } from './message.ts'
import type { NodeIncoming } from './node-incoming.ts'
import type { NodeResponse } from './node-response.ts'

/** A request of `node:http` as the Bridge sees it: nothing is made of it that nobody asks for. */
export class NodeRequest implements HttpRequest {
  #headers: Headers | undefined

  constructor(private readonly request: NodeIncoming, private readonly response: NodeResponse) {}

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

  /** Has to be called when the request comes. */
  text(limit: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let body: Buffer | undefined
      let more: Buffer[] | undefined
      let bytes = 0
      this.request.takeBody({
        chunk(chunk) {
          bytes += chunk.length
          if (bytes > limit) {
            // The rest is not kept, but read: a client that is still sending does not look at the answer.
            body = more = undefined
            reject(new BodyTooLarge())
          } else if (body === undefined) body = chunk
          else (more ??= [body]).push(chunk)
        },
        end() {
          // Small bodies come in one piece.
          const whole = more === undefined ? body : Buffer.concat(more)
          resolve(whole === undefined ? '' : whole.toString('utf8'))
        },
        fail: (error) => reject(new BodyCutShort('', { cause: error })),
      })
    })
  }

  /** By the response, which knows whether it was answered. */
  watch(onGone: () => void): void {
    const { response } = this
    if (response.destroyed && !response.writableEnded) onGone()
    else response.onGone = onGone
  }
}
