import type { Access, CacheEntry, ParamSpec, SqlResult } from '@santokit/bridge/manifest'
import { suggestion } from '../../diagnostics/index.ts'
import type { Problem } from '../source.ts'
import { readAccess, readCache, readResult, readText, readTimeout, type Placed, type Report } from './keys.ts'
import { readParams, type DeclaredName } from './params.ts'
import { readYaml, type Place, type YamlField, type YamlValue } from './yaml.ts'

/** What a SQL logic says about itself, with defaults filled in where they do not depend on the project. */
export interface FrontMatter {
  readonly access: Access
  readonly database?: Placed<string>
  /** Every name that is declared, even if the rest of its declaration is wrong. */
  readonly declared: readonly DeclaredName[]
  readonly inputs: readonly ParamSpec[]
  readonly result: Placed<SqlResult>
  readonly cache?: Placed<CacheEntry>
  readonly description?: string
  /** Milliseconds. */
  readonly timeout?: number
}

/** What a file without front matter says. */
export const DEFAULTS: FrontMatter = {
  access: 'authenticated', declared: [], inputs: [], result: { value: 'rows', start: 0, end: 0 },
}

/** Front matter as far as it can be read. */
export interface FrontMatterReading {
  readonly frontMatter: FrontMatter
  readonly problems: readonly Problem[]
  /** False if nothing could be read, so that what follows from it is not worth reporting. */
  readonly readable: boolean
}

/** Reads the front matter between two offsets of `text`. */
export function readFrontMatter(text: string, place: Place): FrontMatterReading {
  const { value: top, problems: faults } = readYaml(text, place)
  if (top === undefined) return { frontMatter: DEFAULTS, problems: faults, readable: false }
  const problems: Problem[] = []
  const report = (problem: Problem): void => void problems.push(problem)
  if (top.value === null) return { frontMatter: DEFAULTS, problems, readable: true }
  if (top.fields === undefined) {
    report({ code: 'STK2001', why: 'Front matter is a map of keys, such as `access: public`.', start: top.start, end: top.end })
    return { frontMatter: DEFAULTS, problems, readable: false }
  }

  const fields = new Map<string, YamlField>()
  for (const field of top.fields) {
    if (KEYS.includes(field.key)) fields.set(field.key, field)
    else report({ code: 'STK2001', why: `There is no key "${field.key}". ${suggestion(field.key, KEYS)}`, ...field.keyPlace })
  }
  const read = <T>(key: string, reader: (value: YamlValue, report: Report) => T | undefined): T | undefined => {
    const field = fields.get(key)
    return field === undefined ? undefined : reader(field.value, report)
  }

  const target = fields.get('target')
  if (target !== undefined && fields.has('database')) {
    const why = '`target` means `database`, which is given too.'
    report({ code: 'STK2001', why, fix: 'Remove one of them.', ...target.keyPlace })
  }
  const { declared, inputs } = read('params', readParams) ?? { declared: [], inputs: [] }
  const frontMatter: FrontMatter = {
    access: read('access', readAccess) ?? DEFAULTS.access,
    declared,
    inputs,
    result: read('returns', readResult) ?? DEFAULTS.result,
    ...present('database', read('database', readText) ?? read('target', readText)),
    ...present('cache', read('cache', readCache)),
    ...present('description', read('description', readText)?.value),
    ...present('timeout', read('timeout', readTimeout)),
  }
  return { frontMatter, problems, readable: true }
}

const KEYS: readonly string[] = ['access', 'database', 'target', 'params', 'returns', 'cache', 'description', 'timeout']

function present<Key extends string, T>(key: Key, value: T | undefined): { [K in Key]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: T }
}
