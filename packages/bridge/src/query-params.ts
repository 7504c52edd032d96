import type { Json, JsonSchema } from './manifest/format.ts'
import { problem } from './problem.ts'

/**
 * The values of a query string by name; a name that stands there more than once has all its values.
 *
 * @throws Problem 400 for escapes that are not UTF-8, which would otherwise all read as one character.
 */
export function parseQuery(search: string): Record<string, string | string[]> {
  assertUtf8(search)
  const values = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(search)) {
    const known = values.get(name)
    // Added to the list in place: a new one for each of thousands of values would take a time that grows with their square.
    if (Array.isArray(known)) known.push(value)
    else values.set(name, known === undefined ? value : [known, value])
  }
  // Entries, not assignment: a name such as `__proto__` must stay a name.
  return Object.fromEntries(values)
}

function assertUtf8(search: string): void {
  if (!search.includes('%')) return
  try {
    decodeURIComponent(search)
  } catch (error) {
    throw problem('invalid_request', 'The query string is not percent-encoded UTF-8.', { cause: error })
  }
}

/**
 * Turns query strings into what a module's params schema expects: numbers, booleans and lists, by the type that the
 * manifest's JSON Schema gives a property. What does not fit stays as it is, for the schema to refuse.
 */
export function readQueryParams(schema: JsonSchema, query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const properties = new Map(Object.entries((schema.properties ?? {}) as { readonly [name: string]: Json }))
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, readValue(properties.get(name), value)]))
}

function readValue(schema: Json | undefined, value: unknown): unknown {
  const { type, items } = (typeof schema === 'object' && schema !== null ? schema : {}) as { type?: Json; items?: Json }
  if (type === 'array') return (Array.isArray(value) ? value : [value]).map((item) => readValue(items, item))
  if (typeof value !== 'string') return value
  if (type === 'number' || type === 'integer') return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? Number(value) : value
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return value
}
