import { isUtf8 } from 'node:buffer'
import { BodyCutShort, BodyNotText, BodyTooLarge, type HttpRequest, type ReadHeader, TooManyBodies } from './message.ts'
import type { NodeIncoming } from './node-incoming.ts'

/** How much of bodies is held that have come in part, in bytes: many slow clients would fill any memory. */
export interface BodyMemory {
  held: number
  readonly most: number
}

/** A request of `node:http` as the Bridge sees it: nothing is made of it that nobody asks for. */
export class NodeRequest implements HttpRequest {
  #headers: Headers | undefined

  constructor(private readonly request: NodeIncoming, private readonly memory: BodyMemory) {}

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
    const { memory } = this
    return new Promise((resolve, reject) => {
      let body: Buffer | undefined
      let more: Buffer[] | undefined
      let bytes = 0
      /** The rest is not kept, but read: a client that is still sending does not look at the answer. */
      let isRefused = false
      const letGo = (): void => {
        if (!isRefused) memory.held -= bytes
      }
      const refuse = (error: Error): void => {
        letGo()
        isRefused = true
        body = more = undefined
        reject(error)
      }
      this.request.takeBody({
        chunk(chunk) {
          if (isRefused) return
          bytes += chunk.length
          memory.held += chunk.length
          if (bytes > limit) refuse(new BodyTooLarge())
          else if (memory.held > memory.most) refuse(new TooManyBodies())
          else if (body === undefined) body = chunk
          else (more ??= [body]).push(chunk)
        },
        end() {
          letGo()
          // Small bodies come in one piece.
          const whole = more === undefined ? body : Buffer.concat(more)
          const text = whole === undefined ? '' : whole.toString('utf8')
          // What is not UTF-8 is replaced by this; so only then it is looked at again.
          if (text.includes('\uFFFD') && whole !== undefined && !isUtf8(whole)) reject(new BodyNotText())
          else resolve(text)
        },
        fail(error) {
          letGo()
          reject(new BodyCutShort('', { cause: error }))
        },
      })
    })
  }

  watch(onGone: () => void): void {
    if (this.request.isGone) onGone()
    else this.request.onGone = onGone
  }
}
