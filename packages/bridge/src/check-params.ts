import { type Checked, checkWithSchema, type ParamSource } from './params/index.ts'
import { DEFAULT_LIMITS, type LimitsEntry } from './manifest/format.ts'
import { problem } from './problem.ts'
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

/** @throws Problem 400 if a call brings more parameters than it may: each costs time before anything is known of it. */
export function assertParamsCount(params: Readonly<Record<string, unknown>>, { params: most = DEFAULT_LIMITS.params }: LimitsEntry): void {
  let count = 0
  for (const name in params) {
    if (!Object.hasOwn(params, name) || ++count <= most) continue
    throw problem('invalid_request', `The call has more than ${most} parameters.`)
  }
}
