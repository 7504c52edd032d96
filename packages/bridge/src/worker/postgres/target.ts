import { DatabaseError } from '../../database/driver.ts'

/** Where a Postgres is, and as whom to log in. */
export interface PostgresTarget {
  readonly hostname: string
  readonly port: number
  /** The connection is encrypted, and the server's certificate one that the public trusts. */
  readonly tls: boolean
  /** Nobody can listen on the way: TLS, loopback, or Hyperdrive, which does the rest itself. */
  readonly isPrivate: boolean
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** What else the session is asked for, such as the endpoint that some hosts tell by `options`. */
  readonly options: string | undefined
}

/**
 * Reads a connection string as `pg` does on Node, as far as a Worker can do what it asks for. Nothing connects.
 *
 * @throws DatabaseError that does not contain it.
 */
export function parseTarget(alias: string, text: string, hyperdrive: boolean): PostgresTarget {
  const refuse = (why: string): DatabaseError => new DatabaseError('failed', `The URL of database "${alias}" ${why}`)
  if (!URL.canParse(text)) throw refuse('is not a URL.')
  const url = new URL(text)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw refuse('must begin with postgres:// or postgresql://.')
  const { hostname, searchParams: query } = url
  if (hostname === '' || query.has('host')) throw refuse('must name its host before the path: a Worker cannot reach a Unix socket.')
  const mode = query.get('sslmode') ?? (query.get('ssl') === 'true' ? 'require' : 'disable')
  if (mode === 'no-verify') throw refuse('has sslmode=no-verify, but a Worker verifies every certificate. Use sslmode=require, or Hyperdrive.')
  const tls = mode !== 'disable' && !hyperdrive
  const user = decode(url.username)
  return {
    hostname, port: Number(url.port || 5432), tls,
    isPrivate: tls || hyperdrive || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname),
    user, password: url.password === '' ? undefined : decode(url.password),
    database: decode(url.pathname.slice(1)) || user,
    options: query.get('options') ?? undefined,
  }
}

/** A name with a `%` that nobody escaped is meant as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
