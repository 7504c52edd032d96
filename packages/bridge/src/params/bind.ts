import type { Caller, SqlValue } from '../logic.ts'
import type { SqlLogicEntry } from '../manifest/format.ts'

/**
 * The values of a SQL logic's placeholders, in their order.
 *
 * `:auth.roles` is an array of strings. Other claims are bound as they are; one that is an array or an object, as JSON
 * text. A claim that the token does not have is null.
 */
export function bindValues(entry: SqlLogicEntry, params: Readonly<Record<string, SqlValue>>, caller: Caller): SqlValue[] {
  return entry.bindings.map((binding) =>
    binding.from === 'param' ? (params[binding.name] ?? null) : claimOf(caller, binding.path))
}

function claimOf(caller: Caller, path: readonly string[]): SqlValue {
  if (path.length === 1 && path[0] === 'roles') return caller.roles
  let value: unknown = caller
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
    value = (value as Record<string, unknown>)[key]
  }
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : ((value ?? null) as SqlValue)
}
