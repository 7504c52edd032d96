import { createDispatch } from './dispatch.ts'
import type { Routes } from './routes.ts'
import { fromWebRequest, toWebResponse } from './web-request.ts'

/** Answers requests of the web standards, for platforms that speak those. On Node, `node-listener.ts` takes its place. */
export function createWebHandler(routes: Routes): (request: Request) => Promise<Response> {
  const dispatch = createDispatch(routes)
  return async (given) => {
    const request = fromWebRequest(given)
    try {
      const [path, search] = splitUrl(given.url)
      return toWebResponse(await dispatch(request, given.method, path, search))
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
