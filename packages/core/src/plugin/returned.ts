import type { Artifact } from '../artifact/artifact.ts'
import { named } from './check.ts'
import type { Release, ReleasePlan } from './contract.ts'

/*
 * What a plugin's method returned, held against its type: it may come from plain JavaScript, or have been compiled for another
 * version. Called inside of `host.attribute`, so that the plugin is named and not whatever trips over it later.
 */

/** @throws TypeError that says which member is wrong. */
export function returnedArtifact<T extends Artifact>(value: T): T {
  hold('the package', value, { digest: isDigest, files: Array.isArray })
  value.files.forEach((file, index) => {
    hold(`files[${index}] of the package`, file, { path: isText, digest: isDigest, bytes: (bytes) => bytes instanceof Uint8Array })
  })
  return value
}

/** @throws TypeError that says which member is wrong. */
export function returnedPlan(value: ReleasePlan): ReleasePlan {
  hold('the plan', value, { from: (from) => typeof from === 'object', to: isDigest, steps: Array.isArray, bytes: isSize, observed: (observed) => typeof observed === 'string' })
  value.steps.forEach((step, index) => { hold(`steps[${index}] of the plan`, step, { action: isText, subject: isText }) })
  return value
}

/** @throws TypeError that says which member is wrong. */
export function returnedRelease(value: Release): Release {
  hold('the release', value, { id: isText, project: isText, target: isText, environment: isText, digest: isDigest, at: isText })
  return value
}

function hold(what: string, value: unknown, members: Readonly<Record<string, (member: unknown) => boolean>>): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`it returned ${named(value)}, and ${what} is an object.`)
  for (const [name, fits] of Object.entries(members)) {
    const member: unknown = Reflect.get(value, name)
    if (!fits(member)) throw new TypeError(`\`${name}\` of ${what} is ${named(member)} that does not fit; see its type.`)
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value)
}

function isSize(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
