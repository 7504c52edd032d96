import type { Schema, SchemaIssue, SchemaResult } from '../logic.ts'
import type { Checked, ParamIssue } from './checked.ts'

/**
 * Checks params with a handler's own schema, of any library that follows Standard Schema. A schema that answers at once
 * is not made to wait.
 *
 * @throws whatever the schema throws, which is a mistake in the schema and not in the params.
 */
export function checkWithSchema(schema: Schema, params: unknown): Promise<Checked<unknown>> {
  try {
    const result = schema['~standard'].validate(params)
    return result instanceof Promise ? result.then(toChecked) : Promise.resolve(toChecked(result))
  } catch (error) {
    return Promise.reject(error as Error)
  }
}

function toChecked(result: SchemaResult<unknown>): Checked<unknown> {
  return result.issues === undefined ? { ok: true, value: result.value } : { ok: false, issues: result.issues.map(toIssue) }
}

function toIssue(issue: SchemaIssue): ParamIssue {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return { path, message: issue.message, code: 'invalid' }
}
