import { version } from '../../package.json'
import { openApiDocument } from '../openapi/document.ts'
import { problem } from '../problem.ts'
import { createReadiness } from '../readiness.ts'
import type { Runtime } from '../runtime.ts'
import { emptyAnswer, jsonAnswer } from './answer.ts'
import { isKnownTag } from './caching.ts'
import { createCallEndpoint } from './call-endpoint.ts'
import { preflightAnswer } from './cors.ts'
import { exchangeOpener, failureAnswer } from './exchange.ts'
import type { HttpAnswer, HttpRequest } from './message.ts'

type Answer = HttpAnswer | Promise<HttpAnswer>

/** Something the Bridge answers at an address. */
export interface Route {
  /** The whole path; one that ends with `/` is what paths begin with. */
  readonly path: string
  readonly methods: readonly ('GET' | 'HEAD' | 'POST')[]
  /**
   * @param rest what the path has beyond this route's.
   * @param search the query string with its question mark, or nothing.
   */
  answer(request: HttpRequest, rest: string, search: string): Answer
}

/** Everything the Bridge answers, for whichever server: `dispatch.ts` finds the route. */
export interface Routes {
  readonly all: readonly Route[]
  /** Where there is no route to a path: 404, or 400 for one that cannot be decoded. */
  notFound(request: HttpRequest, path: string): HttpAnswer
  /** Where there is a route, but not for this method: 405, or the answer to a browser that asks first. */
  refuseMethod(route: Route, request: HttpRequest, method: string): HttpAnswer
  /** Whatever went wrong, as far as a client may know. */
  fail(request: HttpRequest, error: unknown): HttpAnswer
}

const READ = ['GET', 'HEAD'] as const
const NO_STORE: readonly [string, string] = ['cache-control', 'no-store']

/**
 * @param isStopping true once the process has been told to stop.
 * @param about what else `/health` tells, from the platform.
 */
export function createRoutes(runtime: Runtime, isStopping: () => boolean, about: Readonly<Record<string, unknown>> = {}): Routes {
  const { manifest, settings } = runtime
  const open = exchangeOpener(manifest, isStopping)
  const calls = createCallEndpoint(runtime, open)
  const findUnreachable = createReadiness(runtime)
  let openApi: string | undefined

  const health = (request: HttpRequest): HttpAnswer => jsonAnswer(JSON.stringify({
    status: 'ok', project: manifest.project, digest: manifest.digest, imageTag: settings.imageTag, santokit: version, ...about,
  }), [NO_STORE, ...open(request).headers])

  const ready = async (request: HttpRequest): Promise<HttpAnswer> => {
    const exchange = open(request)
    if (isStopping()) return failureAnswer(problem('overloaded', 'The server is stopping.'), exchange)
    const unavailable = await findUnreachable()
    if (unavailable.length > 0) {
      return failureAnswer(problem('database_unavailable', 'Not every database answers.', { extra: { unavailable } }), exchange)
    }
    return jsonAnswer('{"status":"ready"}', [NO_STORE, ...exchange.headers])
  }

  const describe = (request: HttpRequest): HttpAnswer => {
    openApi ??= JSON.stringify(openApiDocument(manifest))
    const etag = `"${manifest.digest}"`
    const headers = [['etag', etag] as const, ['cache-control', 'no-cache'] as const, ...open(request).headers]
    return isKnownTag(request.header('if-none-match'), etag) ? emptyAnswer(304, headers) : jsonAnswer(openApi, headers)
  }

  return {
    all: [
      { path: '/call', methods: ['POST'], answer: calls.post },
      { path: '/call/', methods: READ, answer: calls.get },
      { path: '/health', methods: READ, answer: health },
      { path: '/ready', methods: READ, answer: ready },
      { path: '/openapi.json', methods: READ, answer: describe },
    ],
    notFound: (request, path) => failureAnswer(isDecodable(path)
      ? problem('not_found', 'There is nothing here.') : problem('invalid_request', 'The address is malformed.'), open(request)),
    refuseMethod({ methods }, request, method) {
      const exchange = open(request)
      const allow = methods.join(', ')
      return preflightAnswer(manifest.cors, request, method, [['x-request-id', exchange.requestId]])
        ?? failureAnswer(problem('method_not_allowed', `Use ${allow}.`, { headers: [['allow', allow]] }), exchange)
    },
    fail: (request, error) => failureAnswer(error, open(request)),
  }
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path)
    return true
  } catch {
    return false
  }
}
