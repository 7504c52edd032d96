import { randomBytes } from 'node:crypto'

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/

/** The id a request came with, if it may stand in headers and logs, else a new one. */
export function requestIdOf(given: string | null): string {
  return given !== null && ACCEPTED.test(given) ? given : newRequestId()
}

const POOL_BYTES = 4096
const ID_BYTES = 16
let pool = Buffer.alloc(0)
let used = 0

/** Random bytes are drawn many at a time: one system call an id would show in every call's time. */
function newRequestId(): string {
  if (used >= pool.length) {
    pool = randomBytes(POOL_BYTES)
    used = 0
  }
  used += ID_BYTES
  return pool.toString('hex', used - ID_BYTES, used)
}
