import { canonicalJson, type Json, type JsonSchema } from '@santokit/bridge/manifest'

/** A schema as a choice of simple ones. */
export interface Choice {
  readonly nullable: boolean
  /** Each with one `type`, or none for anything. Empty: nothing but `null`, or nothing at all. */
  readonly branches: readonly JsonSchema[]
}

/** Says nothing about what is allowed. */
const ANNOTATIONS = new Set(['title', 'description', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly', '$schema', '$id', '$comment', '$defs', 'definitions'])

/** How often a `$ref` may lead to another. */
const HOPS = 20

/** A schema without references at its top, without what says nothing, and as a choice. */
export function choiceOf(schema: Json | undefined, document: JsonSchema): Choice {
  const parts = split(plain(schema, document), document)
  const branches = merged(parts.filter((part) => part['type'] !== 'null'))
  return { nullable: parts.some((part) => part['type'] === 'null'), branches: branches.some(isAnything) ? [{}] : branches }
}

/** Whether a schema allows everything. */
export function isAnything(schema: JsonSchema): boolean {
  return Object.keys(schema).length === 0
}

export function isSchema(value: Json | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema that is meant, with the annotations left out. One that allows nothing is `{ not: {} }`. */
function plain(schema: Json | undefined, document: JsonSchema): JsonSchema {
  let current = schema
  for (let hop = 0; hop < HOPS && isSchema(current) && typeof current['$ref'] === 'string'; hop++) {
    const { $ref, ...siblings } = current
    const found = follow($ref as string, document)
    current = isSchema(found) ? { ...found, ...siblings } : siblings
  }
  if (current === false) return { not: {} }
  if (!isSchema(current)) return {}
  return withImpliedType(Object.fromEntries(Object.entries(current).filter(([keyword]) => !ANNOTATIONS.has(keyword))))
}

/** What a local reference names. */
export function follow(reference: string, document: JsonSchema): Json | undefined {
  if (!reference.startsWith('#')) return undefined
  const steps = reference.slice(1).split('/').filter((step) => step !== '')
  return steps.reduce<Json | undefined>(
    (place, step) => (isSchema(place) ? place[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined), document,
  )
}

function withImpliedType(schema: JsonSchema): JsonSchema {
  if ('const' in schema) {
    const { const: only, ...rest } = schema
    return withImpliedType({ ...rest, enum: [only ?? null] })
  }
  if ('type' in schema) return schema
  if (Array.isArray(schema['enum'])) {
    const types = [...new Set((schema['enum'] as readonly Json[]).map(typeOf))]
    return { ...schema, type: types }
  }
  return isSchema(schema['properties']) ? { ...schema, type: 'object' } : schema
}

function split(schema: JsonSchema, document: JsonSchema): readonly JsonSchema[] {
  const options = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(options) && Object.keys(schema).length === 1) {
    return (options as readonly Json[]).flatMap((option) => split(plain(option, document), document))
  }
  if (Array.isArray(schema['allOf'])) {
    const together = intersection(schema, document)
    if (together !== undefined) return split(together, document)
  }
  const { type, enum: values } = schema
  if (!Array.isArray(type)) return schema['not'] !== undefined && isSchema(schema['not']) && isAnything(schema['not']) ? [] : [schema]
  return (type as readonly Json[]).map((one) => ({
    ...schema, type: one, ...(Array.isArray(values) ? { enum: (values as readonly Json[]).filter((value) => fits(value, one)) } : {}),
  }))
}

/** What all of them allow together, where they speak of different things; `undefined` where that would take a solver. */
function intersection(schema: JsonSchema, document: JsonSchema): JsonSchema | undefined {
  const { allOf, ...own } = schema
  const together: { [keyword: string]: Json } = {}
  for (const part of [own, ...(allOf as readonly Json[]).map((each) => plain(each, document))]) {
    for (const [keyword, value] of Object.entries(part)) {
      const before = together[keyword]
      if (before === undefined) together[keyword] = value
      else if (keyword === 'properties' && isSchema(before) && isSchema(value) && Object.keys(value).every((name) => !Object.hasOwn(before, name))) together[keyword] = { ...before, ...value }
      else if (keyword === 'required') together[keyword] = [...new Set([...(before as readonly Json[]), ...(value as readonly Json[])])]
      else if (canonicalJson(before) !== canonicalJson(value)) return undefined
    }
  }
  return together
}

/** Lists of values of one type become one list. */
function merged(branches: readonly JsonSchema[]): readonly JsonSchema[] {
  const lists = new Map<string, Json[]>()
  const rest: JsonSchema[] = []
  for (const branch of branches) {
    const { enum: values, type, ...more } = branch
    if (Array.isArray(values) && typeof type === 'string' && Object.keys(more).length === 0) lists.set(type, [...(lists.get(type) ?? []), ...(values as readonly Json[])])
    else rest.push(branch)
  }
  return [...[...lists].map(([type, values]) => ({ type, enum: values })), ...rest]
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value
}

function fits(value: Json, type: Json): boolean {
  const own = typeOf(value)
  return own === type || (own === 'integer' && type === 'number')
}
