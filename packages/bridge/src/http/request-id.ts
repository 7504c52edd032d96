import { randomBytes } from 'node:crypto'

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/

/** The id a request came with, if it may stand in headers and logs, else a new one. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id')
  return given !== null && ACCEPTED.test(given) ? given : newRequestId()
}

const POOL_BYTES = 4096
const ID_BYTES = 16
let pool = Buffer.alloc(0)

/** Random bytes are drawn many at a time: one system call an id would show in every call's time. */
function newRequestId(): string {
  if (pool.length < ID_BYTES) pool = randomBytes(POOL_BYTES)
  const id = pool.toString('hex', 0, ID_BYTES)
  pool = pool.subarray(ID_BYTES)
  return id
}
