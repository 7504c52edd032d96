import { randomBytes } from 'node:crypto'

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/

/** The id a request came with, if it may stand in headers and logs, else a new one. */
export function requestIdOf(given: string | null): string {
  return given !== null && ACCEPTED.test(given) ? given : newRequestId()
}

const POOL_BYTES = 4096
const ID_DIGITS = 32
let pool = ''
let used = 0

/** Random bytes are drawn, and written, many at a time: a system call and a text for each id would show in every call's time. */
function newRequestId(): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex')
    used = 0
  }
  used += ID_DIGITS
  return pool.slice(used - ID_DIGITS, used)
}
