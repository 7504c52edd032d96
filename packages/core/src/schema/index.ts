/** What a schema engine is made with: `@santokit/core/schema`. */
export { isExcluded } from './state/exclude.ts'
export { inspectSchema } from './state/inspect.ts'
export { loadSqlSources } from './sources/load-sql.ts'
export { splitStatements, type ScriptStatement } from './sources/statements.ts'
