import { StkError, type SchemaDatabase } from '@santokit/core'

type Environment = Readonly<Record<string, string | undefined>>

/** Connection parameters that `pg` and Atlas's driver mean alike. Others would be sent to the server as settings. */
const SHARED = ['host', 'options', 'connect_timeout', 'sslrootcert', 'sslcert', 'sslkey']

/**
 * The URL of a database for Atlas, whose Go driver takes other parameters than `pg` does, and other defaults.
 *
 * TLS is what `pg` makes of the same URL: none unless asked for, and then with the certificate verified.
 *
 * @param name another database of the same server.
 * @throws StkError STK6004 when it is no URL.
 */
export function atlasAddress({ url }: Pick<SchemaDatabase, 'url'>, env: Environment, name?: string): string {
  const source = parse(url.reveal())
  const target = new URL(source.href)
  target.protocol = 'postgres:'
  target.search = ''
  target.hash = ''
  if (name !== undefined) target.pathname = `/${encodeURIComponent(name)}`
  for (const key of SHARED) {
    const value = source.searchParams.get(key)
    if (value !== null) target.searchParams.set(key, value)
  }
  target.searchParams.set('sslmode', sslMode(source.searchParams, env))
  return target.href
}

/** The same URL with another database. */
export function withDatabase(url: string, name: string): string {
  const changed = parse(url)
  changed.pathname = `/${encodeURIComponent(name)}`
  return changed.href
}

function parse(text: string): URL {
  if (!URL.canParse(text)) throw new StkError('STK6004', { why: 'The database URL is not one.', fix: 'Write it as postgres://user:password@host:5432/database' })
  return new URL(text)
}

/** https://node-postgres.com/features/ssl; in pg 8, `prefer`, `require` and `verify-ca` mean `verify-full` unless libpq's meaning is asked for. */
function sslMode(params: URLSearchParams, env: Environment): string {
  const mode = params.get('sslmode') ?? (isOn(params.get('ssl')) ? 'verify-full' : env.PGSSLMODE ?? 'disable')
  if (mode === 'disable' || mode === 'allow') return 'disable'
  if (mode === 'no-verify') return 'require'
  if (params.get('uselibpqcompat') === 'true') return mode === 'prefer' ? 'require' : mode
  return 'verify-full'
}

function isOn(value: string | null): boolean {
  return value === 'true' || value === '1'
}
