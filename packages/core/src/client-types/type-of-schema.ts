import type { Json, JsonSchema } from '@santokit/bridge/manifest'

/** What a type is written for: params are sent, results are read. */
export interface SchemaPlace {
  /** Properties with a default may be left out of params, and always stand in a result. */
  readonly side: 'params' | 'result'
  /** Where `$ref`s point into. */
  readonly document: JsonSchema
  readonly indent: string
}

/** How deep schemas may nest, or refer to themselves, before the type says `Json`. */
const DEPTH = 12

/**
 * Writes a JSON Schema as a TypeScript type.
 *
 * What it cannot say (patterns, bounds, conditions) it leaves out, and what it does not know is `Json`, so that the type is
 * never narrower than the schema.
 */
export function typeOfSchema(schema: Json | undefined, place: SchemaPlace, depth = 0): string {
  if (!isSchema(schema) || depth > DEPTH) return 'Json'
  const within = (inner: Json | undefined, indent = place.indent): string => typeOfSchema(inner, { ...place, indent }, depth + 1)
  if (typeof schema['$ref'] === 'string') return within(follow(schema['$ref'], place.document))
  if ('const' in schema) return literal(schema['const'])
  if (Array.isArray(schema['enum'])) return union((schema['enum'] as readonly Json[]).map(literal))
  const options = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(options)) return union((options as readonly Json[]).map((option) => within(option)))
  if (Array.isArray(schema['allOf'])) return (schema['allOf'] as readonly Json[]).map((part) => group(within(part))).join(' & ')
  const { type } = schema
  if (Array.isArray(type)) return union((type as readonly Json[]).map((one) => within({ ...schema, type: one })))
  switch (type) {
    case 'string': return 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'null': return 'null'
    case 'array': return listType(schema, within)
    case 'object': return objectType(schema, place, within)
    default: return isSchema(schema['properties']) ? objectType(schema, place, within) : 'Json'
  }
}

type Within = (inner: Json | undefined, indent?: string) => string

function listType(schema: JsonSchema, within: Within): string {
  if (Array.isArray(schema['prefixItems'])) {
    const items = (schema['prefixItems'] as readonly Json[]).map((item) => within(item))
    const rest = isSchema(schema['items']) ? [`...${group(within(schema['items']))}[]`] : []
    return `readonly [${[...items, ...rest].join(', ')}]`
  }
  return `readonly ${group(within(schema['items']))}[]`
}

function objectType(schema: JsonSchema, { side, indent }: SchemaPlace, within: Within): string {
  // By name: a manifest keeps no other order.
  const properties = isSchema(schema['properties']) ? Object.entries(schema['properties']).sort(([a], [b]) => (a < b ? -1 : 1)) : []
  const more = schema['additionalProperties']
  if (properties.length === 0) {
    if (isSchema(more)) return `{ readonly [name: string]: ${within(more)} }`
    return side === 'params' && more === false ? '{ readonly [name: string]: never }' : 'Row'
  }
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] as readonly Json[] : [])
  const inner = `${indent}  `
  const members = properties.map(([name, property]) => {
    const optional = required.has(name) ? '' : '?'
    return `${comment(property, inner)}${inner}readonly ${propertyName(name)}${optional}: ${within(property, inner)}`
  })
  return `{\n${members.join('\n')}\n${indent}}`
}

/** A doc comment of what a schema says of itself, or nothing. */
export function comment(schema: Json | undefined, indent: string): string {
  const text = isSchema(schema) ? schema['description'] : undefined
  // The end of a comment in a text must not end the comment.
  return typeof text === 'string' && text.trim() !== '' ? `${indent}/** ${text.trim().replaceAll('*/', '*\\/').replaceAll(/\s*\n\s*/g, ' ')} */\n` : ''
}

/** A property's name, in quotes where it is no identifier. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : literal(name)
}

function literal(value: Json | undefined): string {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value) ? JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029') : 'Json'
}

function union(types: readonly string[]): string {
  return [...new Set(types)].map((type) => type.startsWith('readonly ') ? type : group(type, '&')).join(' | ') || 'never'
}

/** In parentheses where an operator would otherwise take it apart. */
function group(type: string, operators = '|&'): string {
  const parts = operators === '&' ? / & / : / [|&] |^readonly /
  return !type.startsWith('{') && parts.test(type) ? `(${type})` : type
}

function follow(ref: string, document: JsonSchema): Json | undefined {
  if (!ref.startsWith('#')) return undefined
  let found: Json | undefined = document
  for (const part of decodeURIComponent(ref.slice(1)).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isSchema(found) || !Object.hasOwn(found, name)) return undefined
    found = found[name]
  }
  return found
}

function isSchema(value: Json | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
