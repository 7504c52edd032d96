import { BootError } from './boot-error.ts'
import type { DatabaseDriver } from './database/index.ts'
import type { Manifest, ModuleLogicEntry, SqlLogicEntry } from './manifest/format.ts'
import { type CheckInputs, compileInputs } from './params/index.ts'
import type { LoadedDefinition, ModuleLogic, SqlLogic } from './runtime.ts'

/** A SQL logic, ready to be called. @throws BootError if its database or its parameters are not what they should be. */
export function sqlLogic(path: string, entry: SqlLogicEntry, { limits }: Manifest, databases: ReadonlyMap<string, DatabaseDriver>): SqlLogic {
  const driver = databases.get(entry.database)
  if (!driver) throw brokenLogic(path, `It uses database "${entry.database}", which the manifest does not have.`)
  return { kind: 'sql', path, entry, timeout: entry.timeout ?? limits.timeout, driver, check: compileCheck(path, entry) }
}

/** A module logic, ready to be called. @throws BootError if the module does not export one. */
export function moduleLogic(path: string, entry: ModuleLogicEntry, { limits }: Manifest, module: { readonly default?: unknown } | undefined): ModuleLogic {
  const definition = module?.default
  if (!isDefinition(definition)) throw brokenLogic(path, 'The default export of its module is not a `defineLogic` value.')
  return { kind: 'module', path, entry, timeout: entry.timeout ?? limits.timeout, definition }
}

export function brokenLogic(path: string, why: string, cause?: unknown): BootError {
  return new BootError('logic_broken', `The logic ${path} cannot be served. ${why}`, 'Build the bundle again with `stk bundle`.', { cause })
}

function compileCheck(path: string, entry: SqlLogicEntry): CheckInputs {
  try {
    return compileInputs(entry.inputs)
  } catch (error) {
    throw brokenLogic(path, error instanceof Error ? error.message : 'Its parameters cannot be read.', error)
  }
}

function isDefinition(value: unknown): value is LoadedDefinition {
  if (typeof value !== 'object' || value === null) return false
  const { handler, params, returns } = value as Record<string, unknown>
  return typeof handler === 'function' && [params, returns].every((schema) => schema === undefined || isSchema(schema))
}

/** Some libraries' schemas are functions. */
function isSchema(value: unknown): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value
}
