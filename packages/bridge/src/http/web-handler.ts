import type { HttpRequest } from './message.ts'
import type { Routes } from './routes.ts'
import { fromWebRequest, toWebResponse } from './web-request.ts'

/** Answers requests of the web standards, for platforms that speak those. The rules are those of `node-listener.ts`. */
export function createWebHandler(routes: Routes): (request: Request) => Promise<Response> {
  const whole = new Map(routes.all.map((route) => [route.path, route]))
  const beginnings = routes.all.filter(({ path }) => path.endsWith('/'))

  const answer = (request: HttpRequest, method: string, path: string, search: string): ReturnType<Routes['all'][number]['answer']> => {
    const route = whole.get(path.replace(/\/$/, '')) ?? beginnings.find((beginning) => path.startsWith(beginning.path))
    if (route === undefined) return routes.notFound(request, path)
    if (!(route.methods as readonly string[]).includes(method)) return routes.refuseMethod(route, request, method)
    return route.answer(request, path.slice(route.path.length), search)
  }

  return async (given) => {
    const request = fromWebRequest(given)
    try {
      const [path, search] = splitUrl(given.url)
      return toWebResponse(await answer(request, given.method, path, search))
    } catch (error) {
      return toWebResponse(routes.fail(request, error))
    }
  }
}

/** The path and the query of the URL of a request, which the platform has normalised. */
function splitUrl(url: string): [path: string, search: string] {
  const path = url.indexOf('/', url.indexOf('://') + 3)
  const query = url.indexOf('?', path)
  return query === -1 ? [url.slice(path), ''] : [url.slice(path, query), url.slice(query)]
}
