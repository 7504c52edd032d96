import type { Json, JsonSchema } from '../manifest/format.ts'

/** Keywords whose value is data, in which a `$ref` would be a plain property. */
const DATA_KEYWORDS = new Set(['const', 'enum', 'default', 'examples', 'example'])
/** Keywords whose value maps names to schemas: the names are no keywords. */
const MAP_KEYWORDS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])

/**
 * Moves a schema that stood alone into a document, at `pointer`: its references to itself then start there.
 *
 * `$schema` is dropped, since the document says which dialect it is.
 */
export function relocateSchema(schema: JsonSchema, pointer: string): JsonSchema {
  const entries = Object.entries(schema).filter(([keyword]) => keyword !== '$schema' && keyword !== '$id')
  return Object.fromEntries(entries.map(([keyword, value]): [string, Json] => {
    if (keyword === '$ref' && typeof value === 'string' && value.startsWith('#')) return [keyword, `${pointer}${value.slice(1)}`]
    if (DATA_KEYWORDS.has(keyword)) return [keyword, value]
    if (MAP_KEYWORDS.has(keyword) && isSchema(value)) return [keyword, relocateEach(value, pointer)]
    return [keyword, relocateValue(value, pointer)]
  }))
}

function relocateEach(schemas: JsonSchema, pointer: string): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, relocateValue(schema, pointer)]))
}

function relocateValue(value: Json, pointer: string): Json {
  if (Array.isArray(value)) return value.map((item) => relocateValue(item, pointer))
  return isSchema(value) ? relocateSchema(value, pointer) : value
}

function isSchema(value: Json): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
