import { canonicalJson, DEFAULT_LIMITS, type Access, type IssuerEntry, type LogicEntry, type Manifest } from '@santokit/bridge/manifest'
import { judgeParams, judgeReturns } from './judge-schemas.ts'
import { impact, SEVERITIES, type Impact } from './rules.ts'

/** What lies between two manifests of a project. */
export interface ManifestChanges {
  /** Paths, sorted; of private logic, too. */
  readonly added: readonly string[]
  readonly changed: readonly ChangedLogic[]
  readonly removed: readonly string[]
  /** Settings of the project that differ, such as `auth`, sorted. */
  readonly settings: readonly string[]
  /** What it does to clients: the worst first, then by subject. */
  readonly impacts: readonly Impact[]
}

export interface ChangedLogic {
  readonly path: string
  /** What of it differs: `sql`, `code`, `params`, `access`, …; sorted. */
  readonly parts: readonly string[]
}

/** Compares what is live with what is to be, and judges what that does to clients. */
export function compareManifests(before: Manifest, after: Manifest): ManifestChanges {
  const [was, is] = [before.logic, after.logic]
  const added = Object.keys(is).filter((path) => !Object.hasOwn(was, path)).sort()
  const removed = Object.keys(was).filter((path) => !Object.hasOwn(is, path)).sort()
  const changed = Object.entries(is).flatMap(([path, entry]): readonly ChangedLogic[] => {
    const old = was[path]
    const parts = old === undefined ? [] : partsThatDiffer(old, entry, before, after)
    return parts.length === 0 ? [] : [{ path, parts }]
  })
  const impacts = [
    ...added.flatMap((path) => (is[path]?.private === false ? [impact('logic-added', path, 'is new')] : [])),
    ...removed.flatMap((path) => (was[path]?.private === false ? [gone(path, is)] : [])),
    ...changed.flatMap(({ path }) => judgeLogic(path, was[path], is[path], before, after)),
    ...judgeProject(before, after),
  ]
  return { added, changed: changed.sort(byPath), removed, settings: settingsThatDiffer(before, after), impacts: impacts.sort(worstFirst) }
}

/** How many impacts there are of each severity. */
export function countImpacts(impacts: readonly Impact[]): Readonly<Record<Impact['severity'], number>> {
  const count = (severity: Impact['severity']): number => impacts.filter((each) => each.severity === severity).length
  return { breaking: count('breaking'), risky: count('risky'), safe: count('safe') }
}

function gone(path: string, is: Manifest['logic']): Impact {
  const steps = path.split('/')
  const hidden = steps.map((_, at) => steps.map((step, index) => (index === at ? `_${step}` : step)).join('/')).find((name) => is[name]?.private === true)
  return hidden === undefined ? impact('logic-removed', path, 'is gone') : impact('logic-private', path, `answers other logic only: it is ${hidden} now`)
}

function judgeLogic(path: string, was: LogicEntry | undefined, is: LogicEntry | undefined, before: Manifest, after: Manifest): readonly Impact[] {
  if (was === undefined || is === undefined || (was.private && is.private)) return []
  if (is.private) return [impact('logic-private', path, 'answers other logic only')]
  if (was.private) return [impact('logic-added', path, 'can be called now')]
  return [
    ...judgeAccess(path, was.access, is.access), ...judgeParams(was.params, is.params, path), ...judgeReturns(was.returns, is.returns, path),
    ...judgeCache(path, was, is), ...judgeTimeout(path, was, is, before, after),
  ]
}

function judgeAccess(path: string, was: Access, is: Access): readonly Impact[] {
  const words = `${accessWords(was)} → ${accessWords(is)}`
  const level = (access: Access): number => (access === 'public' ? 0 : access === 'authenticated' ? 1 : 2)
  if (typeof was === 'string' || typeof is === 'string') {
    if (level(was) === level(is)) return []
    return [level(is) > level(was) ? impact('access-tightened', path, words) : impact('access-opened', path, words)]
  }
  const [gained, lost] = [is.filter((role) => !was.includes(role)), was.filter((role) => !is.includes(role))]
  return [
    ...(lost.length === 0 ? [] : [impact('access-tightened', path, `no longer for ${lost.join(', ')}`)]),
    ...(gained.length === 0 ? [] : [impact('access-opened', path, `for ${gained.join(', ')}, too`)]),
  ]
}

function accessWords(access: Access): string {
  return typeof access === 'string' ? access : `[${access.join(', ')}]`
}

function judgeCache(path: string, was: LogicEntry, is: LogicEntry): readonly Impact[] {
  const found: Impact[] = []
  if (was.cache !== undefined && is.cache === undefined) found.push(impact('get-removed', path, `GET /call/${path} no longer answers`))
  if (was.cache === undefined && is.cache !== undefined) found.push(impact('get-added', path, `GET /call/${path} answers`))
  const age = ({ cache }: LogicEntry): number => (cache === undefined ? 0 : cache.ttl + (cache.staleWhileRevalidate ?? 0))
  if (was.cache !== undefined && age(is) > age(was)) found.push(impact('cache-longer', path, `answers may be ${age(is) / 1000} s old; they were ${age(was) / 1000} s old at most`))
  return found
}

/** Of a logic whose own time changed; the project's limit is a setting, and judged as one. */
function judgeTimeout(path: string, was: LogicEntry, is: LogicEntry, before: Manifest, after: Manifest): readonly Impact[] {
  if (was.timeout === is.timeout) return []
  const [old, now] = [was.timeout ?? before.limits.timeout, is.timeout ?? after.limits.timeout]
  return now < old ? [impact('timeout-shorter', path, `gives up after ${now / 1000} s; it was ${old / 1000} s`)] : []
}

function judgeProject(before: Manifest, after: Manifest): readonly Impact[] {
  return [...judgeAuth(before, after), ...judgeCors(before, after), ...judgeLimits(before, after), ...judgeDatabases(before, after), ...judgeAddress(before, after)]
}

function judgeAuth(before: Manifest, after: Manifest): readonly Impact[] {
  const by = (entries: readonly IssuerEntry[]): ReadonlyMap<string, IssuerEntry> => new Map(entries.map((entry) => [entry.issuer, entry]))
  const [was, is] = [by(before.auth.issuers), by(after.auth.issuers)]
  return [
    ...(before.auth.mode === after.auth.mode ? [] : [impact('auth-mode', 'auth', `${before.auth.mode} → ${after.auth.mode}`)]),
    ...[...was.keys()].filter((name) => !is.has(name)).map((name) => impact('issuer-removed', 'auth', `tokens of ${name} are refused`)),
    ...[...is.keys()].filter((name) => !was.has(name)).map((name) => impact('issuer-added', 'auth', `tokens of ${name} are believed`)),
    ...[...is].flatMap(([name, entry]) => judgeIssuer(name, was.get(name), entry)),
  ]
}

function judgeIssuer(name: string, was: IssuerEntry | undefined, is: IssuerEntry): readonly Impact[] {
  if (was === undefined) return []
  const lost = [...was.audience.filter((one) => !is.audience.includes(one)), ...was.algorithms.filter((one) => !is.algorithms.includes(one))]
  const narrowed = lost.length === 0 ? [] : [impact('issuer-narrowed', 'auth', `${name}: tokens for or by ${lost.join(', ')} are refused`)]
  const strip = ({ audience, algorithms, ...rest }: IssuerEntry) => ({ ...rest, more: [...audience, ...algorithms].filter((one) => !lost.includes(one)).sort() })
  return canonicalJson(strip(was)) === canonicalJson(strip(is)) ? narrowed : [...narrowed, impact('issuer-changed', 'auth', `${name}: how its tokens are read has changed`)]
}

function judgeCors(before: Manifest, after: Manifest): readonly Impact[] {
  const [was, is] = [before.cors?.origins ?? [], after.cors?.origins ?? []]
  const lost = is.includes('*') ? [] : was.filter((origin) => !is.includes(origin))
  const won = was.includes('*') ? [] : is.filter((origin) => !was.includes(origin))
  return [
    ...(lost.length === 0 ? [] : [impact('cors-narrowed', 'cors', `browsers at ${lost.join(', ')} can no longer call it`)]),
    ...(won.length === 0 ? [] : [impact('cors-opened', 'cors', `browsers at ${won.join(', ')} can call it`)]),
  ]
}

function judgeLimits(before: Manifest, after: Manifest): readonly Impact[] {
  const [was, is] = [{ ...DEFAULT_LIMITS, ...before.limits }, { ...DEFAULT_LIMITS, ...after.limits }]
  return (Object.keys(is) as (keyof typeof is)[]).sort().flatMap((name) => (is[name] < was[name] ? [impact('limit-lowered', 'limits', `${name} ${was[name]} → ${is[name]}`)] : []))
}

function judgeDatabases(before: Manifest, after: Manifest): readonly Impact[] {
  const names = [...new Set([...Object.keys(before.databases), ...Object.keys(after.databases)])].sort()
  return names.flatMap((name) => {
    const [was, is] = [before.databases[name], after.databases[name]]
    if (was === undefined || is === undefined) return [impact('database-changed', 'databases', `${name} is ${was === undefined ? 'new' : 'gone'}`)]
    if (was.driver !== is.driver) return [impact('database-changed', 'databases', `${name}: ${was.driver} → ${is.driver}`)]
    const rls = (entry: typeof was): boolean => entry.driver === 'pg' && entry.rls
    const found = rls(was) === rls(is) ? [] : [impact('database-changed', 'databases', `${name}: row level security is ${rls(is) ? 'on' : 'off'}`)]
    const place = ({ url }: typeof was): string => canonicalJson(url)
    return place(was) === place(is) ? found : [...found, impact('database-changed', 'databases', `${name}: its URL comes from elsewhere`)]
  })
}

function judgeAddress({ baseUrl: was }: Manifest, { baseUrl: is }: Manifest): readonly Impact[] {
  return was === is || was === undefined ? [] : [impact('base-url', 'baseUrl', `${was} → ${is ?? 'none'}`)]
}

function partsThatDiffer(was: LogicEntry, is: LogicEntry, before: Manifest, after: Manifest): readonly string[] {
  const old = new Map(parts(was, before))
  const now = new Map(parts(is, after))
  return [...new Set([...old.keys(), ...now.keys()])].filter((part) => old.get(part) !== now.get(part)).sort()
}

/** A logic by what a person would say has changed. */
function parts(entry: LogicEntry, manifest: Manifest): readonly (readonly [part: string, content: string])[] {
  const { access, params, returns, cache, timeout, description, kind, private: isPrivate } = entry
  const own = kind === 'sql'
    ? { sql: [entry.text, entry.bindings], database: entry.database, inputs: entry.inputs, returns: [returns, entry.result] }
    : { code: [entry.module, manifest.files[entry.module]?.digest], returns }
  const { inputs, ...rest } = { inputs: undefined, ...own }
  return Object.entries({ access, params: [params, inputs], cache, timeout, description, private: isPrivate, kind, ...rest })
    .filter(([, value]) => value !== undefined).map(([part, value]) => [part, canonicalJson(value)] as const)
}

/** Files of the bundle that no logic is named by count as `shared code`: chunks that several import. */
function settingsThatDiffer(before: Manifest, after: Manifest): readonly string[] {
  const of = (manifest: Manifest): ReadonlyMap<string, string> => {
    const modules = new Set(Object.values(manifest.logic).map((entry) => (entry.kind === 'module' ? entry.module : '')))
    const { manifestVersion: _, digest: __, project: ___, logic: ____, files, generator, ...settings } = manifest
    const shared = Object.entries(files).filter(([path]) => !modules.has(path))
    return new Map([
      ...Object.entries(settings).filter(([, value]) => value !== undefined).map(([name, value]) => [name, canonicalJson(value)] as const),
      ['shared code', canonicalJson(shared)], ['the version of Santokit', generator],
    ])
  }
  const [old, now] = [of(before), of(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name)).sort()
}

function byPath(a: ChangedLogic, b: ChangedLogic): number {
  return a.path < b.path ? -1 : 1
}

function worstFirst(a: Impact, b: Impact): number {
  const rank = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
  if (rank !== 0) return rank
  return `${a.subject} ${a.what}` < `${b.subject} ${b.what}` ? -1 : 1
}
