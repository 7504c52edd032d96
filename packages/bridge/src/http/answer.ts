import { encodeJson } from '../json.ts'
import type { Problem } from '../problem.ts'
import type { HeaderList, HttpAnswer } from './message.ts'

const JSON_TYPE: readonly [string, string] = ['content-type', 'application/json']
const PROBLEM_TYPE: readonly [string, string] = ['content-type', 'application/problem+json']

/** An answer with a JSON text as its body. */
export function jsonAnswer(body: string, headers: HeaderList): HttpAnswer {
  return { status: 200, headers: [JSON_TYPE, ...headers], body }
}

/** An RFC 9457 problem document. */
export function problemAnswer(problem: Problem, requestId: string, headers: HeaderList): HttpAnswer {
  const body = encodeJson(problem.document(requestId))
  return { status: problem.status, headers: [PROBLEM_TYPE, ['cache-control', 'no-store'], ...problem.headers, ...headers], body }
}

/** An answer without a body. */
export function emptyAnswer(status: 204 | 304, headers: HeaderList): HttpAnswer {
  return { status, headers, body: null }
}
