import type { Json, ParamSpec, ParamType } from '@santokit/bridge/manifest'
import type { Report } from './keys.ts'
import { asType, brokenRule, type ValueRules } from './values.ts'
import { placeOf, type YamlField, type YamlValue } from './yaml.ts'

/** The rules that narrow a type, checked against it and against one another. For `T[]` they hold for each item. */
export type Rules = Omit<ValueRules, 'type'>

/** Reads `enum`, `min`, `max` and `pattern`. A rule that is wrong is reported and left out. */
export function readRules(type: ParamType, find: (key: string) => YamlField | undefined, report: Report): Rules {
  const sound = (key: keyof typeof APPLIES): YamlField | undefined => {
    const field = find(key)
    if (field === undefined || APPLIES[key].includes(type)) return field
    report({ code: 'STK2011', why: `\`${key}\` is for ${listed(APPLIES[key])}, not for ${type}.`, ...field.keyPlace })
    return undefined
  }
  const [minField, maxField] = [sound('min'), sound('max')]
  const min = readBound(type, minField, report)
  const max = readBound(type, maxField, report)
  if (min !== undefined && max !== undefined && min > max && minField !== undefined) {
    report({ code: 'STK2011', why: `\`min\` ${min} is more than \`max\` ${max}.`, ...placeOf(minField.value) })
    return {}
  }
  const pattern = readPattern(sound('pattern'), report)
  const rules: Rules = {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(pattern === undefined ? {} : { pattern }),
  }
  const values = readEnum(type, rules, sound('enum'), report)
  return { ...(values === undefined ? {} : { enum: values }), ...rules }
}

/**
 * Reads `default` and holds it against the type and the rules.
 *
 * @returns the value as a caller would send it, or `undefined` if there is none; `null` counts as none.
 */
export function readDefault(
  { type, array }: Pick<ParamSpec, 'type' | 'array'>,
  rules: Rules,
  field: YamlField | undefined,
  report: Report,
): Json | undefined {
  if (field === undefined || field.value.value === null) return undefined
  const { value, start, end } = field.value
  const refuse = (why: string): undefined => report({ code: 'STK2011', why, start, end }) as undefined
  if (array && !Array.isArray(value)) return refuse('The default of a list is a list: `[]`.')
  const items: Json[] = []
  for (const item of array ? (value as readonly unknown[]) : [value]) {
    const typed = asType(item, type)
    if ('why' in typed) return refuse(typed.why)
    const broken = brokenRule(typed.json, { type, ...rules })
    if (broken !== undefined) return refuse(`The default ${JSON.stringify(typed.json)} ${broken}.`)
    items.push(typed.json)
  }
  return array ? items : items[0]
}

const APPLIES: Readonly<Record<'enum' | 'min' | 'max' | 'pattern', readonly ParamType[]>> = {
  enum: ['string', 'int', 'number'],
  min: ['string', 'int', 'number'],
  max: ['string', 'int', 'number'],
  pattern: ['string'],
}

function listed(types: readonly ParamType[]): string {
  return types.length === 1 ? types.join('') : `${types.slice(0, -1).join(', ')} and ${types.at(-1)}`
}

function readBound(type: ParamType, field: YamlField | undefined, report: Report): number | undefined {
  if (field === undefined) return undefined
  const { value, start, end } = field.value
  const length = type === 'string'
  const isNumber = type === 'number' ? Number.isFinite : Number.isSafeInteger
  if (typeof value === 'number' && isNumber(value) && (!length || value >= 0)) return value
  const words = length ? 'a length: a whole number from 0' : type === 'int' ? 'a whole number' : 'a number'
  report({ code: 'STK2011', why: `\`${field.key}\` must be ${words}.`, start, end })
  return undefined
}

function readPattern(field: YamlField | undefined, report: Report): string | undefined {
  if (field === undefined) return undefined
  const { value, start, end } = field.value
  const fault = typeof value === 'string' ? patternFault(value) : 'It must be a text.'
  if (fault === undefined) return value as string
  report({ code: 'STK2011', why: `\`pattern\` is no regular expression: ${fault}`, start, end })
  return undefined
}

function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u')
    return undefined
  } catch (error) {
    return `${(error as Error).message}.`
  }
}

function readEnum(type: ParamType, rules: Rules, field: YamlField | undefined, report: Report): Rules['enum'] {
  if (field === undefined) return undefined
  const fault = enumFault(type, rules, field.value)
  if (fault === undefined) return field.value.value as Rules['enum']
  report({ code: 'STK2011', why: fault, ...placeOf(field.value) })
  return undefined
}

function enumFault(type: ParamType, rules: Rules, { value }: YamlValue): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return '`enum` is a list of the values allowed.'
  if (new Set(value).size < value.length) return '`enum` has a value twice.'
  for (const item of value as readonly unknown[]) {
    const shown = String(item)
    const typed = asType(item, type)
    if ('why' in typed) return `The value ${shown} in \`enum\` is no ${type}. ${typed.why}`
    const broken = brokenRule(typed.json, { type, ...rules })
    if (broken !== undefined) return `The value ${shown} in \`enum\` ${broken}.`
  }
  return undefined
}
