import type { HttpAnswer, HttpRequest } from './message.ts'
import type { Routes } from './routes.ts'

/**
 * Finds the route of a request and has it answer.
 *
 * @param path as the client wrote it: nothing is decoded, so that no address is read in two ways.
 * @param search the query string with its question mark, or nothing.
 */
export type Dispatch = (request: HttpRequest, method: string, path: string, search: string) => HttpAnswer | Promise<HttpAnswer>

/** The one way from an address to its route, on every server. */
export function createDispatch(routes: Routes): Dispatch {
  const whole = new Map(routes.all.map((route) => [route.path, route]))
  const beginnings = routes.all.filter(({ path }) => path.endsWith('/'))
  return (request, method, path, search) => {
    // `/health/` is `/health`.
    const route = whole.get(path.replace(/\/$/, '')) ?? beginnings.find((beginning) => path.startsWith(beginning.path))
    if (route === undefined) return routes.notFound(request, path)
    if (!(route.methods as readonly string[]).includes(method)) return routes.refuseMethod(route, request, method)
    return route.answer(request, path.slice(route.path.length), search)
  }
}
