import type { Access, CacheEntry, SqlResult } from '@santokit/bridge/manifest'
import { nearest, suggestion } from '../../diagnostics/index.ts'
import { parseDuration } from '../duration.ts'
import type { Problem } from '../source.ts'
import { placeOf, type Place, type YamlValue } from './yaml.ts'

/** Something that may yet prove wrong, and where it stands. */
export interface Placed<T> extends Place {
  readonly value: T
}

/** Takes a problem that has been found. */
export type Report = (problem: Problem) => void

const RESULTS: readonly SqlResult[] = ['rows', 'row', 'row?', 'value', 'affected']

const DURATION_FIX = 'Write a duration: `500ms`, `30s`, `5m`, `1h`, `1d`, or milliseconds.'

/** Any text that is not blank. */
export function readText(given: YamlValue, report: Report): Placed<string> | undefined {
  if (typeof given.value === 'string' && given.value.trim() !== '') return { value: given.value, ...placeOf(given) }
  report({ code: 'STK2001', why: 'This must be text.', ...placeOf(given) })
  return undefined
}

/** The value of `access`. */
export function readAccess(given: YamlValue, report: Report): Access | undefined {
  const { value } = given
  if (value === 'public' || value === 'authenticated') return value
  if (Array.isArray(value) && value.length > 0 && value.every(isRole) && new Set(value).size === value.length) return value
  report({ code: 'STK2001', ...accessFault(value), ...placeOf(given) })
  return undefined
}

function isRole(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.trim() === value && value !== 'public'
}

function accessFault(value: unknown): Pick<Problem, 'why' | 'fix'> {
  const rule = 'Access is `public`, `authenticated` or a list of roles.'
  if (Array.isArray(value)) {
    if (value.includes('public')) return { why: '`public` is no role.', fix: 'Write `access: public`.' }
    return { why: value.length === 0 ? 'The list of roles is empty.' : 'Roles are texts, each given once.', fix: rule }
  }
  if (typeof value !== 'string' || value === '') return { why: rule }
  const near = nearest(value, ['public', 'authenticated'])
  const fix = near === undefined ? `For a role, write \`access: [${value}]\`.` : `Write \`access: ${near}\`.`
  return { why: `There is no access "${value}".`, fix }
}

/** The value of `returns`. */
export function readResult(given: YamlValue, report: Report): Placed<SqlResult> | undefined {
  const result = RESULTS.find((candidate) => candidate === given.value)
  if (result !== undefined) return { value: result, ...placeOf(given) }
  const why = typeof given.value === 'string' ? `Nothing is returned as "${given.value}".` : '`returns` says what comes back.'
  const near = typeof given.value === 'string' ? nearest(given.value, RESULTS) : undefined
  const fix = near === undefined ? `Write one of ${RESULTS.join(', ')}.` : `Write \`${near}\`.`
  report({ code: 'STK2001', why, fix, ...placeOf(given) })
  return undefined
}

/** The value of `cache`: a duration, or `ttl` and `staleWhileRevalidate`. */
export function readCache(given: YamlValue, report: Report): Placed<CacheEntry> | undefined {
  if (given.fields === undefined) {
    const ttl = readDuration(given, report, 1)
    return ttl === undefined ? undefined : { value: { ttl }, ...placeOf(given) }
  }
  const keys = ['ttl', 'staleWhileRevalidate']
  for (const { key, keyPlace } of given.fields) {
    if (keys.includes(key)) continue
    report({ code: 'STK2001', why: `\`cache\` has no key "${key}". ${suggestion(key, keys)}`, ...keyPlace })
  }
  const find = (key: string): YamlValue | undefined => given.fields?.find((field) => field.key === key)?.value
  const [fresh, stale] = [find('ttl'), find('staleWhileRevalidate')]
  if (fresh === undefined) {
    report({ code: 'STK2001', why: '`cache` lacks `ttl`, how long an answer is fresh.', ...placeOf(given) })
    return undefined
  }
  const ttl = readDuration(fresh, report, 1)
  const staleWhileRevalidate = stale === undefined ? undefined : readDuration(stale, report, 0)
  if (ttl === undefined) return undefined
  return { value: { ttl, ...(staleWhileRevalidate === undefined ? {} : { staleWhileRevalidate }) }, ...placeOf(given) }
}

/** The value of `timeout`, in milliseconds. */
export function readTimeout(given: YamlValue, report: Report): number | undefined {
  return readDuration(given, report, 1)
}

function readDuration(given: YamlValue, report: Report, atLeast: 0 | 1): number | undefined {
  const { value } = given
  const milliseconds = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined
  if (milliseconds !== undefined && milliseconds >= atLeast) return milliseconds
  const why = milliseconds === undefined ? 'This is no duration.' : 'This must be longer than nothing.'
  report({ code: 'STK2001', why, fix: milliseconds === undefined ? DURATION_FIX : 'Leave the key out.', ...placeOf(given) })
  return undefined
}
