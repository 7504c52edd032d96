import { canonicalJson, type Json, type JsonSchema } from '@santokit/bridge/manifest'
import type { SchemaChange } from './compare-schemas.ts'

/** Bounds by keyword: whether a larger number allows more. */
const BOUNDS: readonly (readonly [keyword: string, growing: boolean])[] = [
  ['minimum', false], ['exclusiveMinimum', false], ['minLength', false], ['minItems', false], ['minProperties', false],
  ['maximum', true], ['exclusiveMaximum', true], ['maxLength', true], ['maxItems', true], ['maxProperties', true],
]

/** How a text must look. */
const FORMS = ['format', 'pattern', 'contentEncoding', 'contentMediaType']

/** What is compared elsewhere, or says how many values there are. */
const KNOWN = new Set([
  ...BOUNDS.map(([keyword]) => keyword), ...FORMS,
  'type', 'enum', 'properties', 'required', 'additionalProperties', 'items', 'prefixItems',
])

/** Compares what two schemas of one type demand of a value itself: its values, bounds and form, and whatever else stands there. */
export function compareRules(before: JsonSchema, after: JsonSchema, path: string): readonly SchemaChange[] {
  return [...compareEnums(before['enum'], after['enum'], path), ...compareBounds(before, after, path), ...compareForms(before, after, path), ...compareOthers(before, after, path)]
}

function compareEnums(was: Json | undefined, is: Json | undefined, path: string): readonly SchemaChange[] {
  const [old, now] = [valuesOf(was), valuesOf(is)]
  if (old === undefined && now === undefined) return []
  if (old === undefined || now === undefined) {
    return [{ path, kind: 'enum', direction: now === undefined ? 'wider' : 'narrower', what: now === undefined ? 'any value' : `only ${listed(now)}` }]
  }
  const [gone, come] = [old.filter((value) => !now.includes(value)), now.filter((value) => !old.includes(value))]
  return [
    ...(gone.length === 0 ? [] : [{ path, kind: 'enum', direction: 'narrower', what: `without ${listed(gone)}` } as const]),
    ...(come.length === 0 ? [] : [{ path, kind: 'enum', direction: 'wider', what: `with ${listed(come)}` } as const]),
  ]
}

function compareBounds(before: JsonSchema, after: JsonSchema, path: string): readonly SchemaChange[] {
  return BOUNDS.flatMap(([keyword, growing]): readonly SchemaChange[] => {
    const [was, is] = [boundOf(before, keyword), boundOf(after, keyword)]
    if (was === is) return []
    const what = `${keyword} ${was ?? 'none'} → ${is ?? 'none'}`
    const wider = is === undefined || (was !== undefined && (growing ? is > was : is < was))
    return [{ path, kind: 'range', direction: wider ? 'wider' : 'narrower', what }]
  })
}

function compareForms(before: JsonSchema, after: JsonSchema, path: string): readonly SchemaChange[] {
  const changed = FORMS.filter((keyword) => canonicalJson(before[keyword] ?? null) !== canonicalJson(after[keyword] ?? null))
  if (changed.length === 0) return []
  const say = (schema: JsonSchema): string => changed.map((keyword) => schema[keyword]).filter((value) => value !== undefined).map(String).join(' ').slice(0, 60) || 'any form'
  const what = `${say(before)} → ${say(after)}`
  if (changed.every((keyword) => before[keyword] === undefined)) return [{ path, kind: 'format', direction: 'narrower', what }]
  if (changed.every((keyword) => after[keyword] === undefined)) return [{ path, kind: 'format', direction: 'wider', what }]
  // Two formats are two kinds of text; of two patterns nobody can tell.
  return [{ path, kind: 'format', direction: changed.includes('format') ? 'different' : 'unknown', what }]
}

function compareOthers(before: JsonSchema, after: JsonSchema, path: string): readonly SchemaChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((keyword) => !KNOWN.has(keyword)).sort()
  const changed = names.filter((keyword) => canonicalJson(before[keyword] ?? null) !== canonicalJson(after[keyword] ?? null))
  return changed.length === 0 ? [] : [{ path, kind: 'shape', direction: 'unknown', what: `\`${changed.join('`, `')}\` changed` }]
}

/** A bound. Those of whole numbers that a double holds exactly are none: they are what `integer` means in JSON. */
function boundOf(schema: JsonSchema, keyword: string): number | undefined {
  const value = schema[keyword]
  if (typeof value !== 'number') return undefined
  return schema['type'] === 'integer' && Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value
}

function valuesOf(list: Json | undefined): readonly string[] | undefined {
  return Array.isArray(list) ? (list as readonly Json[]).map((value) => canonicalJson(value)) : undefined
}

function listed(values: readonly string[]): string {
  return `${values.slice(0, 6).join(', ')}${values.length > 6 ? `, and ${values.length - 6} more` : ''}`
}
