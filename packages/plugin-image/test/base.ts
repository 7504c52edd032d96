import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packLayer } from '../src/layout/pack.ts'
import { blobOf, hexOf, jsonBytes, manifestOf } from '../src/oci/content.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../src/oci/media-types.ts'
import type { Blob, Manifest } from '../src/oci/types.ts'

/** Docker's names, for a base as older builders make it. */
export const DOCKER_TYPES = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
}
export const OCI_TYPES = { manifest: OCI_MANIFEST, index: OCI_INDEX, config: OCI_CONFIG, layer: OCI_LAYER_GZIP }

/** A base for tests: for two platforms, one small layer each, and annotations that must not be inherited. */
export interface TestBase {
  readonly root: Manifest
  readonly manifests: readonly Manifest[]
  readonly blobs: readonly Blob[]
}

export function testBase(types: typeof OCI_TYPES = OCI_TYPES, platforms: readonly string[] = ['amd64', 'arm64'], seed = 'base'): TestBase {
  const images = platforms.map((architecture) => {
    const layer = packLayer([{ path: 'etc/base-release', bytes: Buffer.from(`${seed} ${architecture}\n`) }], '')
    const layerBlob = { ...layer.blob, descriptor: { ...layer.blob.descriptor, mediaType: types.layer } }
    const config = blobOf(jsonBytes({
      architecture, os: 'linux', created: '1970-01-01T00:00:00Z',
      config: { User: '65532', Env: ['PATH=/usr/bin', 'PORT=9', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'], Entrypoint: ['/nodejs/bin/node'], Labels: { 'org.example.base': 'yes' } },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'base' }],
    }), types.config)
    const manifest = manifestOf({
      schemaVersion: 2, mediaType: types.manifest, config: config.descriptor, layers: [layerBlob.descriptor], annotations: { 'org.example.base': 'yes' },
    })
    return { blobs: [layerBlob, config], manifest: { ...manifest, descriptor: { ...manifest.descriptor, platform: { os: 'linux', architecture, ...(architecture === 'arm64' ? { variant: 'v8' } : {}) } } } }
  })
  const root = manifestOf({
    schemaVersion: 2, mediaType: types.index, manifests: images.map(({ manifest }) => manifest.descriptor), annotations: { 'org.example.base': 'yes' },
  })
  return { root, manifests: images.map(({ manifest }) => manifest), blobs: images.flatMap(({ blobs }) => blobs) }
}

/** Writes a base as an OCI layout. */
export async function writeBase(folder: string, base: TestBase = testBase()): Promise<void> {
  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  for (const { descriptor, bytes } of [base.root, ...base.manifests]) await write(`blobs/sha256/${hexOf(descriptor.digest)}`, bytes)
  for (const blob of base.blobs) await write(`blobs/sha256/${hexOf(blob.descriptor.digest)}`, await blob.open())
  await write('oci-layout', jsonBytes({ imageLayoutVersion: '1.0.0' }))
  await write('index.json', jsonBytes({ schemaVersion: 2, manifests: [base.root.descriptor] }))
}
