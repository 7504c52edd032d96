import { expect, test } from 'vitest'
import { AuthError } from './auth/index.ts'
import { DatabaseError, type DatabaseErrorKind } from './database/index.ts'
import { CallEnded } from './deadline.ts'
import { LogicError } from './logic.ts'
import { toProblem } from './problem.ts'

test.each<[DatabaseErrorKind, status: number, code: string]>([
  ['unavailable', 503, 'database_unavailable'], ['overloaded', 503, 'overloaded'], ['timeout', 504, 'timeout'],
  ['conflict', 409, 'conflict'], ['invalid', 422, 'invalid_params'], ['failed', 500, 'internal'], ['row_count', 500, 'internal'], ['no_row', 404, 'not_found'],
])('a database failure "%s" is answered %i %s, without a word of the driver', (kind, status, code) => {
  const cause = new DatabaseError(kind, 'relation "users" does not exist', { sqlState: '42P01', constraint: 'users_email_key' })
  const found = toProblem(cause)
  expect(found).toMatchObject({ status, code, cause })
  expect(JSON.stringify(found.document('r1'))).not.toMatch(/users|42P01/)
})

test('what may be tried again says when', () => {
  for (const error of [
    new DatabaseError('overloaded', ''), new DatabaseError('unavailable', ''), new AuthError('issuer_unavailable', ''), new CallEnded('stopping'),
  ]) expect(toProblem(error).headers).toContainEqual(['retry-after', '1'])
})

test('a refused token is told from a missing one', () => {
  expect(toProblem(new AuthError('invalid_token', 'expired'))).toMatchObject({ status: 401, headers: [['www-authenticate', 'Bearer error="invalid_token"']] })
})

test("a logic's own answer keeps its status, code, message and members, but not the Bridge's", () => {
  const error = new LogicError(409, 'out_of_stock', 'Only 3 left.', { available: 3, status: 200, requestId: 'forged' })
  expect(toProblem(error).document('r1')).toEqual({
    type: 'about:blank', title: 'Conflict', status: 409, detail: 'Only 3 left.', code: 'out_of_stock', requestId: 'r1', available: 3,
  })
})

test("another copy's LogicError counts by its mark; a status of its own making does not", () => {
  const copy = Object.assign(new Error('Gone.'), { isLogicError: true, status: 410, code: 'gone' })
  expect(toProblem(copy)).toMatchObject({ status: 410, code: 'gone' })
  expect(toProblem(new LogicError(500, 'oops', 'secret'))).toMatchObject({ status: 500, code: 'internal', detail: 'The call failed.' })
  expect(toProblem(new LogicError(200, 'fine', 'fine'))).toMatchObject({ status: 500, code: 'internal' })
})

test('anything else is internal, and stays out of the answer', () => {
  for (const thrown of [new Error('password=hunter2'), 'password=hunter2', undefined, { isLogicError: true, status: 418, code: 'x' }]) {
    const found = toProblem(thrown)
    expect(found).toMatchObject({ status: 500, code: 'internal' })
    expect(JSON.stringify(found.document('r1'))).not.toContain('hunter2')
  }
})
