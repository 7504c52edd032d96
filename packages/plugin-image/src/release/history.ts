import { StkError, type Digest, type Release } from '@santokit/core'
import * as z from 'zod/mini'
import { EMPTY } from '../documents/referrer.ts'
import { manifestOf, parseJson } from '../oci/content.ts'
import { OCI_MANIFEST } from '../oci/media-types.ts'
import type { Manifest } from '../oci/types.ts'

/** What releases a list is of. */
export interface Scope {
  readonly project: string
  readonly target: string
  readonly environment: string
  /** As a person writes it. */
  readonly repository: string
}

/** The media type of a list of releases. */
export const RELEASES = 'application/vnd.santokit.releases.v1'

const ANNOTATION = 'dev.santokit.releases'
/** Releases that are remembered. Their images stay, under their tags, whatever this is. */
const REMEMBERED = 50
/** Releases whose index stands in the list: a rollback to one of them needs no other request. */
const AT_HAND = 3

const digest = z.custom<Digest>((value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value), 'must be a sha256 digest')

const entry = z.object({
  id: z.string().check(z.regex(/^\d{4,15}-[0-9a-f]{12}$/)),
  /** The bundle. */
  digest,
  /** What the tag names. */
  image: digest,
  tag: z.string(),
  at: z.iso.datetime(),
  revision: z.optional(z.string()),
  previous: z.optional(z.string()),
  restores: z.optional(z.string()),
  /** The environment and id of the release that was promoted. */
  promotes: z.optional(z.string()),
  /** The index in its own bytes. */
  root: z.optional(z.string()),
  /** The beginnings of the digests of its blobs, so that the next release need not ask what is there. */
  holds: z.optional(z.string().check(z.regex(/^[0-9a-f]{16}( [0-9a-f]{16})*$/))),
})

const history = z.object({ version: z.literal(1), project: z.string(), target: z.string(), environment: z.string(), releases: z.array(entry) })

/** A release as the list keeps it. */
export type Entry = Readonly<z.output<typeof entry>>

/**
 * The list of an environment's releases, as a manifest without content: what there is to say fits into an annotation, so
 * that it is read and written in one request.
 *
 * The tag of what is live is not in it: that tag alone says what is live.
 *
 * @param releases newest first.
 */
export function historyManifest({ project, target, environment }: Scope, releases: readonly Entry[]): Manifest {
  const kept = releases.slice(0, REMEMBERED).map((each, index) => ({
    ...each, root: index < AT_HAND ? each.root : undefined, holds: index === 0 ? each.holds : undefined,
  }))
  return manifestOf({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: RELEASES,
    config: EMPTY.descriptor,
    layers: [EMPTY.descriptor],
    annotations: { [ANNOTATION]: JSON.stringify({ version: 1, project, target, environment, releases: kept }) },
  })
}

/**
 * Reads a list. Nothing about it is believed that was not checked.
 *
 * @throws StkError STK4008 if it is not one, STK4007 if it is of another project or target.
 */
export function readHistory({ bytes }: Manifest, scope: Scope, where: string): readonly Entry[] {
  const { annotations } = z.object({ annotations: z.optional(z.record(z.string(), z.string())) }).parse(parseJson(bytes))
  const parsed = history.safeParse(jsonOf(annotations?.[ANNOTATION] ?? ''))
  if (!parsed.success) {
    throw new StkError('STK4008', {
      why: `${where} is not a list of releases.`,
      fix: 'Delete that tag if nothing else needs it: images and what is live stay as they are, and the list begins anew.',
    })
  }
  const { project, target, environment, releases } = parsed.data
  if (project !== scope.project || target !== scope.target || environment !== scope.environment) {
    throw new StkError('STK4007', {
      why: `${where} lists the releases of ${project} → ${target} (${environment}), and this is ${scope.project} → ${scope.target} (${scope.environment}).`,
      fix: ['Give each project a repository of its own.', 'Or keep them apart by `live`, such as \'{project}-{environment}\'.'],
    })
  }
  return releases
}

/** An entry as core knows it. */
export function releaseFrom(found: Entry, { project, target, environment, repository }: Scope): Release {
  return {
    id: found.id, project, target, environment, digest: found.digest,
    ...(found.revision === undefined ? {} : { revision: found.revision }),
    ...(found.previous === undefined ? {} : { previous: found.previous }),
    ...(found.restores === undefined ? {} : { restores: found.restores }),
    at: found.at,
    details: {
      image: `${repository}@${found.image}`,
      tag: found.tag,
      ...(found.promotes === undefined ? {} : { promotes: found.promotes }),
    },
  }
}

/** The id of the release after `last`: its number, and the beginning of the bundle's digest. */
export function nextId(last: Entry | undefined, bundle: string): string {
  const number = last === undefined ? 1 : Number.parseInt(last.id, 10) + 1
  return `${String(number).padStart(4, '0')}-${bundle.slice('sha256:'.length, 'sha256:'.length + 12)}`
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
