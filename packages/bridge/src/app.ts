import { type EventHandler, H3, type H3Event, HTTPError } from 'h3'
import { version } from '../package.json'
import { emptyAnswer, jsonAnswer } from './http/answer.ts'
import { isKnownTag } from './http/caching.ts'
import type { CallEndpoint } from './http/call-endpoint.ts'
import { preflightAnswer } from './http/cors.ts'
import { type Exchange, failureAnswer, type OpenExchange } from './http/exchange.ts'
import type { HeaderList, HttpAnswer } from './http/message.ts'
import { fromWebRequest, toWebResponse } from './http/web-request.ts'
import { openApiDocument } from './openapi/document.ts'
import { problem } from './problem.ts'
import { createReadiness } from './readiness.ts'
import type { Runtime } from './runtime.ts'

export interface AppOptions {
  readonly calls: CallEndpoint
  readonly open: OpenExchange
  /** True once the process has been told to stop. */
  readonly isStopping: () => boolean
}

const ROUTES = [['/call', 'POST'], ['/call/**', 'GET, HEAD'], ['/health', 'GET, HEAD'], ['/ready', 'GET, HEAD'], ['/openapi.json', 'GET, HEAD']] as const

/** The HTTP side of a Bridge as a web standards handler: every route there is. */
export function createApp(runtime: Runtime, { calls, open, isStopping }: AppOptions): H3 {
  const { manifest, settings } = runtime
  const openEvent = (event: H3Event): Exchange => open(fromWebRequest(event.req))
  const app = new H3({ silent: true, onError: (error, event) => toWebResponse(failureAnswer(fromFramework(error), openEvent(event))) })
  const findUnreachable = createReadiness(runtime)
  let openApi: string | undefined

  const route = (path: string, method: 'GET' | 'POST', handler: (event: H3Event) => HttpAnswer | Promise<HttpAnswer>): void => {
    const handle: EventHandler = async (event) => toWebResponse(await handler(event))
    // HEAD must be named, because the 405 below would come before h3's own fallback to GET.
    for (const name of method === 'GET' ? ['GET', 'HEAD'] as const : [method]) app.on(name, path, handle)
  }

  route('/call', 'POST', (event) => calls.post(fromWebRequest(event.req)))
  route('/call/**', 'GET', (event) => calls.get(fromWebRequest(event.req), event.url.pathname.slice('/call/'.length), event.url.search))

  route('/health', 'GET', (event) => jsonAnswer(JSON.stringify({
    status: 'ok', project: manifest.project, digest: manifest.digest, imageTag: settings.imageTag, santokit: version,
  }), [['cache-control', 'no-store'], ...openEvent(event).headers]))

  route('/ready', 'GET', async (event) => {
    const exchange = openEvent(event)
    if (isStopping()) return failureAnswer(problem('overloaded', 'The server is stopping.'), exchange)
    const unavailable = await findUnreachable()
    if (unavailable.length > 0) {
      return failureAnswer(problem('database_unavailable', 'Not every database answers.', { extra: { unavailable } }), exchange)
    }
    return jsonAnswer('{"status":"ready"}', [['cache-control', 'no-store'], ...exchange.headers])
  })

  route('/openapi.json', 'GET', (event) => {
    openApi ??= JSON.stringify(openApiDocument(manifest))
    const { request, headers } = openEvent(event)
    const etag: HeaderList = [['etag', `"${manifest.digest}"`], ['cache-control', 'no-cache']]
    if (isKnownTag(request.header('if-none-match'), `"${manifest.digest}"`)) return emptyAnswer(304, [...etag, ...headers])
    return jsonAnswer(openApi, [...etag, ...headers])
  })

  // Reached when no method above fits.
  for (const [path, allow] of ROUTES) {
    app.all(path, (event) => {
      const exchange = openEvent(event)
      return toWebResponse(preflightAnswer(manifest.cors, event.req, [['x-request-id', exchange.requestId]])
        ?? failureAnswer(problem('method_not_allowed', `Use ${allow}.`, { headers: [['allow', allow]] }), exchange))
    })
  }
  return app
}

/** What the framework itself refuses: an unknown route, or a URL that cannot be decoded. */
function fromFramework(error: unknown): unknown {
  if (!HTTPError.isError(error)) return error
  if (error.status === 404) return problem('not_found', 'There is nothing here.')
  if (error.status === 400) return problem('invalid_request', 'The address is malformed.')
  return error
}
