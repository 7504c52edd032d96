import { join } from 'node:path'
import { StkError, type Artifact, type Bundle, type Digest, type TargetContext } from '@santokit/core'
import { readBase, type Base } from './base/base.ts'
import { cacheFolder, openCache, type ContentCache } from './base/cache.ts'
import { readPin, writePin } from './base/lock-file.ts'
import { layoutBase, registryBase, type BaseSource } from './base/source.ts'
import { provenance, IN_TOTO, SLSA_PROVENANCE, type Origin } from './documents/provenance.ts'
import { referrerOf } from './documents/referrer.ts'
import { cycloneDx, CYCLONEDX, installedPackages } from './documents/sbom.ts'
import { appLayer } from './layout/app-layer.ts'
import { buildImage } from './layout/image.ts'
import { packLayerOnce, type Layer } from './layout/layer.ts'
import { layoutFiles } from './layout/oci-layout.ts'
import type { Image, Referrer } from './oci/types.ts'
import type { ImageSettings, Platform } from './options.ts'
import { parseReference } from './registry/index.ts'
import { releaseTag } from './release/names.ts'
import { libsqlNeed, runtimeFiles, type LibsqlNeed } from './runtime/files.ts'
import { openPlace } from './session.ts'

/** An image, ready to be pushed or written out. The digest is the index's: what a tag will name. */
export interface ImagePackage extends Artifact {
  readonly meta: {
    /** The bundle's digest. */
    readonly bundle: Digest
    /** The tag of the release. */
    readonly tag: string
    /** Where the image is dated. ISO 8601, UTC. */
    readonly created: string
  }
  readonly image: Image
  /** What a signature is about. */
  readonly origin: Origin
}

type Context = TargetContext<ImageSettings>

/** For a tree that nothing can date. */
const EPOCH = '1970-01-01T00:00:00Z'

/**
 * Makes an image of a bundle. Reads the base's manifests, from the cache where it has them; never its layers.
 *
 * Its files are an OCI layout without the layers of the base, which are found where the base is.
 */
export async function packageImage(bundle: Bundle, ctx: Context): Promise<ImagePackage> {
  const { options: settings, project } = ctx
  const cache = openCache(cacheFolder())
  const need = libsqlNeed(bundle, settings.sqlite)
  const base = await openBase(ctx, cache)
  const runtime = await packRuntime(settings.platforms, need, ctx.root, cache)
  const created = ctx.sourceDate ?? EPOCH
  const built = buildImage({
    project: project.name, bundle: bundle.digest, base, runtime, app: await appLayer(bundle, cache), settings, created, revision: ctx.revision,
    tag: releaseTag(ctx, bundle),
  })
  const origin: Origin = {
    repository: settings.repository, image: built.root.descriptor.digest, project: project.name, bundle: bundle.digest, platforms: settings.platforms, base,
    revision: ctx.revision, source: settings.source, generator: bundle.manifest.generator,
  }
  const image: Image = { blobs: built.blobs, manifests: built.manifests, root: built.root, referrers: await documentsAbout(built.root, origin, need, settings) }
  refuseSecrets(ctx, image)
  return {
    digest: built.root.descriptor.digest as Digest,
    files: await layoutFiles(image, built.tag, new Set(base.images.flatMap(({ layers }) => layers.map(({ descriptor }) => descriptor.digest)))),
    meta: { bundle: bundle.digest, tag: built.tag, created },
    image,
    origin,
  }
}

/** The base for every platform, by the digest that it is pinned to. */
async function openBase(ctx: Context, cache: ContentCache): Promise<Base> {
  const { options: { base: written, platforms }, flags, root } = ctx
  if (written.startsWith('oci:')) {
    const source = layoutBase(written, join(root, written.slice('oci:'.length)))
    return readBase(source, await source.resolve(), platforms)
  }
  const reference = parseReference(written)
  const isOffline = flags.offline === true
  const place = { registry: reference.registry, repository: reference.repository }
  const source = registryBase(reference, cache, isOffline ? undefined : () => openPlace(place, 'pull', ctx))
  return readBase(source, reference.digest ?? await pinned(source, ctx), platforms)
}

/** The digest that `santokit.lock` has; without one, or asked to, what the registry says now, which is then pinned. */
async function pinned(source: BaseSource, { root, flags, progress }: Context): Promise<string> {
  const isUpdate = flags['update-base'] === true
  if (isUpdate && flags.offline === true) {
    throw new StkError('STK1020', { why: '--update-base asks a registry, and --offline forbids it.', fix: 'Give one of them.' })
  }
  const pin = isUpdate ? undefined : await readPin(root, source.name)
  if (pin !== undefined) return pin
  progress(`looking up ${source.name}`)
  const digest = await source.resolve()
  await writePin(root, source.name, digest)
  return digest
}

/** The runtime layer of each platform; one for all where it holds nothing of an architecture. */
async function packRuntime(platforms: readonly Platform[], need: LibsqlNeed, root: string, cache: ContentCache): Promise<ReadonlyMap<Platform, Layer>> {
  const pack = async (platform: Platform): Promise<Layer> => packLayerOnce(await runtimeFiles(platform, need, root), 'the Bridge', cache)
  if (need === 'sqlite') return new Map(await Promise.all(platforms.map(async (platform) => [platform, await pack(platform)] as const)))
  const [first] = platforms
  if (first === undefined) return new Map()
  const layer = await pack(first)
  return new Map(platforms.map((platform) => [platform, layer]))
}

async function documentsAbout(root: Image['root'], origin: Origin, need: LibsqlNeed, { attach }: ImageSettings): Promise<readonly Referrer[]> {
  const documents: Referrer[] = []
  if (attach.sbom) documents.push(referrerOf(root.descriptor, CYCLONEDX, cycloneDx({ ...origin, packages: await installedPackages(need) })))
  if (attach.provenance) documents.push(referrerOf(root.descriptor, IN_TOTO, provenance(origin), { 'in-toto.io/predicate-type': SLSA_PROVENANCE }))
  return documents
}

/**
 * The last guard against a value that slipped into the options: labels, annotations and variables are seen by everybody
 * who can pull. The bundle's own files are looked at by core before any target sees them.
 *
 * @throws StkError STK2022 naming the secret, never the value.
 */
function refuseSecrets({ secretIn }: Context, image: Image): void {
  const texts = [image.root.bytes, ...image.manifests.map(({ bytes }) => bytes), ...image.referrers.map(({ manifest }) => manifest.bytes)]
  const configs = image.blobs.filter(({ descriptor }) => descriptor.mediaType.endsWith('+json')).map((blob) => blob.open() as Uint8Array)
  for (const bytes of [...texts, ...configs]) {
    const name = secretIn(bytes)
    if (name !== undefined) {
      throw new StkError('STK2022', { why: `The image's config or annotations would hold the value of ${name}.`, fix: 'Take it out of `labels`, `annotations`, `env` and `source` of the image target.' })
    }
  }
}
