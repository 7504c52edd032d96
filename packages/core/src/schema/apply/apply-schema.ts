import { StkError } from '../../diagnostics/index.ts'
import type { SchemaStatement } from '../contract.ts'
import { connect, type Connection } from '../database/connection.ts'
import type { SchemaPlan } from '../plan/format.ts'
import { planSchema, type Planning } from '../plan/plan-schema.ts'
import { approve, type Approval } from './approval.ts'
import { execute, Moved, type Execution } from './execute.ts'
import { firstLine, passGates, type Allowed } from './gates.ts'
import { lockPostgres, type Turn } from './lock.ts'

export interface Application extends Planning {
  /** What a person has approved. */
  readonly approved: SchemaPlan
  readonly allowed: Allowed
  readonly noWait: boolean
  readonly limits: Execution['limits']
  /** Goes as far as it can without changing anything. */
  readonly dryRun?: boolean
}

export interface Applied {
  readonly approval: Approval['kind']
  /** Statements that ran, or with `dryRun` would have. */
  readonly statements: readonly SchemaStatement[]
}

/**
 * Does what was approved, exactly that, and proves afterwards that nothing is left to do.
 *
 * One change of a database at a time. Everything is looked at again under the lock; then the statements run that were approved,
 * as they stand in the plan.
 *
 * @throws StkError STK6006, STK6007, STK6008, STK6009, STK6010: nothing was changed. STK6011: it says what was. STK6012: all statements ran and
 *   more are wanted.
 */
export async function applySchema(application: Application): Promise<Applied> {
  const { approved, allowed, subject, database, dryRun = false, noWait, ctx } = application
  passGates(approved, allowed)
  const turn: Turn = { project: subject.project, alias: subject.alias, noWait }
  if (dryRun) return outcome(approve(approved, await planSchema(application)), approved)
  if (database.driver === 'libsql') {
    // Looked at first, so that a refusal makes no file. The lock comes with the transaction.
    return inTurns(application, turn, () => connect(database))
  }
  const connection = await connect(database)
  try {
    await lockPostgres(connection, turn, ctx)
    return await inTurns(application, turn, async () => connection)
  } finally {
    await connection.close()
  }
}

/** How often somebody else may come between the look and the lock. */
const ATTEMPTS = 5

async function inTurns(application: Application, turn: Turn, open: () => Promise<Connection>): Promise<Applied> {
  const { approved, subject, database, limits, ctx } = application
  for (let attempt = 1; ; attempt += 1) {
    const fresh = await planSchema(application)
    const approval = approve(approved, fresh)
    const applied = outcome(approval, approved)
    if (applied.statements.length === 0) return applied
    const connection = await open()
    try {
      await execute({ connection, database, subject, turn, statements: applied.statements, live: fresh.live, limits, ctx })
    } catch (error) {
      if (!(error instanceof Moved)) throw error
      if (attempt < ATTEMPTS) continue
      throw new StkError('STK6006', {
        why: `Somebody else changed the schema each of ${ATTEMPTS} times between the look at it and the lock. Nothing was changed.`,
        fix: 'Wait for them, then plan again.', project: subject.project, target: subject.alias,
      })
    } finally {
      if (database.driver === 'libsql') await connection.close()
    }
    await verify(application)
    return applied
  }
}

function outcome(approval: Approval, approved: SchemaPlan): Applied {
  const statements = approval.kind === 'as planned' ? approved.statements : approval.kind === 'to be finished' ? approval.left : []
  return { approval: approval.kind, statements }
}

async function verify(application: Application): Promise<void> {
  application.ctx.progress('verifying')
  const { statements } = await planSchema(application)
  if (statements.length === 0) return
  throw new StkError('STK6012', {
    why: `Every statement ran, and the engine wants ${statements.length === 1 ? 'another' : `${statements.length} more`}: ${statements.slice(0, 5).map(({ sql }) => firstLine(sql)).join('; ')}`,
    fix: 'Look at it: stk schema plan. A spelling in the schema files that the database stores in another form is the usual reason; write it as the plan shows it.',
    project: application.subject.project,
    target: application.subject.alias,
  })
}
