import { type EventHandler, H3, type H3Event, HTTPError } from 'h3'
import { version } from '../package.json'
import { answerCall, type CallRequest, type CallTrace, findLogic, isCached } from './call.ts'
import { emptyAnswer, type HeaderList, jsonAnswer, problemAnswer } from './http/answer.ts'
import { readCallBody } from './http/body.ts'
import { cachingHeaders, isKnownTag } from './http/caching.ts'
import { corsHeaders, preflightAnswer } from './http/cors.ts'
import { watchClient } from './http/client.ts'
import { requestIdOf } from './http/request-id.ts'
import { describeError } from './log.ts'
import { openApiDocument } from './openapi/document.ts'
import { type Problem, problem, toProblem } from './problem.ts'
import { parseQuery } from './query-params.ts'
import { createReadiness } from './readiness.ts'
import type { Runtime } from './runtime.ts'

export interface AppOptions {
  /** True once the process has been told to stop: answers then close their connections. */
  readonly isStopping: () => boolean
}

/** One request on its way: what every answer to it needs. */
interface Exchange {
  readonly event: H3Event
  readonly requestId: string
  /** Headers that every answer carries. */
  readonly headers: HeaderList
}

/** The HTTP side of a Bridge: routes, limits, and problem documents. */
export function createApp(runtime: Runtime, { isStopping }: AppOptions): H3 {
  const { manifest, settings } = runtime
  const app = new H3({ silent: true, onError: (error, event) => answerError(error, open(event)) })
  const findUnreachable = createReadiness(runtime)
  let openApi: string | undefined

  const open = (event: H3Event): Exchange => {
    const requestId = requestIdOf(event.req.headers)
    const cors = manifest.cors ? corsHeaders(manifest.cors, event.req.headers.get('origin')) : []
    const close: HeaderList = isStopping() ? [['connection', 'close']] : []
    return { event, requestId, headers: [['x-request-id', requestId], ['x-content-type-options', 'nosniff'], ...cors, ...close] }
  }

  // HEAD must be named, because the 405 below would come before h3's own fallback to GET.
  const read = (route: string, handler: EventHandler): unknown => app.get(route, handler).on('HEAD', route, handler)

  app.post('/call', (event) => answerLogged(runtime, open(event), async (exchange, trace) => {
    const { path, params } = await readCallBody(event.req, manifest.limits)
    const { body } = await answerCall(runtime, callRequest(exchange, path, params, 'json'), trace)
    return jsonAnswer(body, [['cache-control', 'no-store'], ...exchange.headers])
  }))

  read('/call/**', (event) => answerLogged(runtime, open(event), async (exchange, trace) => {
    const path = event.url.pathname.slice('/call/'.length)
    if (!isCached(findLogic(runtime, path))) {
      throw problem('method_not_allowed', 'This logic is called with POST /call.', { headers: [['allow', '']] })
    }
    const { body, cached } = await answerCall(runtime, callRequest(exchange, path, parseQuery(event.url.search), 'query'), trace)
    if (!cached) throw new Error(`${path} is cached, but its answer is not.`)
    const headers = [...cachingHeaders(cached.rules, cached.answer, Date.now()), ...exchange.headers]
    if (isKnownTag(event.req.headers.get('if-none-match'), cached.answer.etag)) return emptyAnswer(304, headers)
    return jsonAnswer(body, headers)
  }))

  read('/health', (event) => jsonAnswer(JSON.stringify({
    status: 'ok', project: manifest.project, digest: manifest.digest, imageTag: settings.imageTag, santokit: version,
  }), [['cache-control', 'no-store'], ...open(event).headers]))

  read('/ready', async (event) => {
    const exchange = open(event)
    if (isStopping()) return answerError(problem('overloaded', 'The server is stopping.'), exchange)
    const unavailable = await findUnreachable()
    if (unavailable.length > 0) {
      return answerError(problem('database_unavailable', 'Not every database answers.', { extra: { unavailable } }), exchange)
    }
    return jsonAnswer('{"status":"ready"}', [['cache-control', 'no-store'], ...exchange.headers])
  })

  read('/openapi.json', (event) => {
    openApi ??= JSON.stringify(openApiDocument(manifest))
    const { headers } = open(event)
    const etag: HeaderList = [['etag', `"${manifest.digest}"`], ['cache-control', 'no-cache']]
    if (isKnownTag(event.req.headers.get('if-none-match'), `"${manifest.digest}"`)) return emptyAnswer(304, [...etag, ...headers])
    return jsonAnswer(openApi, [...etag, ...headers])
  })

  // Reached when no method above fits.
  for (const [route, allow] of [['/call', 'POST'], ['/call/**', 'GET, HEAD'], ['/health', 'GET, HEAD'], ['/ready', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD']] as const) {
    app.all(route, (event) => {
      const exchange = open(event)
      return preflightAnswer(manifest.cors, event.req, [['x-request-id', exchange.requestId]])
        ?? answerError(problem('method_not_allowed', `Use ${allow}.`, { headers: [['allow', allow]] }), exchange)
    })
  }
  return app
}

/** Answers a call and writes its log line. */
async function answerLogged(
  runtime: Runtime, exchange: Exchange, answer: (exchange: Exchange, trace: CallTrace) => Promise<Response>,
): Promise<Response> {
  const started = performance.now()
  const trace: CallTrace = { dbMs: 0 }
  try {
    const response = await answer(exchange, trace)
    logCall(runtime, exchange, trace, started, response.status)
    return response
  } catch (error) {
    const found = toProblem(error)
    logCall(runtime, exchange, trace, started, found.status, found)
    return answerError(found, exchange)
  }
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** Params and tokens are never logged; what failed is, for the project's author. */
function logCall(
  { log }: Runtime, { event, requestId }: Exchange, trace: CallTrace, started: number, status: number, failure?: Problem,
): void {
  const traceparent = event.req.headers.get('traceparent')
  const fields = {
    requestId, logic: trace.logic, status, code: failure?.code, cache: trace.cache,
    ms: round(performance.now() - started), dbMs: round(trace.dbMs),
    traceparent: traceparent !== null && TRACEPARENT.test(traceparent) ? traceparent : undefined,
    error: failure?.cause === undefined ? undefined : describeError(failure.cause),
  }
  if (status >= 500) log.error('call', fields)
  else log.info('call', fields)
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}

function callRequest(
  { event, requestId }: Exchange, path: string, params: CallRequest['params'], from: CallRequest['from'],
): CallRequest {
  const { headers } = event.req
  return { id: requestId, path, params, from, authorization: headers.get('authorization'), headers, watchClient: watchClient(event.req) }
}

/** Also what the framework itself refuses: an unknown route, or a URL that cannot be decoded. */
function answerError(error: unknown, { requestId, headers }: Exchange): Response {
  if (HTTPError.isError(error) && error.status === 404) {
    return problemAnswer(problem('not_found', 'There is nothing here.'), requestId, headers)
  }
  if (HTTPError.isError(error) && error.status === 400) {
    return problemAnswer(problem('invalid_request', 'The address is malformed.'), requestId, headers)
  }
  return problemAnswer(toProblem(error), requestId, headers)
}
