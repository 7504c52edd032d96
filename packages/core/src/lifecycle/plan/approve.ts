import { StkError } from '../../diagnostics/index.ts'
import type { Release } from '../../plugin/contract.ts'
import type { PlannedRelease } from './format.ts'

/** What an approved plan comes to, now that everything was made and looked at again. */
export type Approval =
  | 'as planned'
  /** It is live already. */
  | 'done before'
  /** An earlier run was interrupted after it had gone live. */
  | 'to be finished'

/**
 * Holds a planned release against one made just now.
 *
 * @param live what is live by the platform's own list, if it keeps one.
 * @throws StkError STK4011 naming what moved: the version of Santokit, config, logic, what is packaged, secrets or the platform.
 */
export function approveRelease(planned: PlannedRelease, now: PlannedRelease, live: Release | undefined, versions: readonly [planned: string, now: string]): Approval {
  const stale = (why: string, fix: string | readonly string[] = 'Plan again, have it approved, then release that: stk plan --out FILE'): StkError =>
    new StkError('STK4011', { why: `${why} Nothing was changed.`, fix, project: planned.project, target: planned.target })
  if (versions[0] !== versions[1]) throw stale(`It was planned by ${versions[0]}, and this is ${versions[1]}.`, 'Plan and release with the same version of @santokit/core.')
  if (planned.type !== now.type || planned.config !== now.config) throw stale(`The config of ${planned.project} → ${planned.target} has changed since.`)
  if (planned.bundle !== now.bundle) throw stale(`The code has moved since: ${whatMoved(planned, now)}.${commits(planned, now)}`, ['Check out what was planned.', 'Or plan again: stk plan --out FILE'])
  if (planned.package !== now.package) {
    throw stale(`The bundle is the one that was planned, and what is packaged is not.${commits(planned, now)}`, [
      ...(planned.revision === now.revision ? [] : ['The commit is part of what is packaged: check out the one that was planned.']),
      'What the target adds may have moved, such as a base image: plan again: stk plan --out FILE',
    ])
  }
  const wanted = now.steps.filter(({ action }) => action !== 'skip')
  if (wanted.length === 0 && now.secrets.length === 0) return 'done before'
  if (now.secrets.some((name) => !planned.secrets.includes(name))) {
    throw stale(`It was to set ${namesOf(planned.secrets)} with the release, and now would set ${namesOf(now.secrets)}.`)
  }
  const known = (step: (typeof wanted)[number]): boolean =>
    step.action === 'upload' || planned.steps.some(({ action, subject }) => action === step.action && subject === step.subject)
  const more = wanted.filter((step) => !step.subject.startsWith('secret ') && !known(step))
  if (planned.observed === now.observed) {
    if (more.length === 0) return 'as planned'
    throw stale(`It would do more than was planned: ${more.map(({ action, subject }) => `${action} ${subject}`).join('; ')}.`)
  }
  if (live?.digest === planned.bundle && more.length === 0) return 'to be finished'
  const is = now.live?.id ?? 'nothing'
  const was = planned.live?.id ?? 'nothing'
  throw stale(is === was
    ? `The platform has changed since: ${is} is live as before, and what is around it is not.`
    : `The platform has moved since: ${is} is live now, and this was planned when ${was} was.`, ['stk releases shows what happened.', 'Then plan again: stk plan --out FILE'])
}

/** What of a bundle differs, in a person's words. */
function whatMoved(planned: PlannedRelease, now: PlannedRelease): string {
  const logic = differences(planned.logic, now.logic).map((path) => {
    if (planned.logic[path] === undefined) return `${path} is new`
    return now.logic[path] === undefined ? `${path} is gone` : `${path} changed`
  })
  const settings = differences(planned.settings, now.settings).map((name) => `${name} changed`)
  const all = [...logic, ...settings]
  return `${all.slice(0, 12).join('; ')}${all.length > 12 ? `; and ${all.length - 12} more` : ''}` || 'the bundle is another one'
}

function commits({ revision: was }: PlannedRelease, { revision: is }: PlannedRelease): string {
  return was === is ? '' : ` It was planned at ${short(was)}, and this is ${short(is)}.`
}

function short(revision: string | null): string {
  return revision === null ? 'no known commit' : revision.replace(/^([0-9a-f]{10})[0-9a-f]*/, '$1')
}

function namesOf(names: readonly string[]): string {
  return names.length === 0 ? 'no secret' : names.join(', ')
}

function differences(before: { readonly [key: string]: string }, now: { readonly [key: string]: string }): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].sort().filter((key) => before[key] !== now[key])
}
