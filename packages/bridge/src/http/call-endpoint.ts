import { answerCall, type CallRequest, type CallTrace, findLogic, isCached } from '../call.ts'
import { createCallLog } from '../log.ts'
import { readTrace } from '../observe/index.ts'
import { type Problem, problem, toProblem } from '../problem.ts'
import { parseQuery } from '../query-params.ts'
import type { Runtime } from '../runtime.ts'
import { emptyAnswer, jsonAnswer, problemAnswer } from './answer.ts'
import { readCallBody } from './body.ts'
import { cachingHeaders, isKnownTag } from './caching.ts'
import type { Exchange, OpenExchange } from './exchange.ts'
import type { HttpAnswer, HttpRequest } from './message.ts'

/** `/call` on every server: the adapters around it only turn its requests and answers into their own. Never rejects. */
export interface CallEndpoint {
  /** `POST /call` */
  post(request: HttpRequest): Promise<HttpAnswer>
  /**
   * `GET /call/<path>?<search>`
   *
   * @param search the query string with its question mark, or nothing.
   */
  get(request: HttpRequest, path: string, search: string): Promise<HttpAnswer>
}

const NO_STORE: readonly [string, string] = ['cache-control', 'no-store']

export function createCallEndpoint(runtime: Runtime, open: OpenExchange): CallEndpoint {
  const { manifest, metrics } = runtime
  const logCall = createCallLog(runtime.sink, runtime.settings)

  const post = async (exchange: Exchange, trace: CallTrace): Promise<HttpAnswer> => {
    const { path, params } = await readCallBody(exchange.request, manifest.limits)
    const { body } = await answerCall(runtime, callRequest(exchange, path, params, 'json'), trace)
    return jsonAnswer(body, [NO_STORE, ...exchange.headers])
  }

  const get = async (exchange: Exchange, trace: CallTrace, path: string, search: string): Promise<HttpAnswer> => {
    if (!isCached(findLogic(runtime, path))) {
      throw problem('method_not_allowed', 'This logic is called with POST /call.', { headers: [['allow', '']] })
    }
    const { body, cached } = await answerCall(runtime, callRequest(exchange, path, parseQuery(search), 'query'), trace)
    if (!cached) throw new Error(`${path} is cached, but its answer is not.`)
    const headers = [...cachingHeaders(cached.rules, cached.answer, Date.now()), ...exchange.headers]
    if (isKnownTag(exchange.request.header('if-none-match'), cached.answer.etag)) return emptyAnswer(304, headers)
    return jsonAnswer(body, headers)
  }

  /** Answers a call and writes its log line. */
  const logged = async (
    request: HttpRequest, answer: (exchange: Exchange, trace: CallTrace) => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> => {
    const started = performance.now()
    const exchange = open(request)
    const trace: CallTrace = { dbMs: 0, distributed: readTrace(request.header('traceparent'), request.header('tracestate')) }
    const finish = (status: number, failure?: Problem): void => {
      const ms = performance.now() - started
      metrics.calls.count({ logic: trace.logic, status, ms, dbMs: trace.dbMs, cache: trace.cache })
      logCall({ requestId: exchange.requestId, trace, status, failure, ms })
    }
    try {
      const answered = await answer(exchange, trace)
      finish(answered.status)
      return answered
    } catch (error) {
      const found = toProblem(error)
      finish(found.status, found)
      return problemAnswer(found, exchange.requestId, exchange.headers)
    }
  }

  return {
    post: (request) => logged(request, post),
    get: (request, path, search) => logged(request, (exchange, trace) => get(exchange, trace, path, search)),
  }
}

function callRequest(
  { request, requestId }: Exchange, path: string, params: CallRequest['params'], from: CallRequest['from'],
): CallRequest {
  return {
    id: requestId, path, params, from, authorization: request.header('authorization'), headers: () => request.headers(),
    watchClient: request.watchClient,
  }
}
