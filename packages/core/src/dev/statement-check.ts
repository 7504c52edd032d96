import type { SqlLogicEntry } from '@santokit/bridge/manifest'
import type { StkError } from '../diagnostics/index.ts'
import type { DevDatabase } from './embedded-databases.ts'
import { withPrepare, type Refusal } from './prepare-statement.ts'

/** A SQL logic that is served, and the database it runs on. */
export interface ServedStatement {
  readonly path: string
  readonly entry: SqlLogicEntry
  readonly database: Pick<DevDatabase, 'driver' | 'url'>
}

/** What is known of a project's statements: those that a database takes are not asked for again until they change. */
export interface StatementCheck {
  /** What the databases do not take, as they were asked last. */
  refused(): readonly StkError[]
  /** Forgets what they took: a schema has changed. */
  forget(): void
  /**
   * Asks for what is not known to be taken.
   *
   * @param explain makes a refusal an error that can be shown.
   * @returns errors that were not there the last time, and whether there were some that are gone now.
   */
  run(
    statements: readonly ServedStatement[], explain: (statement: ServedStatement, refusal: Refusal) => Promise<StkError>,
  ): Promise<{ readonly appeared: readonly StkError[]; readonly vanished: boolean }>
}

export function createStatementCheck(): StatementCheck {
  const taken = new Set<string>()
  let refused: ReadonlyMap<string, StkError> = new Map()
  return {
    refused: () => [...refused.values()],
    forget: () => taken.clear(),
    async run(statements, explain) {
      const now = new Map<string, StkError>()
      const served = new Set(statements.map(keyOf))
      for (const key of taken) if (!served.has(key)) taken.delete(key)
      const asked = statements.filter((statement) => !taken.has(keyOf(statement)))
      for (const url of new Set(asked.map(({ database }) => database.url))) {
        const ofOne = asked.filter(({ database }) => database.url === url)
        const [first] = ofOne
        if (first === undefined) continue
        await withPrepare(first.database, async (prepare) => {
          for (const statement of ofOne) {
            const refusal = await prepare(statement.entry)
            if (refusal === undefined) taken.add(keyOf(statement))
            else now.set(`${keyOf(statement)} ${refusal.message}`, await explain(statement, refusal))
          }
        })
      }
      const last = refused
      refused = now
      return {
        appeared: [...now].flatMap(([key, error]) => (last.has(key) ? [] : [error])),
        vanished: [...last.keys()].some((key) => !now.has(key)),
      }
    },
  }
}

function keyOf({ path, entry: { text, source }, database: { url } }: ServedStatement): string {
  return JSON.stringify([url, path, source, text])
}
