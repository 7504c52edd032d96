import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isStkError, StkError } from '@santokit/core'
import { describe, hexOf, parseJson } from '../oci/content.ts'
import { OCI_INDEX } from '../oci/media-types.ts'
import type { Descriptor, Manifest } from '../oci/types.ts'
import { getBlob } from '../registry/blobs.ts'
import { digestOf } from '../registry/digest.ts'
import { getManifest, resolveTag } from '../registry/manifests.ts'
import { formatReference, type ImageReference } from '../registry/reference.ts'
import type { Repository } from '../registry/repository.ts'
import type { ContentCache } from './cache.ts'

/** Where a base image is read from. What is read has been checked against its digest. */
export interface BaseSource {
  /** As a person wrote it, for messages and annotations. */
  readonly name: string
  /** What the name stands for at this moment. @throws StkError STK4109 */
  resolve(): Promise<string>
  manifest(digest: string): Promise<Manifest>
  blob(descriptor: Descriptor): Promise<Uint8Array>
  /** The registry that has its blobs, so that they may be mounted from there. */
  readonly place?: { readonly registry: string; readonly repository: string }
}

/**
 * A base in a registry, with everything that was read once kept in the cache.
 *
 * @param open opens the repository. Not called for what the cache has; `undefined` when no registry may be asked.
 */
export function registryBase(
  reference: ImageReference, cache: ContentCache, open: (() => Promise<Repository>) | undefined,
): BaseSource {
  const name = formatReference({ ...reference, digest: undefined })
  const ask = async (what: string): Promise<Repository> => {
    if (open !== undefined) return open()
    throw new StkError('STK4121', {
      why: `${what} of the base ${name} is not in the cache, and --offline forbids to ask for it.`,
      fix: 'Run it once without --offline; or name a layout on disk as `base`: oci:DIR.',
    })
  }
  return {
    name,
    place: { registry: reference.registry, repository: reference.repository },
    async resolve() {
      const tag = reference.tag ?? 'latest'
      const digest = await resolveTag(await ask('The digest'), tag)
      if (digest === undefined) throw new StkError('STK4109', { why: `There is no image ${name}.`, fix: 'Check `base`.' })
      return digest
    },
    async manifest(digest) {
      const cached = await cache.read(digest)
      if (cached !== undefined) return manifestFrom(cached)
      const manifest = await getManifest(await ask('The manifest'), digest)
      await cache.write(digest, manifest.bytes)
      return manifestFrom(manifest.bytes, manifest.descriptor.mediaType)
    },
    async blob(descriptor) {
      const cached = await cache.read(descriptor.digest)
      if (cached !== undefined) return cached
      const bytes = await getBlob(await ask('A layer'), descriptor)
      await cache.write(descriptor.digest, bytes)
      return bytes
    },
  }
}

/** A base in an OCI layout on disk: OCI image specification, "OCI Image Layout Specification". */
export function layoutBase(name: string, folder: string): BaseSource {
  const read = async (digest: string): Promise<Uint8Array> => {
    const bytes = await readFile(join(folder, 'blobs/sha256', hexOf(digest))).catch((error: unknown) => { throw notALayout(name, error) })
    if (digestOf(bytes) !== digest) throw new StkError('STK4104', { why: `${name} holds something else under ${digest}.`, fix: 'Make the layout again.' })
    return bytes
  }
  return {
    name,
    async resolve() {
      const bytes = await readFile(join(folder, 'index.json')).catch((error: unknown) => { throw notALayout(name, error) })
      const { manifests = [] } = jsonOf(bytes) as { readonly manifests?: readonly { readonly digest?: unknown }[] }
      const [only, ...more] = manifests
      if (typeof only?.digest !== 'string' || more.length > 0) {
        throw new StkError('STK4120', { why: `${name} holds ${manifests.length} images, and a base is one.`, fix: 'Make a layout with one image, or one index of several platforms.' })
      }
      return only.digest
    },
    manifest: async (digest) => manifestFrom(await read(digest)),
    blob: ({ digest }) => read(digest),
  }
}

/** The media type stands in the document, but for old ones whose kind their fields tell. */
function manifestFrom(bytes: Uint8Array, known?: string): Manifest {
  const content = jsonOf(bytes) as { readonly mediaType?: string; readonly manifests?: unknown }
  const fallback = content.manifests === undefined ? 'application/vnd.oci.image.manifest.v1+json' : OCI_INDEX
  return { descriptor: describe(bytes, content.mediaType ?? known ?? fallback), bytes }
}

function jsonOf(bytes: Uint8Array): object {
  try {
    const value = parseJson(bytes)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new StkError('STK4120', { why: 'The base holds a document that is not JSON.', fix: 'Check `base`.' })
}

function notALayout(name: string, error: unknown): StkError {
  if (isStkError(error)) return error
  return new StkError('STK4120', { why: `${name} is not an OCI layout: ${(error as Error).message}.`, fix: 'skopeo copy docker://IMAGE oci:DIR makes one.' })
}
