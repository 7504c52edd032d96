import { PARAM_TYPES, type ParamSpec, type ParamType } from '@santokit/bridge/manifest'
import { nearest, suggestion } from '../../diagnostics/index.ts'
import type { Report } from './keys.ts'
import { readDefault, readRules } from './rules.ts'
import { placeOf, type Place, type YamlField, type YamlValue } from './yaml.ts'

/** A name under `params`, and where it stands. */
export interface DeclaredName extends Place {
  readonly name: string
}

/** The value of `params`: a map of names to a type or to a map of rules. */
export function readParams(
  given: YamlValue,
  report: Report,
): { readonly declared: readonly DeclaredName[]; readonly inputs: readonly ParamSpec[] } {
  if (given.fields === undefined) {
    if (given.value !== null) {
      const why = '`params` is a map of names to types.'
      report({ code: 'STK2011', why, fix: 'Write `params: { id: int }`.', ...placeOf(given) })
    }
    return { declared: [], inputs: [] }
  }
  return {
    declared: given.fields.map(({ key, keyPlace }) => ({ name: key, ...keyPlace })),
    inputs: given.fields.map((field) => readParam(field, report)).filter((input) => input !== undefined),
  }
}

/** True for what a parameter can be called. `auth` is the token, and `__proto__` is no plain key in JavaScript. */
export function isParamName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name !== 'auth' && name !== '__proto__'
}

const TYPES = `one of ${PARAM_TYPES.join(', ')}, or a list \`T[]\``
const RULES: readonly string[] = ['type', 'required', 'optional', 'default', 'enum', 'min', 'max', 'pattern', 'description']

function readParam({ key: name, keyPlace, value: given }: YamlField, report: Report): ParamSpec | undefined {
  const fail = (why: string, where: Place, fix?: string): undefined => {
    report({ code: 'STK2011', why, ...(fix === undefined ? {} : { fix }), ...placeOf(where) })
  }
  if (name === 'auth') return fail('`auth` is the verified token: `:auth.sub`.', keyPlace, 'Give the parameter another name.')
  if (!isParamName(name)) {
    return fail(`"${name}" cannot be a parameter's name.`, keyPlace, 'Use letters, digits and `_`, and no digit first.')
  }
  if (given.fields === undefined) {
    const type = readType(given, name, report)
    return type === undefined ? undefined : { name, ...type, required: true }
  }

  for (const field of given.fields) {
    if (!RULES.includes(field.key)) fail(`A parameter has no rule "${field.key}". ${suggestion(field.key, RULES)}`, field.keyPlace)
  }
  const find = (key: string): YamlField | undefined => given.fields?.find((field) => field.key === key)
  const typeField = find('type')
  if (typeField === undefined) return fail(`"${name}" has no \`type\`.`, keyPlace, `Give it ${TYPES}.`)
  const type = readType(typeField.value, name, report)
  if (type === undefined) return undefined
  const rules = readRules(type.type, find, report)
  const defaultValue = readDefault(type, rules, find('default'), report)
  const required = readRequired(find, report)
  return {
    name,
    ...type,
    required,
    ...(required || defaultValue === undefined ? {} : { default: defaultValue }),
    ...rules,
    ...readDescription(find('description'), report),
  }
}

type DeclaredType = Pick<ParamSpec, 'type' | 'array'>

function readType(given: YamlValue, name: string, report: Report): DeclaredType | undefined {
  const written = typeof given.value === 'string' ? given.value : undefined
  const array = written?.endsWith('[]') ?? false
  const base = array ? written?.slice(0, -2) : written
  const type = PARAM_TYPES.find((candidate) => candidate === base)
  if (type !== undefined) return { type, array }
  if (base === undefined) {
    const why = given.value === null ? `"${name}" has no type.` : `The type of "${name}" is a text such as \`int\` or \`int[]\`.`
    report({ code: 'STK2011', why, fix: `Give it ${TYPES}.`, ...placeOf(given) })
    return undefined
  }
  const meant = SQL_TYPES.get(base.toLowerCase()) ?? nearest(base, PARAM_TYPES)
  const fix = meant === undefined ? `Write ${TYPES}.` : `Write \`${meant}${array ? '[]' : ''}\`.`
  report({ code: 'STK2011', why: `There is no type "${written}".`, fix, ...placeOf(given) })
  return undefined
}

/** What people write from habit, and what they most likely mean. */
const SQL_TYPES: ReadonlyMap<string, ParamType> = new Map([
  ['text', 'string'], ['varchar', 'string'], ['char', 'string'], ['str', 'string'],
  ['integer', 'int'], ['int4', 'int'], ['smallint', 'int'], ['int8', 'bigint'], ['long', 'bigint'],
  ['float', 'number'], ['double', 'number'], ['real', 'number'], ['numeric', 'number'], ['decimal', 'number'],
  ['bool', 'boolean'], ['timestamp', 'datetime'], ['timestamptz', 'datetime'],
  ['jsonb', 'json'], ['object', 'json'], ['any', 'json'], ['bytea', 'bytes'], ['blob', 'bytes'], ['binary', 'bytes'],
])

type Find = (key: string) => YamlField | undefined

/** Required unless there is a default or the declaration says otherwise. */
function readRequired(find: Find, report: Report): boolean {
  const required = readFlag(find('required'), report)
  const optional = readFlag(find('optional'), report)
  const field = find('required') ?? find('optional')
  const contradiction = required === true && find('default') !== undefined
    ? 'A parameter with a default is not required.'
    : required !== undefined && required === optional ? '`required` and `optional` contradict each other.' : undefined
  if (contradiction !== undefined && field !== undefined) {
    report({ code: 'STK2011', why: contradiction, fix: 'Remove one of them.', ...field.keyPlace })
  }
  return find('default') === undefined && (required ?? optional !== true)
}

function readFlag(field: YamlField | undefined, report: Report): boolean | undefined {
  if (field === undefined || typeof field.value.value === 'boolean') return field?.value.value as boolean | undefined
  report({ code: 'STK2011', why: `\`${field.key}\` is \`true\` or \`false\`.`, ...placeOf(field.value) })
  return undefined
}

function readDescription(field: YamlField | undefined, report: Report): { readonly description?: string } {
  if (field === undefined) return {}
  const { value } = field.value
  if (typeof value === 'string' && value.trim() !== '') return { description: value }
  report({ code: 'STK2011', why: '`description` is a text.', ...placeOf(field.value) })
  return {}
}
