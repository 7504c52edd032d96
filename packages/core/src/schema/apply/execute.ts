import { StkError } from '../../diagnostics/index.ts'
import type { SchemaContext, SchemaDatabase, SchemaStatement, SchemaSubject } from '../contract.ts'
import type { Connection } from '../database/connection.ts'
import { withoutSecrets } from '../database/redact.ts'
import { readStatement } from '../risk/read-statement.ts'
import { fingerprint, type Fingerprint } from '../state/fingerprint.ts'
import { readState } from '../state/inspect.ts'
import { firstLine } from './gates.ts'
import { beginAlone, type Turn } from './lock.ts'

export interface Execution {
  readonly connection: Connection
  readonly database: SchemaDatabase
  readonly subject: SchemaSubject
  readonly turn: Turn
  readonly statements: readonly SchemaStatement[]
  /** What the statements were made for. */
  readonly live: Fingerprint
  /** Milliseconds; pg only. 0 is for ever. */
  readonly limits: { readonly lockTimeout: number; readonly statementTimeout: number }
  readonly ctx: SchemaContext
}

/** The schema moved between the last look and the first statement. Nothing was changed. */
export class Moved extends Error {}

/**
 * Runs statements as they stand: neighbours that may share a transaction in one, each of the others by itself.
 *
 * @throws Moved; StkError STK6011 with what was done and what was not.
 */
export async function execute(execution: Execution): Promise<void> {
  const { connection, statements, limits, ctx } = execution
  if (connection.driver === 'pg') await limit(connection, limits)
  let done = 0
  for (const group of groupsOf(statements)) {
    const progress = (within: number): void => ctx.progress(`${done + within} of ${statements.length}: ${firstLine(group[within - 1]?.sql ?? '')}`)
    if (group[0]?.transactional === true) await runTogether(execution, group, done, progress)
    else await runAlone(execution, group[0], done, progress)
    done += group.length
  }
}

async function limit(connection: Connection, { lockTimeout, statementTimeout }: Execution['limits']): Promise<void> {
  for (const [name, value] of [['lock_timeout', lockTimeout], ['statement_timeout', statementTimeout], ['idle_in_transaction_session_timeout', 0]] as const) {
    await connection.rows('select set_config($1, $2, false)', [name, String(value)])
  }
}

function groupsOf(statements: readonly SchemaStatement[]): readonly (readonly SchemaStatement[])[] {
  const groups: SchemaStatement[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    if (statement.transactional && last?.[0]?.transactional === true) last.push(statement)
    else groups.push([statement])
  }
  return groups
}

async function runTogether(execution: Execution, group: readonly SchemaStatement[], before: number, progress: (within: number) => void): Promise<void> {
  const { connection, subject, turn, live, ctx } = execution
  if (connection.driver === 'libsql') await beginAlone(connection, turn, ctx)
  else await connection.begin()
  let at = 0
  try {
    if (before === 0) await assertUnmoved(connection, subject, live)
    const broken = connection.driver === 'libsql' ? await brokenReferences(connection) : new Map<string, BrokenReference>()
    for (const statement of group) {
      ctx.signal.throwIfAborted()
      at += 1
      progress(at)
      if (connection.driver === 'libsql') await refuseCascade(connection, statement)
      await connection.run(statement.sql)
    }
    if (connection.driver === 'libsql') refuseBroken(broken, await brokenReferences(connection))
  } catch (error) {
    await connection.rollback()
    if (error instanceof Moved || ctx.signal.aborted) throw error
    throw failed(execution, before + at, before, error)
  }
  await connection.commit().catch((error: unknown) => { throw failed(execution, before + group.length, before, error, true) })
}

async function runAlone(execution: Execution, statement: SchemaStatement | undefined, before: number, progress: (within: number) => void): Promise<void> {
  if (statement === undefined) return
  const { connection, subject, live, ctx } = execution
  ctx.signal.throwIfAborted()
  if (before === 0) {
    await connection.begin()
    await assertUnmoved(connection, subject, live).finally(() => connection.rollback())
  }
  progress(1)
  await connection.run(statement.sql).catch((error: unknown) => { throw failed(execution, before + 1, before, error) })
}

async function assertUnmoved(connection: Connection, subject: SchemaSubject, live: Fingerprint): Promise<void> {
  const now = fingerprint(await readState(connection, subject))
  if (JSON.stringify(now) !== JSON.stringify(live)) throw new Moved('the schema moved')
}

/**
 * Where foreign keys cannot be switched off, as on a libSQL server, dropping a table deletes its rows first, and with them what refers to
 * them by `on delete cascade`. Looked at before each drop, since a statement before it may have made a table that refers to this one.
 */
async function refuseCascade(connection: Connection, { sql }: SchemaStatement): Promise<void> {
  const dropped = readStatement(sql, 'libsql').actions.flatMap((action) => (action.act === 'drop' && action.kind === 'table' ? [action.name.name] : []))
  if (dropped.length === 0) return
  const [row] = await connection.rows<{ foreign_keys: number }>('select foreign_keys from pragma_foreign_keys')
  if (row?.foreign_keys !== 1) return
  const references = await connection.rows<{ child: string; parent: string }>(
    `select t.name as child, f."table" as parent from sqlite_master t, pragma_foreign_key_list(t.name) f where t.type = 'table' order by 1`,
  )
  const reference = references.find(({ parent }) => dropped.some((name) => name.toLowerCase() === parent.toLowerCase()))
  if (reference === undefined) return
  throw new Unfit(`${reference.child} refers to ${reference.parent}, and this server enforces foreign keys in a transaction, so that dropping ${reference.parent} could delete or change rows of ${reference.child}; change the table by hand`)
}

interface BrokenReference {
  readonly table: string
  readonly rowid: number | null
  readonly parent: string
}

/** Rows whose reference leads nowhere. Foreign keys are not enforced while tables are rebuilt, so they are counted before and after. */
async function brokenReferences(connection: Connection): Promise<ReadonlyMap<string, BrokenReference>> {
  const rows = await connection.rows<BrokenReference>('select "table", rowid, parent from pragma_foreign_key_check')
  return new Map(rows.map((row) => [JSON.stringify([row.table, row.rowid, row.parent]), row]))
}

function refuseBroken(before: ReadonlyMap<string, BrokenReference>, after: ReadonlyMap<string, BrokenReference>): void {
  for (const [key, { table, parent }] of after) {
    if (!before.has(key)) throw new Unfit(`a row of ${table} would refer to a row of ${parent} that is not there`)
  }
}

/** Not a statement that failed, but what all of them come to. */
class Unfit extends Error {}

function failed({ statements, turn, database }: Execution, number: number, before: number, cause: unknown, atCommit = false): StkError {
  const statement = statements[number - 1]
  const message = withoutSecrets(cause instanceof Error ? cause.message : String(cause), database)
  const state = String((cause as { code?: unknown } | null)?.code ?? '')
  const done = before === 0 ? 'Nothing was changed.' : `${before === 1 ? 'Statement 1 is' : `Statements 1 to ${before} are`} done and stay; the rest is not.`
  const lost = isConnectionLost(cause)
  const isOne = !atCommit && number > before && !(cause instanceof Unfit)
  const what = isOne ? `Statement ${number} of ${statements.length} failed` : atCommit ? 'The commit failed' : 'It was taken back'
  return new StkError('STK6011', {
    why: `${what}: ${message}\n${isOne ? `${firstLine(statement?.sql ?? '')}\n` : ''}${
      lost && atCommit ? 'The connection was lost at the commit: nobody can tell yet whether it holds.' : done}`,
    fix: cause instanceof Unfit ? ['Mend the rows or the schema files, then plan again: stk schema plan'] : fixFor(state, lost),
    project: turn.project,
    target: turn.alias,
  })
}

function isConnectionLost(cause: unknown): boolean {
  return cause instanceof Error && /Connection terminated|ECONNRESET|EPIPE|server closed the connection|terminating connection/.test(cause.message)
}

/** By SQLSTATE. */
function fixFor(state: string, lost: boolean): readonly string[] {
  const again = 'Then apply again: what is done is not done twice.'
  if (lost) return ['See what is there: stk schema plan', again]
  if (state === '55P03') return ['A query or transaction holds the table. Wait until it ends, or raise schema.databases.NAME.lockTimeout.', again]
  if (state === '57014') return ['It took longer than schema.databases.NAME.statementTimeout allows.', again]
  if (state === '42501') return ['The role may not do this. Give `stk schema` a role of its own: schema.databases.NAME.url', again]
  if (['23502', '23505', '23503', '23514'].includes(state) || state.startsWith('SQLITE_CONSTRAINT')) return ['Rows that are there do not fit the new schema. Mend them first.', again]
  return ['Mend the schema files or the data, then plan again: stk schema plan']
}
