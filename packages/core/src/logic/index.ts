export { resolveAccess, unmatchedPermissions, type Permissions } from './access.ts'
// The compiler, `./compile.ts`, is imported where it is needed: a build in which nothing changed does without it.
export type { CompileScope, SqlSource } from './compile.ts'
export { parseDuration } from './duration.ts'
export { readSqlSource } from './read.ts'
export { scanLogic, type LogicFile } from './scan.ts'
