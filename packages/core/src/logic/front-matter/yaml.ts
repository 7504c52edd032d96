import { isMap, isScalar, parseDocument, visit, type Node } from 'yaml'
import type { Problem } from '../source.ts'

/** Where something stands: offsets into a file's text. */
export interface Place {
  readonly start: number
  readonly end: number
}

/** Only the place of something that has one. */
export function placeOf({ start, end }: Place): Place {
  return { start, end }
}

/** A value and where it stands. */
export interface YamlValue extends Place {
  /** Plain data. A whole number is a `number` if it is safe (up to 2^53), else a `bigint`. */
  readonly value: unknown
  /** The entries of a map, in the order of writing. */
  readonly fields?: readonly YamlField[]
}

export interface YamlField {
  readonly key: string
  readonly keyPlace: Place
  readonly value: YamlValue
}

/**
 * Reads the YAML between two offsets of `text` and remembers where everything stands.
 *
 * Refuses what is no YAML 1.2, unknown tags, a key given twice, anchors and aliases.
 */
export function readYaml(
  text: string,
  { start, end }: Place,
): { readonly value?: YamlValue; readonly problems: readonly Problem[] } {
  const yaml = text.slice(start, end).replace(LIST_MARK, STAND_IN)
  const document = parseDocument(yaml, { intAsBigInt: true, prettyErrors: false, logLevel: 'error' })
  const placed = (range: readonly number[] | null | undefined): Place => {
    const [from = 0, to = from] = range ?? []
    return { start: Math.min(start + from, end), end: Math.min(start + to, end) }
  }
  const problems: Problem[] = [...document.errors, ...document.warnings].map((fault) => {
    const twice = fault.code === 'DUPLICATE_KEY'
    const why = twice ? 'This key is given twice.' : `The front matter is not valid YAML: ${restored(fault.message)}.`
    return { code: 'STK2001', why, ...(twice ? { fix: 'Remove one of them.' } : {}), ...placed(fault.pos) }
  })
  visit(document, {
    Alias(_, alias) {
      problems.push({ code: 'STK2001', why: 'Front matter has no aliases.', fix: 'Write the value out.', ...placed(alias.range) })
    },
  })
  if (problems.length > 0) return { problems }

  const valueOf = (node: Node | null, fallback: Place): YamlValue => {
    if (node === null) return { value: null, ...fallback }
    const place = placed(node.range)
    // An empty value has no width; what lacks one is its key.
    const value = { value: plain(node.toJS(document)), ...(place.start === place.end ? fallback : place) }
    if (!isMap(node)) return value
    return { ...value, fields: node.items.map((pair) => fieldOf(pair.key as Node, pair.value as Node | null)) }
  }
  const fieldOf = (key: Node, value: Node | null): YamlField => {
    const keyPlace = placed(key.range)
    return { key: restored(isScalar(key) ? String(key.value) : String(key)), keyPlace, value: valueOf(value, keyPlace) }
  }
  return { value: valueOf(document.contents, { start, end: start }), problems }
}

/**
 * The `[]` of `int[]`. Inside `{ … }` YAML takes it for the beginning of a list and fails, though `{ type: int[] }` is what
 * anyone would write; so it is hidden, under as many characters, while the YAML is parsed.
 */
const LIST_MARK = /(?<=[A-Za-z0-9_](?:\[\])*)\[\]/g
const STAND_IN = '\uE05B\uE05D'

function restored(text: string): string {
  return text.replaceAll(STAND_IN, '[]')
}

/** Whole numbers come as `bigint`, so that none loses digits; the safe ones become numbers again. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'string') return restored(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [restored(key), plain(item)]))
}
