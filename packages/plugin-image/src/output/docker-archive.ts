import { arch } from 'node:os'
import { packUstar } from '@santokit/core'
import { layout } from '../layout/oci-layout.ts'
import { hexOf, jsonBytes, parseJson } from '../oci/content.ts'
import type { Descriptor, Image, Manifest } from '../oci/types.ts'
import type { Platform } from '../options.ts'

/** An image for one platform. */
export interface SingleImage {
  readonly platform: Platform
  readonly manifest: Manifest
}

/** The image for this computer's architecture where there is one, else the first: an archive for docker holds one. */
export function imageForHere(image: Image, here: string = arch()): SingleImage {
  const wanted = here === 'arm64' ? 'linux/arm64' : 'linux/amd64'
  const { manifests = [] } = parseJson(image.root.bytes) as { readonly manifests?: readonly Descriptor[] }
  const described = manifests.find(({ platform }) => `${platform?.os}/${platform?.architecture}` === wanted) ?? manifests[0]
  const manifest = image.manifests.find(({ descriptor }) => descriptor.digest === described?.digest)
  if (manifest === undefined || described === undefined) throw new TypeError('The image has no manifest')
  return { platform: `${described.platform?.os}/${described.platform?.architecture}` as Platform, manifest }
}

/**
 * An archive that `docker load` and podman take, old and new: an OCI layout with docker's `manifest.json` beside it. Given
 * piece by piece, so that no more than one layer is in memory.
 *
 * @param reference what the image is called once it is loaded, such as `ghcr.io/acme/shop:sha-1a2b3c`.
 */
export async function* dockerArchive(image: Image, { manifest }: SingleImage, reference: string): AsyncGenerator<Uint8Array> {
  const { config, layers } = parseJson(manifest.bytes) as { readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  const wanted = new Set([config, ...layers].map(({ digest }) => digest))
  const only: Image = { blobs: image.blobs.filter(({ descriptor }) => wanted.has(descriptor.digest)), manifests: [], root: manifest, referrers: [] }
  const place = ({ digest }: Descriptor): string => `blobs/sha256/${hexOf(digest)}`
  const files = [
    ...layout(only, reference),
    { path: 'manifest.json', open: () => jsonBytes([{ Config: place(config), RepoTags: [reference], Layers: layers.map(place) }]) },
  ]
  for (const folder of ['blobs/', 'blobs/sha256/']) yield entry(folder, new Uint8Array())
  for (const file of files) yield entry(file.path, await file.open())
  yield packUstar([])
}

/** One entry of an archive, without the two blocks that end one. */
function entry(path: string, bytes: Uint8Array): Uint8Array {
  return packUstar([{ path, bytes }]).subarray(0, -1024)
}
