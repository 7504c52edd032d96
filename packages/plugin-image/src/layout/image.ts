import type { Base, BaseImage } from '../base/base.ts'
import { blobOf, hexOf, jsonBytes, manifestOf, sorted } from '../oci/content.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts'
import type { Blob, Descriptor, Manifest } from '../oci/types.ts'
import type { ImageSettings, Platform } from '../options.ts'
import { digestOf } from '../registry/digest.ts'
import { imageConfig, type ConfigSettings } from './config.ts'
import type { Layer } from './layer.ts'

/** Everything an image is made of. The same parts give the same bytes, wherever and whenever they are put together. */
export interface ImageParts {
  readonly project: string
  /** The bundle's digest. */
  readonly bundle: string
  readonly base: Base
  readonly runtime: ReadonlyMap<Platform, Layer>
  /** Of no architecture: one blob for all platforms. */
  readonly app: Layer
  readonly settings: ConfigSettings & Pick<ImageSettings, 'labels' | 'annotations' | 'source'>
  /** ISO 8601, UTC. */
  readonly created: string
  readonly revision: string | undefined
  /** Makes the tag of the release from what is known of the content. */
  readonly tag: (content: string) => string
}

/** An image without the documents about it. */
export interface BuiltImage {
  readonly tag: string
  readonly annotations: { readonly [name: string]: string }
  readonly blobs: readonly Blob[]
  readonly manifests: readonly Manifest[]
  readonly root: Manifest
}

/** Names of ours for labels and annotations. */
export const BUNDLE_ANNOTATION = 'dev.santokit.bundle'
export const PROJECT_ANNOTATION = 'dev.santokit.project'

/**
 * Puts an image together: a config and a manifest for each platform, and an index of them.
 *
 * The index is there for a single platform, too, so that adding a second one changes no tag's kind. Which environment the
 * image is for is not part of it: promoting gives the same digest another tag.
 */
export function buildImage(parts: ImageParts): BuiltImage {
  const { base, app, runtime } = parts
  const tag = parts.tag(contentOf(parts))
  const annotations = annotate(parts, tag)
  const labels = { ...annotations, ...parts.settings.labels }
  const images = base.images.map((image) => {
    const layers = [layerFor(runtime, image), app]
    const config = blobOf(jsonBytes(imageConfig(image, layers, parts.settings, { created: parts.created, tag, labels })), OCI_CONFIG)
    const blobs = [...image.layers, ...layers.map(({ blob }) => blob)]
    // Annotations are the index's: the labels of each config say the same, and every release sends these bytes.
    const manifest = manifestOf({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: config.descriptor, layers: blobs.map(({ descriptor }) => descriptor) })
    return { image, blobs: [...blobs, config], manifest }
  })
  const root = manifestOf({
    schemaVersion: 2, mediaType: OCI_INDEX, manifests: images.map(({ image, manifest }) => withPlatform(manifest, image)), annotations,
  })
  const blobs = new Map(images.flatMap((image) => image.blobs).map((blob) => [blob.descriptor.digest, blob]))
  return { tag, annotations, blobs: [...blobs.values()], manifests: images.map(({ manifest }) => manifest), root }
}

/**
 * Stands for everything that makes the image but its tag, which is written into it: 12 hexadecimal digits. Two images that
 * differ have different tags by it.
 */
function contentOf(parts: ImageParts): string {
  const stamp = { created: parts.created, tag: '', labels: { ...annotate(parts, ''), ...parts.settings.labels } }
  const configs = parts.base.images.map((image) => imageConfig(image, [layerFor(parts.runtime, image), parts.app], parts.settings, stamp))
  const layers = [...parts.base.images.flatMap((image) => image.layers), ...[...parts.runtime.values(), parts.app].map(({ blob }) => blob)]
  return hexOf(digestOf(jsonBytes([configs, layers.map(({ descriptor }) => descriptor.digest), annotate(parts, '')]))).slice(0, 12)
}

/** OCI image specification, "Annotations", and ours. None of the base's: they are about the base. */
function annotate({ project, bundle, base, settings, created, revision }: ImageParts, tag: string): { readonly [name: string]: string } {
  return sorted({
    'org.opencontainers.image.title': project,
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.version': tag,
    ...(revision === undefined ? {} : { 'org.opencontainers.image.revision': revision }),
    ...(settings.source === undefined ? {} : { 'org.opencontainers.image.source': settings.source }),
    'org.opencontainers.image.base.name': base.name,
    'org.opencontainers.image.base.digest': base.digest,
    [PROJECT_ANNOTATION]: project,
    [BUNDLE_ANNOTATION]: bundle,
    ...settings.annotations,
  })
}

function layerFor(runtime: ReadonlyMap<Platform, Layer>, { platform }: BaseImage): Layer {
  const layer = runtime.get(platform)
  if (layer === undefined) throw new TypeError(`There is no runtime for ${platform}`)
  return layer
}

function withPlatform({ descriptor }: Manifest, { platform, variant }: BaseImage): Descriptor {
  const [os = '', architecture = ''] = platform.split('/')
  return { ...descriptor, platform: { architecture, ...(variant === undefined ? {} : { variant }), os } }
}
