import type { SqlValue } from '../logic.ts'
import type { ParamSpec, ParamType } from '../manifest/format.ts'
import type { Checked, ParamIssue } from './checked.ts'
import { nearest } from './nearest.ts'
import { READ_JSON, READ_QUERY, type Read } from './types.ts'

/** Where params come from: a JSON body, or a query string with strings, and arrays of them for repeated names. */
export type ParamSource = 'json' | 'query'

/**
 * Checks the params of one call. The value is a record without a prototype that holds every declared name. Never throws.
 */
export type CheckInputs =
  (params: Readonly<Record<string, unknown>>, from: ParamSource) => Checked<Readonly<Record<string, SqlValue>>>

/** How many issues one array or one set of unknown names may give: an answer must not grow with what is wrong. */
const MOST_ISSUES = 20

/**
 * Compiles declared parameters into their check. Every failing parameter is an issue, unknown ones too.
 *
 * @throws Error if a declaration is wrong in itself: a bad pattern, or a default against its own rules.
 */
export function compileInputs(inputs: readonly ParamSpec[]): CheckInputs {
  const names = new Set(inputs.map((input) => input.name))
  const checks = inputs.map((input) => ({ input, check: compileInput(input), fallback: defaultOf(input) }))

  return (params, from) => {
    const issues: ParamIssue[] = []
    const values = Object.create(null) as Record<string, SqlValue>
    for (const { input, check, fallback } of checks) {
      const given = Object.hasOwn(params, input.name) ? params[input.name] : undefined
      if (given !== undefined && given !== null) values[input.name] = check(given, from, issues)
      else if (!input.required) values[input.name] = fallback
      else if (given === null) issues.push({ path: input.name, message: 'must not be null', code: 'type' })
      else issues.push({ path: input.name, message: 'is required', code: 'required' })
    }
    reportUnknown(Object.keys(params), names, issues)
    return issues.length === 0 ? { ok: true, value: values } : { ok: false, issues }
  }
}

/** Gives the value, or `null` after adding at least one issue. */
type CheckInput = (given: unknown, from: ParamSource, issues: ParamIssue[]) => SqlValue

function compileInput(input: ParamSpec): CheckInput {
  const { name, type } = input
  const rule = compileRules(input)
  const checkOne = (given: unknown, from: ParamSource, path: string, issues: ParamIssue[]): SqlValue => {
    const read: Read = (from === 'json' ? READ_JSON : READ_QUERY)[type](given)
    if ('expected' in read) {
      issues.push({ path, message: read.expected, code: 'type' })
      return null
    }
    const broken = rule(read.value)
    if (broken !== undefined) issues.push({ path, ...broken })
    return read.value
  }
  if (!input.array) return (given, from, issues) => checkOne(given, from, name, issues)

  return (given, from, issues) => {
    const items = Array.isArray(given) ? (given as readonly unknown[]) : from === 'query' ? [given] : undefined
    if (items === undefined) {
      issues.push({ path: name, message: 'must be an array', code: 'type' })
      return null
    }
    const most = issues.length + MOST_ISSUES
    const values: SqlValue[] = []
    for (let i = 0; i < items.length && issues.length < most; i++) values.push(checkOne(items[i], from, `${name}.${i}`, issues))
    return values
  }
}

type Broken = { readonly message: string; readonly code: string } | undefined

/** The rules beyond the type, for a value that has the type. */
function compileRules({ type, enum: allowed, min, max, pattern }: ParamSpec): (value: SqlValue) => Broken {
  const expression = pattern === undefined ? undefined : new RegExp(pattern, 'u')
  const listed = allowed === undefined ? undefined : new Set(allowed.map(String))
  return (value) => {
    if (listed !== undefined && !listed.has(String(value))) {
      return { message: `must be one of ${[...listed].map((item) => JSON.stringify(item)).join(', ')}`, code: 'enum' }
    }
    const [size, unit] = min === undefined && max === undefined ? [] : sizeOf(type, value)
    if (size !== undefined && min !== undefined && size < min) return { message: `must be at least ${min}${unit}`, code: 'min' }
    if (size !== undefined && max !== undefined && size > max) return { message: `must be at most ${max}${unit}`, code: 'max' }
    if (expression !== undefined && typeof value === 'string' && !expression.test(value)) {
      return { message: `must match ${pattern}`, code: 'pattern' }
    }
    return undefined
  }
}

/** What `min` and `max` speak of: the number itself, the characters of a string, the bytes of bytes. */
function sizeOf(type: ParamType, value: SqlValue): readonly [number | bigint | undefined, string] {
  if (typeof value === 'number' || typeof value === 'bigint') return [value, '']
  if (type === 'string') return [characters(String(value)), ' characters long']
  return value instanceof Uint8Array ? [value.length, ' bytes long'] : [undefined, '']
}

/** As JSON Schema counts: code points, not UTF-16 units. The text is well-formed. */
function characters(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // The second half of a pair counts with the first.
    if (unit < 0xdc00 || unit > 0xdfff) count++
  }
  return count
}

function defaultOf(input: ParamSpec): SqlValue {
  if (input.default === undefined || input.default === null) return null
  const issues: ParamIssue[] = []
  const value = compileInput(input)(input.default, 'json', issues)
  const [issue] = issues
  if (issue !== undefined) throw new Error(`The default of parameter "${input.name}" ${issue.message}.`)
  return value
}

function reportUnknown(given: readonly string[], names: ReadonlySet<string>, issues: ParamIssue[]): void {
  const most = issues.length + MOST_ISSUES
  for (const name of given) {
    if (names.has(name)) continue
    if (issues.length === most) return
    const near = nearest(name, names)
    const message = near === undefined ? 'is not a parameter' : `is not a parameter; did you mean "${near}"?`
    issues.push({ path: name.length > 64 ? `${name.slice(0, 64)}…` : name, message, code: 'unknown' })
  }
}
