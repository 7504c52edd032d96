import { StkError } from '@santokit/core'
import * as z from 'zod/mini'
import { parseJson, type Document } from '../oci/content.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, ociMediaType } from '../oci/media-types.ts'
import type { Blob, Descriptor } from '../oci/types.ts'
import type { Platform } from '../options.ts'
import type { BaseSource } from './source.ts'

/** A base image, as far as an image over it needs to know. Its layers have not been read. */
export interface Base {
  /** As it is written in the config. */
  readonly name: string
  /** What it is pinned to. */
  readonly digest: string
  readonly images: readonly BaseImage[]
}

/** The base for one platform. */
export interface BaseImage {
  readonly platform: Platform
  readonly variant: string | undefined
  readonly config: BaseConfig
  readonly layers: readonly Blob[]
}

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest'))
const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().check(z.nonnegative()),
  platform: z.optional(z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) })),
})
const indexContent = z.object({ manifests: z.array(descriptor) })
const manifestContent = z.object({ config: descriptor, layers: z.array(descriptor) })

const baseConfig = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.optional(z.string()),
  config: z.nullish(z.object({
    User: z.nullish(z.string()),
    Env: z.nullish(z.array(z.string())),
    Entrypoint: z.nullish(z.array(z.string())),
    Cmd: z.nullish(z.array(z.string())),
  })),
  rootfs: z.object({ diff_ids: z.array(digest) }),
  history: z.nullish(z.array(z.record(z.string(), z.unknown()))),
})

/** What of a base's config an image over it goes on with. */
export interface BaseConfig {
  readonly user: string
  readonly env: readonly string[]
  /** What it starts, entrypoint and arguments. */
  readonly command: readonly string[]
  readonly diffIds: readonly string[]
  readonly history: readonly Document[]
}

/**
 * Reads a base for each platform: its manifests and configs, and none of its layers.
 *
 * @throws StkError STK4120 if it lacks a platform or is not an image.
 */
export async function readBase(source: BaseSource, digest: string, platforms: readonly Platform[]): Promise<Base> {
  const root = await source.manifest(digest)
  const type = ociMediaType(root.descriptor.mediaType)
  if (type === OCI_MANIFEST) {
    const image = await readImage(source, root.bytes)
    const [other] = platforms.filter((platform) => platform !== image.platform)
    if (other !== undefined) throw lacks(source, other, [image.platform])
    return { name: source.name, digest, images: [image] }
  }
  if (type !== OCI_INDEX) throw new StkError('STK4120', { why: `The base ${source.name} is not an image, but ${type}.`, fix: 'Check `base`.' })
  const { manifests } = parse(indexContent, root.bytes, source)
  const images = await Promise.all(platforms.map(async (platform) => {
    const found = manifests.find((entry) => entry.platform !== undefined && `${entry.platform.os}/${entry.platform.architecture}` === platform)
    if (found === undefined) throw lacks(source, platform, manifests.flatMap((entry) => entry.platform === undefined ? [] : [`${entry.platform.os}/${entry.platform.architecture}`]))
    const { bytes } = await source.manifest(found.digest)
    const image = await readImage(source, bytes)
    return { ...image, platform, variant: found.platform?.variant ?? image.variant }
  }))
  return { name: source.name, digest, images }
}

async function readImage(source: BaseSource, bytes: Uint8Array): Promise<BaseImage> {
  const { config, layers } = parse(manifestContent, bytes, source)
  if (ociMediaType(config.mediaType) !== OCI_CONFIG) {
    throw new StkError('STK4120', { why: `The base ${source.name} is not a container image, but ${config.mediaType}.`, fix: 'Check `base`.' })
  }
  const content = parse(baseConfig, await source.blob(config), source)
  if (content.rootfs.diff_ids.length !== layers.length) {
    throw new StkError('STK4120', { why: `The base ${source.name} contradicts itself: its manifest has ${layers.length} layers, and its config ${content.rootfs.diff_ids.length}.`, fix: 'Take another base.' })
  }
  return {
    platform: `${content.os}/${content.architecture}` as Platform,
    variant: content.variant,
    config: {
      user: content.config?.User ?? '',
      env: content.config?.Env ?? [],
      command: [...(content.config?.Entrypoint ?? []), ...(content.config?.Cmd ?? [])],
      diffIds: content.rootfs.diff_ids,
      history: content.history ?? [],
    },
    layers: layers.map((layer) => layerBlob(source, layer)),
  }
}

/** A layer that is read when somebody needs it: to send it where it can be neither found nor mounted, or to write it out. */
function layerBlob(source: BaseSource, { mediaType, digest, size }: Descriptor): Blob {
  // Rebuilt field by field: annotations of the base are about the base.
  return {
    descriptor: { mediaType: ociMediaType(mediaType), digest, size },
    open: () => source.blob({ mediaType, digest, size }),
    ...(source.place === undefined ? {} : { source: source.place }),
  }
}

function parse<T>(schema: z.ZodMiniType<T>, bytes: Uint8Array, source: BaseSource): T {
  const parsed = schema.safeParse(parseJson(bytes))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new StkError('STK4120', { why: `The base ${source.name} is not as images are: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`, fix: 'Check `base`.' })
}

function lacks(source: BaseSource, platform: string, there: readonly string[]): StkError {
  return new StkError('STK4120', {
    why: `The base ${source.name} is not there for ${platform}; it is for ${[...new Set(there)].join(', ')}.`,
    fix: "Say which platforms the image is for: platforms: ['linux/amd64']",
  })
}
