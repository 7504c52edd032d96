import { StkError } from '@santokit/core'
import * as z from 'zod/mini'
import type { Descriptor, Manifest } from '../oci/types.ts'
import type { Answer } from './connection/exchange.ts'
import { digestOf } from './digest.ts'
import { isDigest } from './reference.ts'
import { errorCodes, refusal, statusOf } from './refusal.ts'
import { pathOf, placeOf, scopeOf, type Repository } from './repository.ts'

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ')
/** Bytes; what clients should expect to support ("Pushing Manifests"), and what registries refuse beyond. */
const LONGEST_MANIFEST = 4 * 1_048_576

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().check(z.refine(isDigest)),
  size: z.int().check(z.nonnegative()),
  annotations: z.optional(z.record(z.string(), z.string())),
  artifactType: z.optional(z.string()),
  platform: z.optional(z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) })),
})

const document = z.object({
  mediaType: z.optional(z.string()),
  artifactType: z.optional(z.string()),
  annotations: z.optional(z.record(z.string(), z.string())),
  subject: z.optional(descriptor),
  config: z.optional(descriptor),
  layers: z.optional(z.array(descriptor)),
  manifests: z.optional(z.array(descriptor)),
})

/** The parts of a manifest or an index that we follow. */
export type ManifestContent = z.infer<typeof document>

/** Reads a manifest's parts. `undefined` if it is not one. */
export function readManifest({ bytes }: Manifest): ManifestContent | undefined {
  try {
    return document.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data
  } catch {
    return undefined
  }
}

/** Whether a media type is of a list of manifests, be it OCI's or docker's. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST
}

/** What a tag or digest names, without reading it. `undefined` if there is nothing. One request; two where a registry gives no digest. */
export async function resolveTag(repository: Repository, reference: string): Promise<string | undefined> {
  const answer = await ask(repository, 'HEAD', reference)
  const digest = answer.headers.get('docker-content-digest') ?? ''
  if (answer.status === 200 && isDigest(digest)) return digest
  if (isAbsent(answer)) return undefined
  return (await findManifest(repository, reference))?.manifest.descriptor.digest
}

/** A manifest with the ETag that guards its tag, where there is one. */
export interface FoundManifest {
  readonly manifest: Manifest
  readonly etag: string | undefined
}

/**
 * Reads what a tag or digest names. `undefined` if there is nothing.
 *
 * @throws StkError STK4104 if its bytes are not what the digest asked for, or the one in the answer's header, says.
 */
export async function findManifest(repository: Repository, reference: string): Promise<FoundManifest | undefined> {
  const answer = await ask(repository, 'GET', reference)
  if (isAbsent(answer)) return undefined
  if (answer.status !== 200) throw refusal(answer, repository, `"${reference}"`)
  const digest = digestOf(answer.bytes)
  const claimed = answer.headers.get('docker-content-digest')
  const isForged = isDigest(reference) ? reference !== digest : claimed !== null && isDigest(claimed) && claimed !== digest
  if (isForged) {
    throw new StkError('STK4104', {
      why: `What ${placeOf(repository)} answered as "${reference}" has another digest, ${digest}.`,
      fix: 'Try again without a proxy; else report it to whoever runs the registry.',
    })
  }
  const type = (answer.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
  const manifest: Manifest = { descriptor: { mediaType: type, digest, size: answer.bytes.length }, bytes: answer.bytes }
  const content = readManifest(manifest)
  if (content === undefined) {
    throw new StkError('STK4008', { why: `${placeOf(repository)} answered something that is no manifest as "${reference}".`, fix: 'Check that it is a registry of images.' })
  }
  // "If the manifest has a mediaType field, clients SHOULD reject unless it matches": an index must not pass for a manifest.
  if (content.mediaType !== undefined && content.mediaType !== type && type.startsWith('application/vnd.')) {
    throw new StkError('STK4104', { why: `${placeOf(repository)} answered "${reference}" as ${type}, and it is ${content.mediaType}.`, fix: 'Report it to whoever runs the registry.' })
  }
  const mediaType = content.mediaType ?? type
  return { manifest: { ...manifest, descriptor: { ...manifest.descriptor, mediaType } }, etag: answer.headers.get('etag') ?? undefined }
}

/** Reads what must be there. @throws StkError STK4109 */
export async function getManifest(repository: Repository, reference: string): Promise<Manifest> {
  const found = await findManifest(repository, reference)
  if (found === undefined) {
    throw new StkError('STK4109', { why: `${placeOf(repository)} has no image "${reference}".`, fix: 'List what there is: stk releases' })
  }
  return found.manifest
}

/** What a registry said to a manifest that it took. */
export interface StoredManifest {
  /** Whether it entered the manifest among its subject's referrers by itself. */
  readonly hasSubject: boolean
}

/**
 * Stores a manifest under a tag or its digest.
 *
 * @returns `undefined` if a condition (`If-Match`, `If-None-Match`) did not hold.
 * @throws StkError STK4105 if the registry refuses it, STK4102 if it does not allow it.
 */
export async function putManifest(
  repository: Repository, manifest: Manifest, reference: string, condition: Readonly<Record<string, string>> = {},
): Promise<StoredManifest | undefined> {
  const answer = await tryPutManifest(repository, manifest, reference, condition)
  if (answer.status === 412 && Object.keys(condition).length > 0) return undefined
  if (!isStored(answer)) throw manifestRefusal(answer, repository, manifest.descriptor, reference)
  return { hasSubject: answer.headers.get('oci-subject') !== null }
}

/** Stores a manifest, and leaves to the caller what a refusal means. */
export function tryPutManifest(
  repository: Repository, { descriptor: { mediaType }, bytes }: Manifest, reference: string, condition: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return repository.connection.ask({
    method: 'PUT', to: pathOf(repository, 'manifests', reference), headers: { ...condition, 'content-type': mediaType }, body: bytes, scopes: [scopeOf(repository)],
  })
}

/** 201 by the specification; some say 200 or 202. */
export function isStored({ status }: Answer): boolean {
  return status === 201 || status === 200 || status === 202
}

export function manifestRefusal(answer: Answer, repository: Repository, { mediaType, digest }: Descriptor, reference: string): StkError {
  if (answer.status === 403 || (answer.status === 404 && errorCodes(answer).includes('NAME_UNKNOWN'))) return refusal(answer, repository, 'a manifest')
  const error = new StkError('STK4105', {
    why: `${placeOf(repository)} does not take the manifest "${reference}" (${mediaType}, ${digest}): ${statusOf(answer)}.`,
    fix: 'The codes are the registry\'s own. What was sent so far is kept.',
  })
  if (errorCodes(answer).some((code) => code === 'MANIFEST_BLOB_UNKNOWN' || code === 'BLOB_UNKNOWN')) incomplete.add(error)
  return error
}

const incomplete = new WeakSet<object>()

/** Whether a manifest was refused because the registry lacks something that it names. */
export function isIncomplete(error: unknown): boolean {
  return typeof error === 'object' && error !== null && incomplete.has(error)
}

async function ask(repository: Repository, method: 'GET' | 'HEAD', reference: string): Promise<Answer> {
  return repository.connection.ask({
    method, to: pathOf(repository, 'manifests', reference), headers: { accept: ACCEPT }, scopes: [scopeOf(repository)], longest: LONGEST_MANIFEST,
  })
}

/** 404 means there is none, whether of the tag or of the whole repository. */
function isAbsent({ status }: Answer): boolean {
  return status === 404
}
