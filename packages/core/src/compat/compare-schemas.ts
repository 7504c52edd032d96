import { canonicalJson, type Json, type JsonSchema } from '@santokit/bridge/manifest'
import { choiceOf, isAnything, isSchema, type Choice } from './branches.ts'
import { compareRules } from './compare-rules.ts'

/** What became of what is allowed: less of it, more of it, something else, or nobody can tell. */
export type Direction = 'narrower' | 'wider' | 'different' | 'unknown'

/** One difference between two JSON Schemas. */
export interface SchemaChange {
  /** Where: `filter.status`, `[].total`, `.*` for what an object holds by any name. Empty for the whole. */
  readonly path: string
  readonly kind: 'added' | 'removed' | 'required' | 'type' | 'null' | 'enum' | 'range' | 'format' | 'default' | 'closed' | 'shape'
  readonly direction: Direction
  /** What was, and what is: `string → integer`. */
  readonly what: string
  /** For `added`: whether it has to be there. For `removed`: whether it may still be sent. */
  readonly strict?: boolean
}

interface Place {
  readonly path: string
  readonly before: JsonSchema
  readonly after: JsonSchema
  /** The pairs that are being compared, from the outside in: a schema that refers to itself comes back to one. */
  readonly open: readonly string[]
}

/** How deep schemas may nest before nobody is told more. */
const DEPTH = 64

/**
 * Compares what two JSON Schemas allow.
 *
 * It decides by structure and says `unknown` where it would have to reason: about two patterns, or conditions. It never takes
 * two schemas for equal that are not.
 */
export function compareSchemas(before: JsonSchema, after: JsonSchema): readonly SchemaChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return []
  return compare(before, after, { path: '', before, after, open: [] })
}

function compare(before: Json | undefined, after: Json | undefined, outer: Place): readonly SchemaChange[] {
  const pair = `${canonicalJson(before ?? null)} ${canonicalJson(after ?? null)}`
  if (outer.open.includes(pair)) return []
  if (outer.open.length > DEPTH) return [{ path: outer.path, kind: 'shape', direction: 'unknown', what: 'nests too deep to be judged' }]
  const place = { ...outer, open: [...outer.open, pair] }
  const [was, is] = [choiceOf(before, place.before), choiceOf(after, place.after)]
  return [...compareNull(was, is, place), ...compareChoices(was, is, place), ...compareDefaults(before, after, place)]
}

function compareNull(was: Choice, is: Choice, { path }: Place): readonly SchemaChange[] {
  // What is anything is null, too; that it became so, or no longer is, is said of its type.
  if (was.nullable === is.nullable || [...was.branches, ...is.branches].some(isAnything)) return []
  return [{ path, kind: 'null', direction: is.nullable ? 'wider' : 'narrower', what: is.nullable ? 'may be null now' : 'may no longer be null' }]
}

/** Finds for each branch the one that it has become. What finds none is what changed. */
function compareChoices(was: Choice, is: Choice, place: Place): readonly SchemaChange[] {
  const [wasOnly, isOnly] = [was.branches, is.branches]
  const [first, ...others] = wasOnly
  const [second, ...more] = isOnly
  if (first !== undefined && second !== undefined && others.length === 0 && more.length === 0) return compareBranches(first, second, place)
  const lost = wasOnly.filter((branch) => !isOnly.some((other) => isWithin(branch, other, place)))
  const won = isOnly.filter((branch) => !wasOnly.some((other) => isWithin(branch, other, swapped(place))))
  const [one, two] = [lost[0], won[0]]
  if (one !== undefined && two !== undefined && lost.length === 1 && won.length === 1 && one['type'] === two['type']) return compareBranches(one, two, place)
  const words = `${wordsOf(was)} → ${wordsOf(is)}`
  if (lost.length > 0 && won.length > 0) return [{ path: place.path, kind: 'type', direction: 'different', what: words }]
  if (lost.length > 0) return [{ path: place.path, kind: 'type', direction: 'narrower', what: words }]
  return won.length > 0 ? [{ path: place.path, kind: 'type', direction: 'wider', what: words }] : []
}

/** Whether all that `inner` allows, `outer` allows: proved, not guessed. */
function isWithin(inner: JsonSchema, outer: JsonSchema, place: Place): boolean {
  return compareBranches(inner, outer, place).every(({ direction, kind }) => kind === 'default' || direction === 'wider')
}

function swapped({ before, after, ...place }: Place): Place {
  return { ...place, before: after, after: before }
}

function compareBranches(before: JsonSchema, after: JsonSchema, place: Place): readonly SchemaChange[] {
  const { path } = place
  const [was, is] = [before['type'], after['type']]
  const words = `${wordOf(before)} → ${wordOf(after)}`
  if (isAnything(before) || isAnything(after)) {
    return isAnything(before) && isAnything(after) ? [] : [{ path, kind: 'type', direction: isAnything(after) ? 'wider' : 'narrower', what: words }]
  }
  if (typeof was !== 'string' || typeof is !== 'string') {
    return canonicalJson(before) === canonicalJson(after) ? [] : [{ path, kind: 'shape', direction: 'unknown', what: 'changed in a way that cannot be judged' }]
  }
  const isNumeric = [was, is].every((type) => type === 'integer' || type === 'number')
  if (was !== is && !isNumeric) return [{ path, kind: 'type', direction: 'different', what: words }]
  const type: readonly SchemaChange[] = was === is ? [] : [{ path, kind: 'type', direction: is === 'number' ? 'wider' : 'narrower', what: words }]
  const parts = is === 'object' ? compareObjects(before, after, place) : is === 'array' ? compareLists(before, after, place) : []
  return [...type, ...compareRules(before, after, path), ...parts]
}

function compareObjects(before: JsonSchema, after: JsonSchema, place: Place): readonly SchemaChange[] {
  const [was, is] = [propertiesOf(before), propertiesOf(after)]
  const [wasRequired, isRequired] = [requiredOf(before), requiredOf(after)]
  const changes: SchemaChange[] = []
  for (const name of [...new Set([...Object.keys(was), ...Object.keys(is), ...wasRequired, ...isRequired])].sort()) {
    const path = joined(place.path, name)
    const there = Object.hasOwn(was, name)
    if (!there && Object.hasOwn(is, name)) {
      // What took anything by that name took more than it does now.
      const direction = isRequired.has(name) ? 'narrower' : before['additionalProperties'] === false ? 'wider' : 'different'
      changes.push({ path, kind: 'added', direction, what: wordsOf(choiceOf(is[name], place.after)), strict: isRequired.has(name) })
      continue
    }
    if (there && !Object.hasOwn(is, name)) {
      changes.push({ path, kind: 'removed', direction: 'different', what: wordsOf(choiceOf(was[name], place.before)), strict: after['additionalProperties'] === false })
      continue
    }
    if (wasRequired.has(name) !== isRequired.has(name)) {
      changes.push({ path, kind: 'required', direction: isRequired.has(name) ? 'narrower' : 'wider', what: isRequired.has(name) ? 'is required now' : 'is optional now' })
    }
    changes.push(...compare(was[name], is[name], { ...place, path }))
  }
  return [...changes, ...compareRest(before['additionalProperties'], after['additionalProperties'], place)]
}

/** What an object may hold besides. */
function compareRest(was: Json | undefined, is: Json | undefined, place: Place): readonly SchemaChange[] {
  const [wasClosed, isClosed] = [was === false, is === false]
  if (wasClosed && isClosed) return []
  if (wasClosed || isClosed) {
    return [{ path: place.path, kind: 'closed', direction: isClosed ? 'narrower' : 'wider', what: isClosed ? 'takes nothing else now' : 'may hold more now' }]
  }
  return compare(was, is, { ...place, path: `${place.path}.*` })
}

function compareLists(before: JsonSchema, after: JsonSchema, place: Place): readonly SchemaChange[] {
  const path = `${place.path}[]`
  const [was, is] = [before['prefixItems'], after['prefixItems']]
  if (!Array.isArray(was) && !Array.isArray(is)) return compare(before['items'], after['items'], { ...place, path })
  if (!Array.isArray(was) || !Array.isArray(is) || was.length !== is.length) return [{ path, kind: 'type', direction: 'different', what: 'a list of other parts' }]
  const parts = (was as readonly Json[]).flatMap((item, at) => compare(item, (is as readonly Json[])[at], { ...place, path: `${place.path}[${at}]` }))
  return [...parts, ...compare(before['items'], after['items'], { ...place, path })]
}

function compareDefaults(before: Json | undefined, after: Json | undefined, { path }: Place): readonly SchemaChange[] {
  const [was, is] = [before, after].map((schema) => (isSchema(schema) ? schema['default'] : undefined))
  if (canonicalJson(was ?? null) === canonicalJson(is ?? null)) return []
  const say = (value: Json | undefined): string => (value === undefined ? 'none' : canonicalJson(value).slice(0, 60))
  return [{ path, kind: 'default', direction: 'unknown', what: `${say(was)} → ${say(is)}` }]
}

function propertiesOf(schema: JsonSchema): JsonSchema {
  return isSchema(schema['properties']) ? schema['properties'] : {}
}

function requiredOf(schema: JsonSchema): ReadonlySet<string> {
  return new Set(Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]).map(String) : [])
}

function joined(path: string, name: string): string {
  const step = /^[\w$-]+$/.test(name) ? name : JSON.stringify(name)
  return path === '' ? step : `${path}.${step}`
}

/** `string | null`. */
function wordsOf({ nullable, branches }: Choice): string {
  return [...new Set([...branches.map(wordOf), ...(nullable ? ['null'] : [])])].join(' | ') || 'nothing'
}

function wordOf(schema: JsonSchema): string {
  const { type, format } = schema
  if (typeof type !== 'string') return isAnything(schema) ? 'anything' : 'a condition'
  if (type === 'array' && isSchema(schema['items']) && typeof schema['items']['type'] === 'string') return `${schema['items']['type']}[]`
  return typeof format === 'string' ? format : type
}
