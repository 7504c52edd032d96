import { canonicalJson, type Digest } from '@santokit/bridge/manifest'
import { z } from 'zod'
import { StkError } from '../../diagnostics/index.ts'
import type { PlannedStep } from '../../plugin/contract.ts'

/** The only version of plan files there is. It grows when an older `stk` could misread a newer plan. */
export const RELEASE_PLAN_VERSION = 1

/** What would be released to one target, and all that it was made from. */
export interface PlannedRelease {
  readonly project: string
  readonly target: string
  readonly type: string
  /** What the config says of the project and the target. */
  readonly config: Digest
  /** What each logic came to, by path. */
  readonly logic: { readonly [path: string]: Digest }
  /** What else the bundle holds, by what a person calls it. */
  readonly settings: { readonly [name: string]: Digest }
  readonly bundle: Digest
  readonly package: Digest
  /** The commit. For the message when the package differs; it binds nothing. */
  readonly revision: string | null
  /** What was live. */
  readonly live: { readonly id: string; readonly digest: Digest } | null
  /** The platform's version of what was looked at. */
  readonly observed: string
  readonly steps: readonly PlannedStep[]
  /** Names of secrets that the release may set: nothing else was there yet that could hold them. */
  readonly secrets: readonly string[]
}

/** What `stk plan --out` writes. */
export interface ReleasePlanFile {
  readonly releasePlan: typeof RELEASE_PLAN_VERSION
  /** The version of Santokit that planned. */
  readonly generator: string
  readonly environment: string
  /** Flags of targets that were given. */
  readonly flags: { readonly [name: string]: string | true }
  /** By project and target. */
  readonly releases: readonly PlannedRelease[]
}

const MEGABYTE = 1024 * 1024
/** No plan that a person approves comes near. */
const MAX_BYTES = 16 * MEGABYTE

const text = (max: number) => z.string().max(max)
const name = text(1000).min(1)
const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)])

const step = z.strictObject({
  action: z.enum(['create', 'update', 'upload', 'skip', 'delete']), subject: text(4000), bytes: z.number().int().nonnegative().optional(),
}) satisfies z.ZodType<PlannedStep>

const release = z.strictObject({
  project: name, target: name, type: name,
  config: digest, logic: z.record(name, digest), settings: z.record(name, digest), bundle: digest, package: digest,
  revision: text(200).nullable(),
  live: z.strictObject({ id: name, digest }).nullable(),
  observed: text(20_000),
  steps: z.array(step).max(100_000),
  secrets: z.array(name).max(10_000),
}) satisfies z.ZodType<PlannedRelease>

const planFile = z.strictObject({
  releasePlan: z.literal(RELEASE_PLAN_VERSION),
  generator: name,
  environment: name,
  flags: z.record(name, z.union([text(4000), z.literal(true)])),
  releases: z.array(release).min(1).max(1000),
}) satisfies z.ZodType<ReleasePlanFile>

/** A plan as a file: the same plan gives the same bytes on every machine. */
export function writeReleasePlan(file: Omit<ReleasePlanFile, 'releasePlan'>): string {
  const sorted = [...file.releases].sort((a, b) => (`${a.project} ${a.target}` < `${b.project} ${b.target}` ? -1 : 1))
  // Sorted keys, then in lines, since people read it, too.
  return `${JSON.stringify(JSON.parse(canonicalJson({ ...file, releasePlan: RELEASE_PLAN_VERSION, releases: sorted })), null, 2)}\n`
}

/**
 * Reads a plan file, believing nothing of it yet but its form.
 *
 * @param shown its path, for messages.
 * @throws StkError STK4010
 */
export function readReleasePlan(content: string, shown: string): ReleasePlanFile {
  const not = (why: string, fix: string): StkError => new StkError('STK4010', { why: `${shown} ${why}`, fix, where: { file: shown } })
  const again = 'Make it again: stk plan --out FILE'
  if (content.length > MAX_BYTES) throw not('is larger than any plan.', again)
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    throw not('is not JSON.', again)
  }
  const said = (key: string): unknown => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined)
  if (said('schemaPlan') !== undefined) throw not('is a plan of a schema, not of a release.', `stk schema apply ${shown}`)
  const version = said('releasePlan')
  if (version === undefined) throw not('is no plan of a release.', again)
  if (version !== RELEASE_PLAN_VERSION) {
    throw not(`is a plan of version ${JSON.stringify(version)?.slice(0, 20)}, and this stk reads version ${RELEASE_PLAN_VERSION}.`, 'Plan and release with the same version of @santokit/core.')
  }
  const parsed = planFile.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw not(`is not as stk writes it: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(), again)
  }
  return parsed.data
}
