import type { Client } from '../deadline.ts'

/** The headers of a request that the Bridge itself reads. */
export type ReadHeader =
  | 'access-control-request-method' | 'authorization' | 'content-encoding' | 'content-length' | 'content-type' | 'if-none-match' | 'origin'
  | 'traceparent' | 'tracestate' | 'x-request-id'

/** A request as the Bridge sees it, whichever server took it: see `node-request.ts` and `web-request.ts`. */
export interface HttpRequest extends Client {
  header(name: ReadHeader): string | null
  /**
   * Reads the body as UTF-8.
   *
   * @param limit the most bytes it may have.
   * @throws BodyTooLarge, TooManyBodies, BodyNotText, or BodyCutShort
   */
  text(limit: number): Promise<string>
}

/** The body has more bytes than it may; the rest of it is not kept. */
export class BodyTooLarge extends Error {}

/** The body is not UTF-8, as JSON has to be (RFC 8259, section 8.1): to replace what is not would store something else than was sent. */
export class BodyNotText extends Error {}

/** So many bodies are on their way that there is no room for this one. */
export class TooManyBodies extends Error {}

/** The client stopped in the middle of the body. */
export class BodyCutShort extends Error {}

/** Header names and values, in lower case. A plain list, because building `Headers` costs more than the rest of an answer. */
export type HeaderList = (readonly [name: string, value: string])[]

/** An answer, for whichever server sends it. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string | null
}
