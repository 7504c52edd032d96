import type { ArtifactFile, Digest } from '@santokit/core'
import { describe, hexOf, jsonBytes } from '../oci/content.ts'
import { OCI_INDEX } from '../oci/media-types.ts'
import type { Image } from '../oci/types.ts'

/** OCI image specification, "OCI Image Layout Specification". */
const MARKER = jsonBytes({ imageLayoutVersion: '1.0.0' })

/** Names an image in a layout's index. */
const REF_NAME = 'org.opencontainers.image.ref.name'

/** A file of a layout. Those of the base are opened only when they are written. */
export interface LayoutFile {
  readonly path: string
  readonly digest: string
  readonly size: number
  open(): Uint8Array | Promise<Uint8Array>
}

/** Every file of a layout that holds one image and the documents about it, sorted by path. */
export function layout(image: Image, name: string, root = image.root): readonly LayoutFile[] {
  const documents = image.referrers.filter(({ subject }) => subject.digest === root.descriptor.digest)
  const index = jsonBytes({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      { ...root.descriptor, annotations: { [REF_NAME]: name } },
      ...documents.map(({ manifest }) => manifest.descriptor),
    ],
  })
  const manifests = [root, ...image.manifests, ...documents.map(({ manifest }) => manifest)]
  const blobs = [...image.blobs, ...documents.flatMap((document) => document.blobs)]
  const files = [
    fileOf('index.json', index),
    fileOf('oci-layout', MARKER),
    ...manifests.map(({ descriptor, bytes }) => ({ ...placeOf(descriptor), open: () => bytes })),
    ...blobs.map((blob) => ({ ...placeOf(blob.descriptor), open: () => blob.open() })),
  ]
  return [...new Map(files.map((file) => [file.path, file])).values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * The layout without the base's layers: a layout may lack blobs that are found elsewhere, says the specification, and these
 * are where the base is.
 *
 * @param elsewhere digests of these layers.
 */
export async function layoutFiles(image: Image, name: string, elsewhere: ReadonlySet<string>): Promise<readonly ArtifactFile[]> {
  const own = image.blobs.filter(({ descriptor }) => !elsewhere.has(descriptor.digest))
  return Promise.all(layout({ ...image, blobs: own }, name).map(async ({ path, digest, open }) => ({ path, digest: digest as Digest, bytes: await open() })))
}

function placeOf({ digest, size }: { readonly digest: string; readonly size: number }): Omit<LayoutFile, 'open'> {
  return { path: `blobs/sha256/${hexOf(digest)}`, digest, size }
}

function fileOf(path: string, bytes: Uint8Array): LayoutFile {
  const { digest, size } = describe(bytes, '')
  return { path, digest, size, open: () => bytes }
}
