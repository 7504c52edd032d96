import { type Checked, checkWithSchema, type ParamSource } from './params/index.ts'
import type { Logic } from './runtime.ts'

/** Validates the params of a call by what its logic declares. */
export function checkParams(
  logic: Logic, params: Readonly<Record<string, unknown>>, from: ParamSource,
): Checked<unknown> | Promise<Checked<unknown>> {
  if (logic.kind === 'sql') return logic.check(params, from)
  const { params: schema } = logic.definition
  if (schema) return checkWithSchema(schema, params)
  const unknown = Object.keys(params)
  if (unknown.length === 0) return { ok: true, value: {} }
  return { ok: false, issues: unknown.map((path) => ({ path, message: 'is not a parameter', code: 'unknown' })) }
}
