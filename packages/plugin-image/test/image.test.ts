import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sampleBundle, targetContext } from '@santokit/core/testkit'
import { unpackTar } from 'modern-tar'
import { afterEach, expect, test } from 'vitest'
import { readBase } from '../src/base/base.ts'
import { openCache } from '../src/base/cache.ts'
import { layoutBase } from '../src/base/source.ts'
import { appLayer } from '../src/layout/app-layer.ts'
import { buildImage, type ImageParts } from '../src/layout/image.ts'
import { packLayerInParts } from '../src/layout/layer.ts'
import { packLayer } from '../src/layout/pack.ts'
import { parseJson } from '../src/oci/content.ts'
import type { Image } from '../src/oci/types.ts'
import { imageOptions } from '../src/options.ts'
import { packageImage } from '../src/package.ts'
import { DOCKER_TYPES, OCI_TYPES, testBase, writeBase } from './base.ts'
import './worlds.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function folderWithBase(types = OCI_TYPES): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'santokit-image-'))
  folders.push(folder)
  await writeBase(join(folder, 'base'), testBase(types))
  return folder
}

/** Parts that depend on nothing but this file and `testBase`. */
async function fixedParts(types = OCI_TYPES): Promise<ImageParts> {
  const root = await folderWithBase(types)
  const source = layoutBase('oci:base', join(root, 'base'))
  const runtime = packLayer([{ path: 'app/bridge/node.mjs', bytes: Buffer.from('// the Bridge\n') }], 'the Bridge')
  return {
    project: 'shop',
    bundle: `sha256:${'3f'.repeat(32)}`,
    base: await readBase(source, await source.resolve(), ['linux/amd64', 'linux/arm64']),
    runtime: new Map([['linux/amd64', runtime], ['linux/arm64', runtime]]),
    app: await appLayer({ project: 'shop', files: [{ path: 'manifest.json', bytes: Buffer.from('{}\n'), digest: `sha256:${'0'.repeat(64)}` }] }, openCache(join(root, 'cache'))),
    settings: imageOptions.parse({ repository: 'registry.example.com/acme/shop', source: 'https://git.example.com/acme/shop' }),
    created: '2026-03-14T09:26:53Z',
    revision: '8c1f04d2a6b7e93f0c51d8e2a4b6f7091c3d5e70',
    tag: (content) => `sha-8c1f04d2a6b7-${content}`,
  }
}

test('the same parts have a known digest on every machine', async () => {
  const { root, tag } = buildImage(await fixedParts())
  expect({ tag, digest: root.descriptor.digest }).toMatchInlineSnapshot(`
    {
      "digest": "sha256:b9fbe99e4c9e6d06bd706dbd8c325ba3a53bdbabd11f65847d2610d5db396c23",
      "tag": "sha-8c1f04d2a6b7-50de953bfa1b",
    }
  `)
})

test('a package is the same in another folder, time zone and umask, and whoever builds it', async () => {
  const bundle = await sampleBundle()
  const settings = imageOptions.parse({ repository: 'registry.example.com/acme/shop', base: 'oci:base' })
  const packageIn = async (root: string) => packageImage(bundle, targetContext({ type: 'image', options: settings, root }))
  const once = await packageIn(await folderWithBase())
  const [umask, zone, cache] = [process.umask(0o077), process.env.TZ, process.env.SANTOKIT_CACHE]
  process.env.TZ = 'Pacific/Chatham'
  process.env.SANTOKIT_CACHE = join(await folderWithBase(), 'another-cache')
  try {
    const again = await packageIn(await folderWithBase())
    expect(again.digest).toBe(once.digest)
    expect(again.files.map(({ path }) => path)).toEqual(once.files.map(({ path }) => path))
    expect(again.image.referrers.map(({ manifest }) => manifest.descriptor.digest)).toEqual(once.image.referrers.map(({ manifest }) => manifest.descriptor.digest))
  } finally {
    process.umask(umask)
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
    process.env.SANTOKIT_CACHE = cache
  }
})

interface Config { readonly config: Record<string, unknown>; readonly rootfs: { readonly diff_ids: string[] }; readonly created: string; readonly architecture: string; readonly history: unknown[] }
interface ManifestContent { readonly mediaType: string; readonly config: { readonly digest: string }; readonly layers: { readonly digest: string; readonly mediaType: string }[]; readonly annotations?: Record<string, string> }

function contentsOf(image: Pick<Image, 'manifests' | 'blobs'>) {
  return image.manifests.map(({ bytes }) => {
    const manifest = parseJson(bytes) as ManifestContent
    const config = parseJson(image.blobs.find(({ descriptor }) => descriptor.digest === manifest.config.digest)!.open() as Uint8Array) as Config
    return { manifest, config }
  })
}

test('the config says how to run it, who made it and from what', async () => {
  const parts = await fixedParts()
  const image = buildImage(parts)
  const [{ config, manifest }, arm] = contentsOf(image) as [ReturnType<typeof contentsOf>[number], ReturnType<typeof contentsOf>[number]]
  expect(config.created).toBe('2026-03-14T09:26:53Z')
  expect(config.architecture).toBe('amd64')
  expect(arm.config).toMatchObject({ architecture: 'arm64', variant: 'v8' })
  expect(config.config).toEqual({
    User: '65532',
    ExposedPorts: { '3000/tcp': {} },
    Env: [
      'PATH=/usr/bin', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
      `IMAGE_TAG=${image.tag}`, 'MANIFEST_PATH=/app/manifest.json', 'NODE_ENV=production', 'PORT=3000',
    ],
    Entrypoint: ['/nodejs/bin/node', '/app/bridge/node.mjs'],
    WorkingDir: '/app',
    Labels: image.annotations,
    StopSignal: 'SIGTERM',
  })
  expect(manifest.annotations).toBeUndefined()
  expect(image.annotations).toEqual({
    'dev.santokit.bundle': parts.bundle,
    'dev.santokit.project': 'shop',
    'org.opencontainers.image.base.digest': parts.base.digest,
    'org.opencontainers.image.base.name': 'oci:base',
    'org.opencontainers.image.created': '2026-03-14T09:26:53Z',
    'org.opencontainers.image.revision': parts.revision,
    'org.opencontainers.image.source': 'https://git.example.com/acme/shop',
    'org.opencontainers.image.title': 'shop',
    'org.opencontainers.image.version': image.tag,
  })
  expect(parseJson(image.root.bytes)).toMatchObject({ annotations: image.annotations })
  expect(config.rootfs.diff_ids).toHaveLength(3)
  expect(config.history).toHaveLength(3)
})

test('layers go from the most to the least stable, and the app is one blob for all platforms', async () => {
  const parts = await fixedParts()
  const [amd, arm] = contentsOf(buildImage(parts)).map(({ manifest }) => manifest.layers.map(({ digest }) => digest)) as [string[], string[]]
  expect(amd[0]).not.toBe(arm[0])
  expect(amd.slice(1)).toEqual(arm.slice(1))
  expect(amd.slice(1)).toEqual([parts.runtime.get('linux/amd64')!.blob.descriptor.digest, parts.app.blob.descriptor.digest])
})

test('over a base of docker media types everything has the names of OCI, and nothing of the base is claimed', async () => {
  const image = buildImage(await fixedParts(DOCKER_TYPES))
  for (const { manifest } of contentsOf(image)) {
    expect([manifest.mediaType, ...manifest.layers.map(({ mediaType }) => mediaType)].join()).not.toContain('docker')
    expect(manifest.annotations?.['org.example.base']).toBeUndefined()
  }
  expect(new TextDecoder().decode(image.root.bytes)).not.toMatch(/docker|org\.example\.base/)
})

test('the app layer holds the manifest and the bundle, readable by anybody and owned by root', async () => {
  const { blob } = await appLayer(await sampleBundle(), openCache(await folderWithBase()))
  const entries = await unpackTar(gunzipSync(await blob.open()))
  expect(entries.map(({ header }) => [header.name, header.type, header.mode])).toEqual([
    ['app/', 'directory', 0o755], ['app/bundle/', 'directory', 0o755], ['app/bundle/logic/', 'directory', 0o755],
    ['app/bundle/logic/hello.mjs', 'file', 0o644], ['app/manifest.json', 'file', 0o644],
  ])
  for (const { header } of entries) expect(header).toMatchObject({ uid: 0, gid: 0, mtime: new Date(0) })
})

test('options change the image, and its tag with it', async () => {
  const parts = await fixedParts()
  const plain = buildImage(parts)
  const changed = [{ port: 8080 }, { user: '1000:1000' }, { env: { A: 'b' } }, { labels: { a: 'b' } }, { annotations: { a: 'b' } }, { node: '/usr/bin/node' }, { stopSignal: 'SIGINT' as const }]
    .map((more) => buildImage({ ...parts, settings: { ...parts.settings, ...more } }))
  expect(new Set([plain, ...changed].map(({ root }) => root.descriptor.digest)).size).toBe(changed.length + 1)
  expect(new Set([plain, ...changed].map(({ tag }) => tag)).size).toBe(changed.length + 1)
})

test('a base that runs as root is not followed in that', async () => {
  const parts = await fixedParts()
  for (const user of ['', '0', 'root', '0:0', 'node']) {
    const images = parts.base.images.map((image) => ({ ...image, config: { ...image.config, user } }))
    const [content] = contentsOf(buildImage({ ...parts, base: { ...parts.base, images } }))
    expect(content!.config.config.User, user).toBe('65532:65532')
  }
})

test('a value of a secret in labels or variables is refused, and not repeated', async () => {
  const root = await folderWithBase()
  const canary = 'canary-label-77f1'
  for (const more of [{ labels: { key: canary } }, { env: { KEY: canary } }, { annotations: { key: canary } }]) {
    const options = imageOptions.parse({ repository: 'registry.example.com/acme/shop', base: 'oci:base', ...more })
    const failure = await packageImage(await sampleBundle(), targetContext({ type: 'image', options, root, credentials: { API_KEY: canary } })).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STK2022' })
    expect(JSON.stringify(failure) + String(failure)).toContain('API_KEY')
    expect(JSON.stringify(failure) + String(failure)).not.toContain(canary)
  }
})

test('a large file of a layer is compressed once, and the bytes do not depend on that', async () => {
  const files = (seed: string) => [
    { path: 'app/manifest.json', bytes: Buffer.from(seed) },
    { path: 'app/bundle/data.mjs', bytes: Buffer.from(Array.from({ length: 9000 }, (_, index) => `line ${index ** 3}\n`).join('')) },
    { path: 'app/bundle/rest.mjs', bytes: Buffer.from(`rest ${seed}`) },
  ]
  const folder = await folderWithBase()
  const bytesOf = async (seed: string, cache: string) => (await packLayerInParts(files(seed), '', openCache(join(folder, cache)))).blob.open() as Uint8Array
  const one = await bytesOf('one', 'here')
  const other = await bytesOf('other', 'here')
  expect(Buffer.compare(other, await bytesOf('other', 'elsewhere'))).toBe(0)
  expect(Buffer.compare(one, other)).not.toBe(0)
  const unpacked = await unpackTar(gunzipSync(other))
  for (const { path, bytes } of files('other')) expect(Buffer.from(unpacked.find(({ header }) => header.name === path)!.data!).equals(bytes), path).toBe(true)
  expect(await readdir(join(folder, 'here/members'))).toHaveLength(1)
  // Nor on the last layer of the same name, whole, spoilt, or another's.
  const last = join(folder, 'here/last')
  const [name = ''] = await readdir(last)
  expect(Buffer.compare(await bytesOf('other', 'here'), other)).toBe(0)
  for (const spoilt of [one, other.subarray(0, -9), Buffer.from('no gzip')]) {
    await writeFile(join(last, name), spoilt)
    expect(Buffer.compare(await bytesOf('other', 'here'), other)).toBe(0)
  }
})
