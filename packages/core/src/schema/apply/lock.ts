import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaContext } from '../contract.ts'
import type { Connection } from '../database/connection.ts'

/** How to take part in turns. */
export interface Turn {
  readonly project: string
  readonly alias: string
  /** Leave instead of waiting for somebody else's change to end. */
  readonly noWait: boolean
}

/** Between two looks, in milliseconds. */
const PAUSE = 200

/**
 * Takes the database's one lock for schema changes. Postgres frees it when the session ends, however it ends.
 *
 * @throws StkError STK6010 with `noWait`.
 */
export async function lockPostgres(connection: Connection, turn: Turn, ctx: SchemaContext): Promise<void> {
  await inTurn(turn, ctx, async () => {
    const [row] = await connection.rows<{ locked: boolean }>('select pg_try_advisory_lock($1::bigint) as locked', [KEY])
    return row?.locked === true
  })
}

/** One for a database, whichever project or alias it is changed for: two of them may name the same one. */
const KEY = createHash('sha256').update('santokit schema').digest().readBigInt64BE().toString()

/** Begins a transaction that holds SQLite's one write lock. @throws StkError STK6010 with `noWait`. */
export async function beginAlone(connection: Connection, turn: Turn, ctx: SchemaContext): Promise<void> {
  await inTurn(turn, ctx, () => connection.begin().then(() => true, (error: unknown) => {
    if (isBusy(error)) return false
    throw error
  }))
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /SQLITE_(BUSY|LOCKED)|database is locked|database table is locked/.test(`${String(Reflect.get(error, 'code'))} ${error.message}`)
}

async function inTurn(turn: Turn, ctx: SchemaContext, attempt: () => Promise<boolean>): Promise<void> {
  let said = false
  while (!(await attempt())) {
    if (turn.noWait) {
      throw new StkError('STK6010', {
        why: `Somebody else is changing the database of ${turn.alias}. Nothing was changed.`, fix: 'Wait for them: leave --no-wait out.',
        project: turn.project, target: turn.alias,
      })
    }
    if (!said) ctx.progress('waiting for another change to end')
    said = true
    await delay(PAUSE, undefined, { signal: ctx.signal })
  }
}
