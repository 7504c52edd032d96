import { type IncomingMessage, ServerResponse } from 'node:http'

/** A response that tells when its client has gone. The server listens to its end anyway; each further listener costs every call. */
export class NodeResponse extends ServerResponse<IncomingMessage> {
  /** Called when the connection closes before the answer is written. */
  onGone: (() => void) | undefined = undefined
}
