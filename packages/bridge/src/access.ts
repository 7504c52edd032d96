import { ANONYMOUS } from './auth/index.ts'
import type { Caller } from './logic.ts'
import type { Access } from './manifest/format.ts'
import { problem, unauthenticated } from './problem.ts'
import type { Runtime } from './runtime.ts'

/**
 * Who calls, by the `Authorization` header.
 *
 * A token that is no good is refused on public logic, too: its sender believes to be somebody.
 *
 * @throws Problem or AuthError.
 */
export function identify(runtime: Runtime, authorization: string | null): Caller | Promise<Caller> {
  return authorization === null ? ANONYMOUS : runtime.verifier.verify(tokenOf(authorization))
}

function tokenOf(authorization: string): string {
  // As nearly everybody writes it. Whatever else stands in what follows makes it no token.
  if (authorization.startsWith('Bearer ')) return authorization.slice('Bearer '.length).trim()
  const [, token] = /^bearer +([^\s]+)\s*$/i.exec(authorization) ?? []
  if (token === undefined) throw unauthenticated('Send a token as `Authorization: Bearer …`.')
  return token
}

/** @throws Problem 401 for a caller without a token, 403 for one without a needed role. */
export function assertAccess(runtime: Runtime, access: Access, caller: Caller): void {
  if (access === 'public' || runtime.manifest.auth.mode === 'none') return
  if (caller === ANONYMOUS) throw unauthenticated('This call needs a token.')
  if (access === 'authenticated' || access.some((role) => caller.roles.includes(role))) return
  throw problem('forbidden', 'The caller lacks a role this call needs.')
}
