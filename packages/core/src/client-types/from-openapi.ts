import type { Json, JsonSchema } from '@santokit/bridge/manifest'
import type { Callable } from './callables.ts'

/** What a running Bridge says of itself. */
export interface DescribedProject {
  readonly name: string
  readonly logic: readonly Callable[]
}

/**
 * Reads a Bridge's `/openapi.json`: every logic has a component `….Call` that names its path, beside `….Params` and
 * `….Result`.
 *
 * @returns `undefined` for a document that no Bridge wrote.
 */
export function fromOpenApi(document: Json): DescribedProject | undefined {
  const name = member(member(document, 'info'), 'title')
  const schemas = member(member(document, 'components'), 'schemas')
  if (!isObject(document) || typeof name !== 'string' || !isObject(schemas)) return undefined
  const logic = Object.entries(schemas).flatMap(([key, schema]): Callable[] => {
    const path = member(member(member(schema, 'properties'), 'path'), 'const')
    const description = member(schema, 'description')
    const stem = key.replace(/\.Call$/, '')
    const [params, returns] = [schemas[`${stem}.Params`], schemas[`${stem}.Result`]]
    if (typeof path !== 'string' || !key.endsWith('.Call') || !isObject(params) || !isObject(returns)) return []
    return [{ path, params, returns, document, ...(typeof description === 'string' ? { description } : {}) }]
  })
  return { name, logic: logic.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isObject(value: Json | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
