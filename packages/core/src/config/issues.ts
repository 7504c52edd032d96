import type { z } from 'zod'
import { nearest } from '../diagnostics/index.ts'
import { valueAt, type ConfigPath } from './path.ts'

/** What is wrong at one path, in words that go on from the path: `must be a number; it is a string`. */
export interface Fault {
  readonly path: ConfigPath
  readonly problem: string
  readonly fix?: string
}

/** What the schema calls a key: a `setting` of ours, an `option` of a target. */
export interface Reading {
  readonly schema: z.core.$ZodType
  readonly value: unknown
  readonly noun: string
}

/** Puts zod's issues into plain words, one fault for each unknown key. Values are shown only where a few are allowed. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], reading: Reading): readonly Fault[] {
  // A misspelt key is why another one is missing: it comes first.
  const ordered = issues.toSorted((a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys'))
  return ordered.flatMap((issue): readonly Fault[] => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(reading, path)
      return issue.keys.map((key) => unknownKey([...path, key], key, known, reading.noun))
    }
    const branch = issue.code === 'invalid_union' ? likeliest(issue.errors) : undefined
    if (branch !== undefined) {
      return explainIssues(branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })), reading)
    }
    return [{ path, ...describe(issue, valueAt(reading.value, path)) }]
  })
}

function unknownKey(path: ConfigPath, key: string, known: readonly string[], noun: string): Fault {
  const near = nearest(key, known)
  const article = /^[aeiou]/.test(noun) ? 'an' : 'a'
  const problem = `is not ${article} ${noun}`
  if (near !== undefined) return { path, problem: `${problem}. Did you mean "${near}"?`, fix: `Rename it to "${near}", or take it away.` }
  return { path, problem, fix: known.length === 0 ? 'Take it away.' : `There is: ${known.join(', ')}.` }
}

type Words = Pick<Fault, 'problem' | 'fix'>

function describe(issue: z.core.$ZodIssue, given: unknown): Words {
  switch (issue.code) {
    case 'invalid_type': return must(TYPES[issue.expected] ?? `a ${issue.expected}`, given, kindOf)
    case 'invalid_value': return oneOfValues(issue.values, given)
    case 'invalid_union': return unionWords(issue, given)
    case 'too_small': return { problem: bound(issue.origin, Number(issue.minimum), issue.inclusive ?? true, 'least') }
    case 'too_big': return { problem: bound(issue.origin, Number(issue.maximum), issue.inclusive ?? true, 'most') }
    case 'invalid_key': return { problem: `is not a name that can be used: it ${asPhrase(issue.issues[0]?.message ?? 'is invalid')}` }
    case 'custom': {
      const { phrase, fix } = (issue.params ?? {}) as { readonly phrase?: boolean; readonly fix?: string }
      return { problem: phrase === true ? issue.message : `is not valid: ${issue.message}`, fix }
    }
    default: return { problem: `is not valid: ${issue.message}` }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

function unionWords(issue: z.core.$ZodIssueInvalidUnion, given: unknown): Words {
  if ('options' in issue && Array.isArray(issue.options)) return oneOfValues(issue.options as readonly unknown[], given)
  const expected = (issue.errors as readonly (readonly z.core.$ZodIssue[])[]).flatMap(([first]) => {
    if (first?.code === 'invalid_value') return first.values.map(show)
    return first?.code === 'invalid_type' ? [TYPES[first.expected] ?? `a ${first.expected}`] : []
  })
  if (expected.length === 0) return { problem: `is not valid: ${issue.message}` }
  return must(joined(expected), given, shortly)
}

function oneOfValues(values: readonly unknown[], given: unknown): Words {
  const near = typeof given === 'string' ? nearest(given, values.filter((value) => typeof value === 'string')) : undefined
  return { ...must(joined(values.map(show)), given, shortly), fix: near === undefined ? undefined : `Write ${show(near)}.` }
}

function must(be: string, given: unknown, shown: (value: unknown) => string): Words {
  return { problem: given === undefined ? `is missing; it must be ${be}` : `must be ${be}; it is ${shown(given)}` }
}

function bound(origin: string, limit: number, inclusive: boolean, side: 'least' | 'most'): string {
  const unit = origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' items' : ''
  if (unit !== '' && side === 'least' && limit === 1) return 'must not be empty'
  if (unit !== '') return `must have at ${side} ${limit}${unit}`
  return inclusive ? `must be at ${side} ${limit}` : `must be ${side === 'least' ? 'more' : 'less'} than ${limit}`
}

/**
 * The branch of a union that was meant: the one that fails deeper than at the value itself. `undefined` if the value
 * itself is of none of the expected types.
 */
function likeliest(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const isOtherType = ({ path, code }: z.core.$ZodIssue): boolean => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
  const meant = branches.filter((issues) => !issues.some(isOtherType))
  return meant.toSorted((a, b) => a.length - b.length)[0]
}

/** The keys a schema knows at a path: of all the branches that could be meant. */
function keysAt({ schema, value }: Reading, path: ConfigPath): readonly string[] {
  return [...new Set(objectsAt(schema, value, path).flatMap((shape) => Object.keys(shape)))]
}

type Shape = Readonly<Record<string, z.core.$ZodType>>

function objectsAt(schema: z.core.$ZodType, value: unknown, path: ConfigPath): readonly Shape[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const [part, ...rest] = path
  const below = part === undefined ? undefined : valueAt(value, [part])
  switch (def.type) {
    case 'object': {
      if (part === undefined) return [def.shape]
      const property = def.shape[part]
      return property === undefined ? [] : objectsAt(property, below, rest)
    }
    case 'record': return part === undefined ? [] : objectsAt(def.valueType, below, rest)
    case 'array': return part === undefined ? [] : objectsAt(def.element, below, rest)
    case 'union': return branches(def, value).flatMap((option) => objectsAt(option, value, path))
    case 'pipe': return objectsAt(def.in, value, path)
    case 'lazy': return objectsAt(def.getter(), value, path)
    case 'optional': case 'nullable': case 'default': case 'prefault': case 'readonly': case 'nonoptional': case 'catch':
      return objectsAt(def.innerType, value, path)
    default: return []
  }
}

/** Of a discriminated union only the option that the value says it is. */
function branches(def: z.core.$ZodUnionDef, value: unknown): readonly z.core.$ZodType[] {
  const { discriminator } = def as Partial<z.core.$ZodDiscriminatedUnionDef>
  if (discriminator === undefined) return def.options
  const said = valueAt(value, [discriminator])
  return def.options.filter((option) => option._zod.propValues?.[discriminator]?.has(said as z.core.util.Primitive) ?? true)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isNaN(value) ? 'not a number' : String(value)
  if (typeof value === 'object' && typeof (value as { secret?: unknown }).secret === 'string') return 'a secret'
  return typeof value === 'object' ? 'an object' : typeof value === 'boolean' ? String(value) : `a ${typeof value}`
}

/** A choice that is not among the allowed ones is shown if it looks like one: never a long text. */
function shortly(value: unknown): string {
  return typeof value === 'string' && /^[\w./-]{1,20}$/.test(value) ? show(value) : kindOf(value)
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** Messages of ours are phrases; zod's begin with a capital. */
function asPhrase(message: string): string {
  return /^[a-z]/.test(message) ? message : `is refused (${message})`
}
