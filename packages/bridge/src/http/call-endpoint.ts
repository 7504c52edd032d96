import { answerCall, type CallRequest, type CallTrace, findLogic, isCached } from '../call.ts'
import { createCallLog } from '../log.ts'
import { readTrace } from '../observe/index.ts'
import { type Problem, problem, toProblem } from '../problem.ts'
import { parseQuery } from '../query-params.ts'
import type { Runtime } from '../runtime.ts'
import { emptyAnswer, jsonAnswer, problemAnswer } from './answer.ts'
import { parseCall, readCallText, toBodyProblem } from './body.ts'
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

/** A call on its way. */
interface CallExchange extends Exchange {
  /** When it began, on the clock of `performance.now()`. */
  readonly started: number
  readonly trace: CallTrace
}

export function createCallEndpoint(runtime: Runtime, open: OpenExchange): CallEndpoint {
  const { manifest, metrics } = runtime
  const { limits } = manifest
  const logCall = createCallLog(runtime.sink, runtime.settings)

  const begin = (request: HttpRequest): CallExchange => {
    const started = performance.now()
    const { requestId, headers } = open(request)
    return { request, requestId, headers, started, trace: { dbMs: 0, distributed: readTrace(request.header('traceparent'), request.header('tracestate')) } }
  }

  const note = ({ requestId, trace, started }: CallExchange, status: number, failure?: Problem): void => {
    const ms = performance.now() - started
    metrics.calls.count({ logic: trace.logic, status, ms, dbMs: trace.dbMs, cache: trace.cache })
    logCall({ requestId, trace, status, failure, ms })
  }

  const succeed = (exchange: CallExchange, answer: HttpAnswer): HttpAnswer => {
    note(exchange, answer.status)
    return answer
  }

  const fail = (exchange: CallExchange, error: unknown): HttpAnswer => {
    const found = toProblem(error, (thrown) => toBodyProblem(thrown, limits))
    note(exchange, found.status, found)
    return problemAnswer(found, exchange.requestId, exchange.headers)
  }

  return {
    async post(request) {
      const exchange = begin(request)
      try {
        const { path, params } = parseCall(await readCallText(request, limits), limits)
        const { body } = await answerCall(runtime, callRequest(exchange, path, params, 'json'), exchange.trace)
        return succeed(exchange, jsonAnswer(body, [NO_STORE, ...exchange.headers]))
      } catch (error) {
        return fail(exchange, error)
      }
    },

    async get(request, path, search) {
      const exchange = begin(request)
      try {
        if (!isCached(findLogic(runtime, path))) {
          throw problem('method_not_allowed', 'This logic is called with POST /call.', { headers: [['allow', '']] })
        }
        const { body, cached } = await answerCall(runtime, callRequest(exchange, path, parseQuery(search), 'query'), exchange.trace)
        if (!cached) throw new Error(`${path} is cached, but its answer is not.`)
        const headers = [...cachingHeaders(cached.rules, cached.answer, Date.now()), ...exchange.headers]
        const isKnown = isKnownTag(request.header('if-none-match'), cached.answer.etag)
        return succeed(exchange, isKnown ? emptyAnswer(304, headers) : jsonAnswer(body, headers))
      } catch (error) {
        return fail(exchange, error)
      }
    },
  }
}

function callRequest(
  { request, requestId }: Exchange, path: string, params: CallRequest['params'], from: CallRequest['from'],
): CallRequest {
  return { id: requestId, path, params, from, authorization: request.header('authorization'), client: request }
}
