import { positionAt, StkError } from '../../diagnostics/index.ts'
import type { SchemaDatabase, SchemaSource, SchemaSubject } from '../contract.ts'
import { withConnection } from '../database/connection.ts'
import { splitStatements, type ScriptStatement } from './statements.ts'

/**
 * Runs SQL sources on an empty database, one after the other, in one transaction.
 *
 * @throws StkError STK6003 at the statement that failed, with its line.
 */
export async function loadSqlSources(
  database: SchemaDatabase, subject: Pick<SchemaSubject, 'sources' | 'driver' | 'project'>, signal?: AbortSignal,
): Promise<void> {
  await withConnection(database, async (connection) => {
    await connection.begin()
    for (const source of subject.sources) {
      for (const statement of splitStatements(source.text, subject.driver)) {
        signal?.throwIfAborted()
        await connection.run(statement.text).catch((cause: unknown) => { throw sourceFailed(source, statement, cause, subject.project) })
      }
    }
    await connection.commit()
  })
}

function sourceFailed(source: SchemaSource, statement: ScriptStatement, cause: unknown, project: string): StkError {
  const position = positionAt(source.text, failureOffset(statement, cause))
  return new StkError('STK6003', {
    why: cause instanceof Error ? cause.message : String(cause),
    fix: 'Correct the marked statement. A schema file must run on an empty database.',
    where: { file: source.path, ...position, text: source.text },
    project,
    cause,
  })
}

/** Where a statement failed in its script, in code units. Postgres says it, in characters from 1; others do not. */
export function failureOffset(statement: ScriptStatement, cause: unknown): number {
  const position = Number((cause as { position?: unknown } | null)?.position)
  if (!Number.isInteger(position) || position < 1) return statement.offset
  return statement.offset + Array.from(statement.text).slice(0, position - 1).join('').length
}
