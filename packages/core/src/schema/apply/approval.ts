import { canonicalJson } from '@santokit/bridge/manifest'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaStatement } from '../contract.ts'
import type { SchemaPlan } from '../plan/format.ts'
import { driftBetween, driftText } from '../state/fingerprint.ts'

/** What an approved plan comes to, now that everything was looked at again. */
export type Approval =
  | { readonly kind: 'as planned' }
  /** All of it is there already. */
  | { readonly kind: 'done before' }
  /** An earlier run was interrupted: the first statements are there, these are left. */
  | { readonly kind: 'to be finished'; readonly done: number; readonly left: readonly SchemaStatement[] }

/**
 * Holds an approved plan against one made just now.
 *
 * @throws StkError STK6006 when the database, the files or the config are not what they were, naming what differs; STK6007 when all is as it
 *   was and the plan still says something else.
 */
export function approve(approved: SchemaPlan, fresh: SchemaPlan): Approval {
  const place = { project: approved.project, target: approved.alias }
  const stale = (why: string, fix = 'Plan again, have it approved, then apply that: stk schema plan --out FILE'): StkError => new StkError('STK6006', { why: `${why} Nothing was changed.`, fix, ...place })
  if (fresh.target !== approved.target) throw stale('It was planned for another database.', 'Check --env and where the secrets are read from: stk inspect')
  const files = differences(approved.sources, fresh.sources)
  if (files.length > 0) throw stale(`Schema files have changed since: ${files.join(', ')}.`)
  for (const key of ['driver', 'schemas', 'exclude'] as const) {
    if (canonicalJson(fresh[key]) !== canonicalJson(approved[key])) throw stale(`The config has changed since: \`${key}\` of ${approved.project}.${approved.alias}.`)
  }
  const drifts = driftBetween(approved.live, fresh.live)
  if (drifts.length === 0) {
    if (canonicalJson({ ...fresh, engine: null }) !== canonicalJson({ ...approved, engine: null })) throw notWhatWouldBeDone(approved, fresh)
    return { kind: 'as planned' }
  }
  if (approved.statements.length > 0 && isOnTheWay(approved, fresh)) {
    if (fresh.statements.length === 0) return { kind: 'done before' }
    const done = approved.statements.length - fresh.statements.length
    const left = approved.statements.slice(done)
    if (done > 0 && left.every(({ sql }, at) => sql === fresh.statements[at]?.sql)) return { kind: 'to be finished', done, left }
  }
  throw stale(`The database has changed since: ${listed(drifts.map(driftText))}.`)
}

/** Whether each part is as it was, or as it is to be: what an interrupted run of the same plan leaves, or a finished one. */
function isOnTheWay(approved: SchemaPlan, fresh: SchemaPlan): boolean {
  return driftBetween(approved.live, fresh.live).every(({ object, part }) => {
    const [now, desired] = [fresh.live[object], approved.desired[object]]
    if (part === undefined) return canonicalJson(now ?? null) === canonicalJson(desired ?? null) || isPartOf(now, desired)
    return now?.[part] === desired?.[part]
  })
}

/** A new table whose indexes are not all there yet. */
function isPartOf(now: SchemaPlan['live'][string] | undefined, desired: SchemaPlan['live'][string] | undefined): boolean {
  return now !== undefined && desired !== undefined && Object.entries(now).every(([part, hash]) => desired[part] === hash)
}

function notWhatWouldBeDone(approved: SchemaPlan, fresh: SchemaPlan): StkError {
  const at = fresh.statements.findIndex((statement, index) => canonicalJson(statement) !== canonicalJson(approved.statements[index] ?? null))
  const where = at === -1
    ? approved.statements.length > fresh.statements.length ? `It has ${approved.statements.length - fresh.statements.length} statements more.` : 'It differs beside its statements.'
    : `Statement ${at + 1} differs.`
  const versions = [approved.engine, fresh.engine].map(({ name, version }) => `${name}${version === null ? '' : ` ${version}`}`)
  const engine = versions[0] === versions[1] ? '' : ` It was made with ${versions[0] ?? ''}, and this is ${versions[1] ?? ''}.`
  return new StkError('STK6007', {
    why: `Database and files are as they were, and yet the plan is not what would be done. ${where}${engine} Nothing was changed.`,
    fix: engine === '' ? 'The file was edited. Change the schema files instead, and plan again: stk schema plan --out FILE' : 'Plan and apply with the same version of the engine.',
    project: approved.project,
    target: approved.alias,
  })
}

function differences(before: { readonly [path: string]: string }, now: { readonly [path: string]: string }): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].sort().filter((path) => before[path] !== now[path])
}

/** The first few, and how many more. */
function listed(items: readonly string[]): string {
  const shown = items.slice(0, 12)
  return `${shown.join('; ')}${items.length > shown.length ? `; and ${items.length - shown.length} more` : ''}`
}
