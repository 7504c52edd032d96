import { digestOf } from '../../src/registry/digest.ts'
import type { Blob, Descriptor, Image, Manifest, Referrer } from '../../src/oci/types.ts'
import { repositoryIn, type Store } from './store.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const CONFIG = 'application/vnd.oci.image.config.v1+json'

export interface SampleOptions {
  /** What tells one image from another: its app layer and configs. */
  readonly seed: string
  readonly platforms?: readonly string[]
  readonly referrers?: number
  /** Bytes of the base layer. */
  readonly baseSize?: number
  readonly appSize?: number
  /** Where the base can be mounted from. */
  readonly source?: Blob['source']
  readonly created?: string
}

/** An image of the shape that we build: base, runtime, one app layer for all platforms, a config each. */
export function sampleImage({ seed, platforms = ['amd64'], referrers = 0, baseSize = 200_000, appSize = 20_000, source, created = '2026-01-02T03:04:05Z' }: SampleOptions): Image {
  const app = blobOf(noise(`app ${seed}`, appSize), LAYER)
  const annotations = { 'org.opencontainers.image.created': created, 'org.opencontainers.image.revision': seed }
  const children = platforms.map((architecture) => {
    const base = { ...blobOf(noise(`base ${architecture}`, baseSize), LAYER), ...(source === undefined ? {} : { source }) }
    const runtime = blobOf(noise(`runtime ${architecture}`, 50_000), LAYER)
    const config = blobOf(json({ architecture, os: 'linux', config: { Env: [`SEED=${seed}`] } }), CONFIG)
    const manifest = manifestOf({ config: config.descriptor, layers: [base, runtime, app].map(({ descriptor }) => descriptor), annotations }, MANIFEST)
    return { blobs: [base, runtime, app, config], manifest: { ...manifest, descriptor: { ...manifest.descriptor, platform: { os: 'linux', architecture } } } }
  })
  const [only] = children
  const root = children.length === 1 && only !== undefined
    ? { ...only.manifest, descriptor: { mediaType: MANIFEST, digest: only.manifest.descriptor.digest, size: only.manifest.bytes.length } }
    : manifestOf({ manifests: children.map(({ manifest }) => manifest.descriptor), annotations }, INDEX)
  return {
    blobs: [...new Map(children.flatMap(({ blobs }) => blobs).map((blob) => [blob.descriptor.digest, blob])).values()],
    manifests: children.length === 1 ? [] : children.map(({ manifest }) => manifest),
    root,
    referrers: Array.from({ length: referrers }, (_, index) => referrerOf(root.descriptor, `${seed} ${index}`)),
  }
}

export function referrerOf(subject: Descriptor, text: string): Referrer {
  const empty = blobOf(json({}), 'application/vnd.oci.empty.v1+json')
  const document = blobOf(json({ text }), 'application/vnd.cyclonedx+json')
  const { mediaType, digest, size } = subject
  const manifest = manifestOf({
    artifactType: 'application/vnd.cyclonedx+json', config: empty.descriptor, layers: [document.descriptor], subject: { mediaType, digest, size }, annotations: { about: text },
  }, MANIFEST)
  return { blobs: [empty, document], manifest, subject }
}

export function blobOf(bytes: Uint8Array, mediaType: string): Blob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, open: () => bytes }
}

export function manifestOf(content: object, mediaType: string): Manifest {
  const bytes = json({ schemaVersion: 2, mediaType, ...content })
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}

/** Puts an image into a store as if it had been pushed. */
export async function plant(store: Store, name: string, image: Image, ...tags: string[]): Promise<void> {
  const repository = repositoryIn(store, name)
  for (const blob of [...image.blobs, ...image.referrers.flatMap(({ blobs }) => blobs)]) repository.blobs.set(blob.descriptor.digest, await blob.open())
  for (const { descriptor: { digest, mediaType }, bytes } of [...image.manifests, image.root, ...image.referrers.map(({ manifest }) => manifest)]) {
    repository.manifests.set(digest, { mediaType, bytes })
  }
  for (const tag of tags) repository.tags.set(tag, image.root.descriptor.digest)
}

const noises = new Map<string, Uint8Array>()

/** Bytes that do not pack, the same for the same seed. */
function noise(seed: string, length: number): Uint8Array {
  const key = `${length} ${seed}`
  const made = noises.get(key) ?? makeNoise(seed, length)
  noises.set(key, made)
  return made
}

function makeNoise(seed: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = [...seed].reduce((hash, character) => Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0, 2_166_136_261)
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
