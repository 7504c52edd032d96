import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../src/oci/media-types.ts'
import { run } from './registry/programs.ts'

/** `linux/amd64` or `linux/arm64`: what this computer runs without help. */
export const HERE = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64'

/**
 * Writes a base image as an OCI layout: this computer's Node and the libraries that it is linked with, in one plain layer,
 * and nothing else. No shell, not root.
 */
export async function writeNodeBase(folder: string): Promise<void> {
  const blobs = join(folder, 'blobs/sha256')
  await mkdir(blobs, { recursive: true })
  const { stdout } = await run('ldd', [process.execPath])
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
  const layer = join(folder, 'layer.tar')
  // Names as they are linked, contents as they are: a loader finds no library behind a link that was not copied.
  await run('tar', ['--create', '--dereference', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--file', layer,
    '--transform', `s,^${process.execPath.slice(1)}$,nodejs/bin/node,`, '--directory', '/', ...[process.execPath, ...libraries].map((path) => path.slice(1))])
  const layerDigest = sha256(await readFile(layer))
  const { size } = await stat(layer)
  await rename(layer, join(blobs, layerDigest))
  const put = async (document: object, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(document))
    await writeFile(join(blobs, sha256(bytes)), bytes)
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length }
  }
  const platform = { os: 'linux', architecture: HERE.slice('linux/'.length) }
  const config = await put({
    ...platform, created: '1970-01-01T00:00:00Z', config: { User: '65532:65532', Entrypoint: ['/nodejs/bin/node'], Env: ['PATH=/nodejs/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] }, history: [{ created: '1970-01-01T00:00:00Z', created_by: 'node' }],
  }, OCI_CONFIG)
  const manifest = await put({
    schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${layerDigest}`, size }],
  }, OCI_MANIFEST)
  const index = await put({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...manifest, platform }] }, OCI_INDEX)
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [index] }))
  await rm(layer, { force: true })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
