import { isDeepStrictEqual } from 'node:util'
import { StkError, type Digest, type Release } from '@santokit/core'
import { z } from 'zod'
import { ARCHIVE, hexOf, numberOf, releaseId, type Scope } from './layout.ts'

/** The only version of the record that is read. */
export const RECORD_VERSION = 1

const digest = z.custom<Digest>((value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value), 'must be a sha256 digest')
const id = z.string().regex(/^\d{4,15}-[0-9a-f]{12}$/)

const record = z.object({
  version: z.literal(RECORD_VERSION),
  id,
  project: z.string(),
  target: z.string(),
  environment: z.string(),
  digest,
  revision: z.string().optional(),
  previous: id.optional(),
  restores: id.optional(),
  url: z.string(),
  at: z.iso.datetime(),
  /** Environment variables for a Bridge. */
  details: z.record(z.string(), z.string()).and(z.object({ BUNDLE_URL: z.string(), BUNDLE_SHA256: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** What the release is made of, by name. */
  files: z.record(z.string(), z.object({ digest, bytes: z.number().int().nonnegative() })),
})

/** A release as it is stored: everything about it, so that no list has to be kept elsewhere. */
export type ReleaseRecord = Readonly<z.output<typeof record>>

/** A file by what it must hold. */
export interface ExpectedFile {
  readonly path: string
  readonly digest: Digest
  readonly bytes: number
}

/**
 * Reads a stored record. Nothing about it is believed that was not checked.
 *
 * @param where what was read, for the message.
 * @throws StkError STK4008 if it is not a record of this scope, STK4007 if another target keeps its releases there.
 */
export function parseRecord(text: string, where: string, scope: Scope): ReleaseRecord {
  const value = parseJson(text)
  const parsed = record.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw notOurs(where, value === undefined ? 'It is not JSON.' : `${issue?.path.join('.') || 'It'}: ${issue?.message ?? 'invalid'}.`)
  }
  const found = parsed.data
  const wrong = contradictionIn(found, scope)
  if (wrong !== undefined) throw notOurs(where, wrong)
  if (found.target !== scope.target) {
    throw new StkError('STK4007', {
      why: `${where} holds the releases of target "${found.target}", and two targets cannot share a place.`,
      fix: [
        `Give target "${scope.target}" a place of its own, such as a folder or prefix of its name.`,
        `Or, if "${found.target}" was renamed, name it so again.`,
      ],
    })
  }
  return found
}

/** As it is stored: readable, and the same for equal records. */
export function serializeRecord(value: ReleaseRecord): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** A record as core knows it. */
export function releaseFrom({ version: _, files: __, ...release }: ReleaseRecord, sent?: number): Release {
  return sent === undefined ? release : { ...release, sent }
}

/** What {@link ReleaseRecord.files} says, sorted by path. */
export function filesOf(value: ReleaseRecord): readonly ExpectedFile[] {
  return Object.entries(value.files).map(([path, file]) => ({ path, ...file })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** True if two runs meant the same release: the moment they were made is all that differs. */
export function isSameRelease(a: ReleaseRecord, b: ReleaseRecord): boolean {
  return isDeepStrictEqual({ ...a, at: '' }, { ...b, at: '' })
}

/** The same release under the next number. */
export function renumbered(value: ReleaseRecord): ReleaseRecord {
  return { ...value, id: releaseId(numberOf(value.id) + 1, value.digest) }
}

function contradictionIn(found: ReleaseRecord, scope: Scope): string | undefined {
  if (found.project !== scope.project) return `It is of project "${found.project}".`
  if (found.environment !== scope.environment) return `It is of environment "${found.environment}".`
  if (found.id !== releaseId(numberOf(found.id), found.digest)) return 'Its id does not fit its digest.'
  if (found.previous !== undefined && numberOf(found.previous) >= numberOf(found.id)) return 'It names a later release as the one before it.'
  const archive = found.files[ARCHIVE]
  if (archive === undefined || hexOf(archive.digest) !== found.details.BUNDLE_SHA256) return 'BUNDLE_SHA256 is not its archive\'s.'
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function notOurs(where: string, why: string): StkError {
  return new StkError('STK4008', {
    why: `${where} is not a release record. ${why}`,
    fix: 'Something else wrote there. Restore it, or release to an empty place; nothing was changed.',
  })
}
