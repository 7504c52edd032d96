import { FastResponse } from 'srvx'
import { encodeJson } from '../json.ts'
import type { Problem } from '../problem.ts'

/** Header names and values, in lower case. A plain list, because building `Headers` costs more than the rest of an answer. */
export type HeaderList = (readonly [name: string, value: string])[]

const JSON_TYPE: readonly [string, string] = ['content-type', 'application/json']
const PROBLEM_TYPE: readonly [string, string] = ['content-type', 'application/problem+json']

/** An answer with a JSON text as its body. */
export function jsonAnswer(body: string, headers: HeaderList, status = 200): Response {
  return respond(body, status, [JSON_TYPE, ...headers])
}

/** An RFC 9457 problem document. */
export function problemAnswer(problem: Problem, requestId: string, headers: HeaderList): Response {
  const body = encodeJson(problem.document(requestId))
  return respond(body, problem.status, [PROBLEM_TYPE, ['cache-control', 'no-store'], ...problem.headers, ...headers])
}

/** An answer without a body. */
export function emptyAnswer(status: 204 | 304, headers: HeaderList): Response {
  return respond(null, status, headers)
}

function respond(body: string | null, status: number, headers: HeaderList): Response {
  return new FastResponse(body, { status, headers: headers as [string, string][] })
}
