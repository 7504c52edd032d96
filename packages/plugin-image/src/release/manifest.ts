import { StkError, type Manifest as BundleManifest, type Release, type TargetContext } from '@santokit/core'
import { findInLayer } from '../layout/read-layer.ts'
import { parseJson } from '../oci/content.ts'
import type { Descriptor } from '../oci/types.ts'
import type { ImageSettings } from '../options.ts'
import { getBlob, getManifest, isIndexType, readManifest } from '../registry/index.ts'
import { observe, releasesFrom } from './live.ts'
import { openReleases } from './place.ts'
import { rootOf } from './rollback.ts'

/** Bytes of a project's layer that are downloaded at most, to compare it. */
const LONGEST_LAYER = 64 * 1_048_576
/** Bytes that it may unpack to. */
const LONGEST_ARCHIVE = 512 * 1_048_576

/**
 * Reads the bundle's manifest out of an image's layer. What is downloaded is the project's own layer alone, checked against its digest.
 *
 * @returns `null` if there is no such release any more.
 * @throws StkError STK4109 if the image is gone, STK4104 if it is not what its digest says, STK4007 if it is too large to be compared.
 */
export async function readBundleManifest(of: Release, ctx: TargetContext<ImageSettings>): Promise<BundleManifest | null> {
  const { repository, live, scope } = await openReleases(ctx)
  const releases = await releasesFrom(repository, await observe(repository, live, scope), live, scope)
  const found = releases.find(({ id, digest }) => id === of.id && digest === of.digest)
  if (found === undefined) return null
  const root = await rootOf(repository, found)
  const [child] = isIndexType(root.descriptor.mediaType) ? readManifest(root)?.manifests ?? [] : [root.descriptor]
  if (child === undefined) return null
  // The project's layer is the last, in every platform's image the same.
  const layer = readManifest(child.digest === root.descriptor.digest ? root : await getManifest(repository, child.digest))?.layers?.at(-1)
  if (layer === undefined) return null
  if (layer.size > LONGEST_LAYER) {
    throw new StkError('STK4007', { why: `Its layer has ${layer.size} bytes, and no more than ${LONGEST_LAYER} are downloaded to compare it.`, fix: 'Compare it by hand.' })
  }
  const manifest = findInLayer(await getBlob(repository, layer as Descriptor), 'app/manifest.json', LONGEST_ARCHIVE)
  // What it says is core's to check.
  return manifest === undefined ? null : parseJson(manifest) as BundleManifest
}
