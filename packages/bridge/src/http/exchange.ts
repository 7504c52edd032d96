import type { Manifest } from '../manifest/format.ts'
import { type Problem, toProblem } from '../problem.ts'
import { problemAnswer } from './answer.ts'
import { corsHeaders } from './cors.ts'
import type { HeaderList, HttpAnswer, HttpRequest } from './message.ts'
import { requestIdOf } from './request-id.ts'

/** One request on its way: what every answer to it needs. */
export interface Exchange {
  readonly request: HttpRequest
  readonly requestId: string
  /** Headers that every answer carries. */
  readonly headers: HeaderList
}

export type OpenExchange = (request: HttpRequest) => Exchange

const NO_SNIFFING: readonly [string, string] = ['x-content-type-options', 'nosniff']
const CLOSE: readonly [string, string] = ['connection', 'close']

/** @param isStopping true once the process has been told to stop: answers then close their connections. */
export function exchangeOpener({ cors }: Pick<Manifest, 'cors'>, isStopping: () => boolean): OpenExchange {
  return (request) => {
    const requestId = requestIdOf(request.header('x-request-id'))
    const headers: HeaderList = [['x-request-id', requestId], NO_SNIFFING]
    if (cors) headers.push(...corsHeaders(cors, request.header('origin')))
    if (isStopping()) headers.push(CLOSE)
    return { request, requestId, headers }
  }
}

/** Answers an exchange with whatever went wrong in it, as far as a client may know. */
export function failureAnswer(error: unknown, { requestId, headers }: Exchange): HttpAnswer {
  const found: Problem = toProblem(error)
  return problemAnswer(found, requestId, headers)
}
