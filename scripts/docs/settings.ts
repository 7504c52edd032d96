import { z } from 'zod'
import { parseDuration } from '../../packages/core/src/config/units.ts'
import type { Declarations, Declared, Interface } from './declarations.ts'

/** A key that a person may set. */
export interface Setting {
  /** Dotted where an object has no name of its own: `claims.roles`. */
  readonly key: string
  /** What may be written, in Markdown. */
  readonly form: string
  readonly isRequired: boolean
  /** In Markdown; `undefined` where nothing stands in for the value. */
  readonly fallback: string | undefined
  /** Markdown; empty where the TSDoc says nothing. */
  readonly description: string
}

/** The settings of one interface. */
export interface Section {
  /** The interface that describes them, such as `PoolConfig`. */
  readonly name: string
  /** Where it stands: `projects.*.databases.*`. Several if it stands in several places. */
  readonly paths: string[]
  readonly settings: readonly Setting[]
}

/** The parts of a schema that we look at. Those of `zod` and of `zod/mini` have them. */
interface Schema {
  readonly def: {
    readonly type: string
    readonly shape?: Readonly<Record<string, Schema>>
    readonly element?: Schema
    readonly valueType?: Schema
    readonly innerType?: Schema
    readonly options?: readonly Schema[]
    readonly values?: readonly unknown[]
    readonly entries?: Readonly<Record<string, string>>
    readonly in?: Schema
    readonly defaultValue?: unknown
    readonly checks?: readonly { readonly _zod: { readonly def: Check } }[]
  }
}

interface Check {
  readonly check: string
  readonly value?: unknown
  readonly inclusive?: boolean
}

/** What stands around a schema, and what is in it. */
interface Unwrapped {
  readonly inner: Schema
  readonly form: string | undefined
  readonly isOptional: boolean
  readonly fallback: unknown
}

const NONE = Symbol('no default')

/**
 * The settings that a zod schema reads, described by the TSDoc of the interface that a person writes: keys, forms and
 * defaults are the schema's, words are the interface's.
 *
 * @throws Error where the two do not have the same keys or give different defaults, and where a setting is not explained.
 */
export function settingsOf(schema: unknown, root: string, declarations: Declarations): readonly Section[] {
  const sections = new Map<string, Section>()
  visit(schema as Schema, root, '')
  return [...sections.values()]

  function visit(given: Schema, name: string, path: string): void {
    const known = sections.get(name)
    if (known !== undefined) {
      if (!known.paths.includes(path)) known.paths.push(path)
      return
    }
    const members = declarations.interfaces.get(name)
    if (members === undefined) throw new Error(`There is no interface ${name}.`)
    const section = { name, paths: [path], settings: [] as Setting[] }
    sections.set(name, section)
    section.settings.push(...rows(shapeOf(given), members, '', path))
  }

  function rows(shape: Readonly<Record<string, Schema>>, members: Interface, prefix: string, path: string): readonly Setting[] {
    const undeclared = Object.keys(shape).filter((key) => !members.has(key))
    const unread = [...members.keys()].filter((key) => !(key in shape))
    if (undeclared.length + unread.length > 0) {
      throw new Error(`${path || 'The config'}: not declared: ${undeclared.join(', ') || 'none'}; declared and not read: ${unread.join(', ') || 'none'}.`)
    }
    return Object.entries(shape).flatMap(([key, property]) => {
      const declared = members.get(key) as Declared
      const at = path === '' ? key : `${path}.${key}`
      const { inner, form, isOptional, fallback } = unwrap(property)
      if (declared.description === '' && declared.inline === undefined) throw new Error(`${at} has no TSDoc that says what it is for.`)
      if (declared.inline !== undefined && inner.def.type === 'object') return rows(shapeOf(inner), declared.inline, `${prefix}${key}.`, at)
      return [{
        key: prefix + key,
        form: form ?? formOf(inner, declared, at),
        isRequired: !isOptional && fallback === NONE && declared.fallback === undefined,
        fallback: fallbackOf(fallback, declared, at),
        description: declared.description,
      }]
    })
  }

  /** What may be written; objects with a name become sections of their own, and a link to it. */
  function formOf(given: Schema, declared: Declared, path: string): string {
    const { inner, form } = unwrap(given)
    if (form !== undefined) return form
    switch (inner.def.type) {
      case 'string': return 'string'
      case 'boolean': return '`true` or `false`'
      case 'number': return numberForm(inner)
      case 'literal': return (inner.def.values ?? []).map((value) => code(value)).join(', ')
      case 'enum': return Object.values(inner.def.entries ?? {}).map((value) => code(value)).join(', ')
      case 'array': return `list of ${plural(formOf(inner.def.element as Schema, declared, `${path}[]`))}`
      case 'record': return `by name: ${formOf(inner.def.valueType as Schema, declared, `${path}.*`)}`
      case 'union': return [...new Set((inner.def.options ?? []).map((option) => formOf(option, declared, path)))].join(', or ')
      case 'unknown': return 'anything'
      case 'object': return objectForm(inner, declared, path)
      default: return 'string'
    }
  }

  function objectForm(given: Schema, declared: Declared, path: string): string {
    const shape = shapeOf(given)
    if ('secret' in shape) return 'secret'
    const named = declared.interfaces.flatMap((name) => declarations.unions.get(name) ?? [name]).filter((name) => declarations.interfaces.has(name))
    const name = named.find((candidate) => fits(shape, declarations.interfaces.get(candidate) as Interface))
    if (name === undefined) return Object.keys(shape).length === 1 && 'type' in shape ? '[options of its type](options.md)' : `\`{ ${Object.keys(shape).join(', ')} }\``
    visit(given, name, path)
    return `[${titleOf(name)}](#${anchorOf(name)})`
  }
}

/** The words of a section's title: `SchemaDatabaseConfig` is "Schema database". */
export function titleOf(name: string): string {
  const words = name.replace(/(Config|Options)$/, '').replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words === 'User' ? 'The config' : words
}

/** The anchor that Markdown gives a section's title. */
export function anchorOf(name: string): string {
  return titleOf(name).toLowerCase().replaceAll(' ', '-')
}

/** True if an object has the members of an interface; a literal, such as `driver`, has to be in its type. */
function fits(shape: Readonly<Record<string, Schema>>, members: Interface): boolean {
  return Object.keys(shape).every((key) => {
    const literal = unwrap(shape[key] as Schema).inner
    const type = members.get(key)?.type
    return type !== undefined && (literal.def.type !== 'literal' || (literal.def.values ?? []).every((value) => type.includes(`'${String(value)}'`)))
  })
}

function unwrap(given: Schema): Unwrapped {
  let inner = given
  let form: string | undefined
  let isOptional = false
  let fallback: unknown = NONE
  for (;;) {
    form ??= z.globalRegistry.get(inner as never)?.form as string | undefined
    const { type, innerType, defaultValue } = inner.def
    if (type === 'optional') isOptional = true
    if (type === 'default' || type === 'prefault') fallback = defaultValue
    const next: Schema | undefined = type === 'pipe' ? inner.def.in : innerType
    if (next === undefined) return { inner, form, isOptional, fallback }
    inner = next
  }
}

function shapeOf(given: Schema): Readonly<Record<string, Schema>> {
  const { shape } = unwrap(given).inner.def
  if (shape === undefined) throw new Error('This schema reads no object.')
  return shape
}

function numberForm({ def: { checks = [] } }: Schema): string {
  const bounds = checks.map(({ _zod }) => _zod.def)
  const low = bounds.find(({ check }) => check === 'greater_than')
  const high = bounds.find(({ check }) => check === 'less_than')
  const from = low === undefined ? '' : low.inclusive === true ? `from ${String(low.value)}` : `above ${String(low.value)}`
  const to = high === undefined ? '' : high.inclusive === true ? `up to ${String(high.value)}` : `below ${String(high.value)}`
  return ['number', [from, to].filter((part) => part !== '').join(' ')].filter((part) => part !== '').join(' ')
}

/** The schema's default, else what the TSDoc says of one that is worked out. Where both speak, they have to agree. */
function fallbackOf(fallback: unknown, declared: Declared, path: string): string | undefined {
  const words = declared.fallback
  // `{}` stands in for an object whose own keys have the defaults.
  const isEmpty = typeof fallback === 'object' && fallback !== null && !Array.isArray(fallback) && Object.keys(fallback).length === 0
  if (fallback === NONE || (isEmpty && words === undefined)) return words === undefined ? undefined : quoted(words)
  if (words === undefined) return code(fallback)
  const plain = code(fallback).slice(1, -1)
  // A schema may give a duration in milliseconds where a person writes its unit.
  const isSameTime = typeof fallback === 'number' && parseDuration(words.replaceAll("'", '')) === fallback
  if (!words.includes(plain) && !isSameTime) throw new Error(`${path}: the schema's default is ${plain}, and its TSDoc says ${words}.`)
  return quoted(words)
}

/** Puts what is code in words into backticks, where the words have none: `'server'`, `secret('NAME')`. */
function quoted(words: string): string {
  if (/^(\[.*\]|\{.*\}|'[^']*'|secret\([^)]*\)|true|false|\d+)$/.test(words)) return `\`${words}\``
  return words.replaceAll(/`[^`]*`|secret\([^)]*\)|(?<!\w)'[^']+'/g, (match) => (match.startsWith('`') ? match : `\`${match}\``))
}

function code(value: unknown): string {
  return `\`${written(value)}\``
}

/** A value as a config file has it. */
function written(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  if ('secret' in value) return `secret('${String(value.secret)}'${'optional' in value ? ', { optional: true }' : ''})`
  const members = Object.entries(value).map(([key, member]) => `${key}: ${written(member)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function plural(form: string): string {
  return form.replace(/^string\b/, 'strings')
}
