import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { CallEndpoint } from './call-endpoint.ts'
import type { HttpAnswer } from './message.ts'
import { NodeRequest, sendToNode } from './node-request.ts'

/** `/call/<path>?<search>` where nothing could be read in more than one way: no dots, escapes or empty segments. */
const PLAIN_CALL = /^\/call\/([\w-]+(?:\/[\w-]+)*)(\?[!$-~]*)?$/

/**
 * Answers calls straight on `node:http`, and leaves everything else, and every unusual way to write an address, to
 * `others`: the router takes longer to reach a call than all the rest of a small one.
 */
export function createNodeListener(calls: CallEndpoint, others: RequestListener): RequestListener {
  return (request, response) => {
    const { method, url = '' } = request
    if (method === 'POST' && url === '/call') return send(calls.post(new NodeRequest(request, response)), response)
    const [, path, search = ''] = method === 'GET' || method === 'HEAD' ? PLAIN_CALL.exec(url) ?? [] : []
    if (path !== undefined) return send(calls.get(new NodeRequest(request, response), path, search), response)
    others(request as IncomingMessage, response as ServerResponse & { req: IncomingMessage })
  }
}

function send(answer: Promise<HttpAnswer>, response: ServerResponse): void {
  void answer.then((answered) => sendToNode(answered, response))
}
