import { type EventHandler, H3, type H3Event, HTTPError } from 'h3'
import type { HttpAnswer } from './http/message.ts'
import type { Routes } from './http/routes.ts'
import { fromWebRequest, toWebResponse } from './http/web-request.ts'

/** The Bridge as a handler of web standards, for platforms that speak those. On Node, `node-listener.ts` takes its place. */
export function createApp(routes: Routes): H3 {
  const app = new H3({ silent: true, onError: (error, event) => toWebResponse(failure(routes, error, event)) })
  for (const route of routes.all) {
    const begins = route.path.endsWith('/')
    const pattern = begins ? `${route.path}**` : route.path
    const answer: EventHandler = async (event) => {
      const { pathname, search } = event.url
      return toWebResponse(await route.answer(fromWebRequest(event.req), pathname.slice(route.path.length), search))
    }
    for (const method of route.methods) app.on(method, pattern, answer)
    // Reached when no method above fits.
    app.all(pattern, ({ req }) => toWebResponse(routes.refuseMethod(route, fromWebRequest(req), req.method)))
  }
  return app
}

/** Also what the framework itself refuses: an unknown route, or a URL that cannot be decoded. */
function failure(routes: Routes, error: unknown, { req }: H3Event): HttpAnswer {
  const request = fromWebRequest(req)
  const refused = HTTPError.isError(error) && (error.status === 404 || error.status === 400)
  return refused ? routes.notFound(request, new URL(req.url).pathname) : routes.fail(request, error)
}
