import { canonicalJson } from '@santokit/bridge/manifest'
import type { Digest } from '@santokit/bridge/manifest'
import { z } from 'zod'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaStatement } from '../contract.ts'
import type { Fingerprint } from '../state/fingerprint.ts'

/** The only version of plan files there is. It grows when an older `stk` could misread a newer plan. */
export const PLAN_VERSION = 1

/** What would be done to the schema of one database. */
export interface SchemaPlan {
  readonly project: string
  readonly alias: string
  readonly driver: 'pg' | 'libsql'
  readonly engine: { readonly name: string; readonly version: string | null }
  /** Which database, see `identify`. */
  readonly target: Digest
  /** What the sources manage there. */
  readonly schemas: readonly string[]
  readonly exclude: readonly string[]
  /** What each source held, by its path from the repository root. */
  readonly sources: { readonly [path: string]: Digest }
  /** The schema that was found. */
  readonly live: Fingerprint
  /** The schema that is to be. */
  readonly desired: Fingerprint
  /** Empty: it is up to date. */
  readonly statements: readonly SchemaStatement[]
  /** What the sources ask for and the engine does nothing about, such as a view it does not know: `view public.recent is missing`. */
  readonly unplanned: readonly string[]
}

/** What `stk schema plan --out` writes. */
export interface PlanFile {
  readonly schemaPlan: typeof PLAN_VERSION
  readonly environment: string
  /** By project and alias. */
  readonly plans: readonly SchemaPlan[]
}

const MEGABYTE = 1024 * 1024
/** No plan that a person approves comes near. */
const MAX_BYTES = 16 * MEGABYTE

const text = (max: number) => z.string().max(max)
const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)])
const name = text(1000).min(1)
const fingerprint = z.record(name, z.record(name, z.string().regex(/^[0-9a-f]{16}$/)))

const statement = z.strictObject({
  sql: text(MEGABYTE).min(1),
  risk: z.enum(['additive', 'locking', 'unknown', 'data-losing']),
  why: text(1000),
  drops: z.array(name).max(1000),
  objects: z.array(name).max(1000),
  transactional: z.boolean(),
}) satisfies z.ZodType<SchemaStatement>

const plan = z.strictObject({
  project: name,
  alias: name,
  driver: z.enum(['pg', 'libsql']),
  engine: z.strictObject({ name, version: text(200).nullable() }),
  target: digest,
  schemas: z.array(name).max(1000),
  exclude: z.array(name).max(1000),
  sources: z.record(name, digest),
  live: fingerprint,
  desired: fingerprint,
  statements: z.array(statement).max(20_000),
  unplanned: z.array(text(2000)).max(20_000),
}) satisfies z.ZodType<SchemaPlan>

const planFile = z.strictObject({
  schemaPlan: z.literal(PLAN_VERSION),
  environment: name,
  plans: z.array(plan).min(1).max(1000),
}) satisfies z.ZodType<PlanFile>

/** A plan as a file: the same plan gives the same bytes on every machine. */
export function writePlanFile(environment: string, plans: readonly SchemaPlan[]): string {
  const sorted = [...plans].sort((a, b) => (`${a.project} ${a.alias}` < `${b.project} ${b.alias}` ? -1 : 1))
  const file: PlanFile = { schemaPlan: PLAN_VERSION, environment, plans: sorted }
  // Sorted keys, then in lines, since people read it, too.
  return `${JSON.stringify(JSON.parse(canonicalJson(file)), null, 2)}\n`
}

/**
 * Reads a plan file, believing nothing of it yet but its form.
 *
 * @param shown its path, for messages.
 * @throws StkError STK6005
 */
export function readPlanFile(content: string, shown: string): PlanFile {
  const not = (why: string, fix: string): StkError => new StkError('STK6005', { why: `${shown} ${why}`, fix, where: { file: shown } })
  const again = 'Make it again: stk schema plan --out FILE'
  if (content.length > MAX_BYTES) throw not('is larger than any plan.', again)
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    throw not('is not JSON.', again)
  }
  const version: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'schemaPlan') : undefined
  if (version === undefined) throw not('is no schema plan.', again)
  if (version !== PLAN_VERSION) throw not(`is a plan of version ${JSON.stringify(version)?.slice(0, 20)}, and this stk reads version ${PLAN_VERSION}.`, 'Plan and apply with the same version of @santokit/core.')
  const parsed = planFile.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw not(`is not as stk writes it: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(), again)
  }
  return parsed.data
}
