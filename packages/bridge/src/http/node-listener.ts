import type { NodeListener } from '../http-server.ts'
import { createDispatch } from './dispatch.ts'
import type { HttpAnswer, HttpRequest } from './message.ts'
import { type BodyMemory, NodeRequest } from './node-request.ts'
import type { NodeResponse } from './node-response.ts'
import type { Route, Routes } from './routes.ts'

/**
 * Answers requests straight on `node:http`: a framework takes longer to reach a call than all the rest of a small one.
 *
 * @param bodyMemory bytes of bodies that may have come in part, all together.
 */
export function createNodeListener(routes: Routes, bodyMemory: number): NodeListener {
  const memory: BodyMemory = { held: 0, most: bodyMemory }
  const dispatch = createDispatch(routes)
  const call = routes.all.find(({ path }) => path === '/call') as Route
  return (incoming, response) => {
    const { method = '', url = '' } = incoming
    const request = new NodeRequest(incoming, memory)
    // What nearly every request is, without a look at its address.
    if (url === '/call' && method === 'POST') return send(call.answer(request, '', ''), request, response)
    send(dispatch(request, method, ...splitTarget(url)), request, response)
  }

  function send(answered: HttpAnswer | Promise<HttpAnswer>, request: HttpRequest, response: NodeResponse): void {
    if (!(answered instanceof Promise)) return response.answer(answered)
    void answered.then((settled) => response.answer(settled), (error: unknown) => response.answer(routes.fail(request, error)))
  }
}

/** The path and the query of a request target: `/path?query`, or a whole URL from a client that takes us for a proxy (RFC 9112, section 3.2.2). */
function splitTarget(target: string): [path: string, search: string] {
  const start = /^https?:\/\/[^/?]*/i.exec(target)?.[0].length ?? 0
  const query = target.indexOf('?')
  return query === -1 ? [target.slice(start), ''] : [target.slice(start, query), target.slice(query)]
}
