import type { NodeListener } from '../http-server.ts'
import type { HttpAnswer, HttpRequest } from './message.ts'
import { NodeRequest } from './node-request.ts'
import type { NodeResponse } from './node-response.ts'
import type { Route, Routes } from './routes.ts'

/** Answers requests straight on `node:http`: a framework takes longer to reach a call than all the rest of a small one. */
export function createNodeListener(routes: Routes): NodeListener {
  const whole = new Map(routes.all.map((route) => [route.path, route]))
  const beginnings = routes.all.filter(({ path }) => path.endsWith('/'))

  const answer = (request: HttpRequest, method: string, target: string): HttpAnswer | Promise<HttpAnswer> => {
    const [path, search] = splitTarget(target)
    // As h3 has it: `/health/` is `/health`.
    const route = whole.get(path.replace(/\/$/, '')) ?? beginnings.find((beginning) => path.startsWith(beginning.path))
    if (route === undefined) return routes.notFound(request, path)
    if (!(route.methods as readonly string[]).includes(method)) return routes.refuseMethod(route, request, method)
    return route.answer(request, path.slice(route.path.length), search)
  }

  const call = whole.get('/call') as Route
  return (incoming, response) => {
    const { method = '', url = '' } = incoming
    const request = new NodeRequest(incoming, response)
    if (url === '/call' && method === 'POST') return send(call.answer(request, '', ''), request, response)
    send(answer(request, method, url), request, response)
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
