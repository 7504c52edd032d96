import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strFromU8, strToU8, gzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Image } from '../src/oci/types.ts'
import { digestOf, listImages, listReferrers, planPush, promoteImage, pushImage, retag, type Repository } from '../src/registry/index.ts'
import { blobOf, manifestOf, sampleImage } from './registry/images.ts'
import { startJwtServer, type JwtServer } from './registry/jwt-server.ts'
import { hasProgram, makeCertificate, run, startDistribution, type RunningRegistry } from './registry/programs.ts'
import { open, password, PASSWORD, USERNAME, type OpenOptions } from './registry/world.ts'

// bcrypt of the planted password.
const HTPASSWD = '$2y$05$abcdefghijklmnopqrstuuA9cYG5Rhd8HIa8J9BOLiBktdIZo1pAe'
const TAGS = [{ name: 'sha-1', moves: false }, { name: 'production', moves: true }]

interface World {
  readonly registry: RunningRegistry
  readonly options: OpenOptions
  /** skopeo's arguments to sign in. */
  readonly skopeo: readonly string[]
}

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo')).each<readonly [string, () => Promise<World>]>([
  ['plain', async () => ({ registry: await startDistribution(), options: {}, skopeo: [] })],
  ['with basic authentication', async () => ({
    registry: await startDistribution(async (folder) => {
      await writeFile(join(folder, 'htpasswd'), `${USERNAME}:${HTPASSWD}\n`)
      return [`auth: { htpasswd: { realm: tests, path: ${JSON.stringify(join(folder, 'htpasswd'))} } }`]
    }),
    options: { as: password() },
    skopeo: ['--creds', `${USERNAME}:${PASSWORD}`],
  })],
  ['with tokens', async () => {
    const registry = await startDistribution(async (folder) => {
      const { key, certificate } = await makeCertificate(folder)
      tokens.use(key, certificate)
      return [`auth: { token: { realm: "${tokens.realm}", service: tests, issuer: tests, rootcertbundle: ${JSON.stringify(join(folder, 'cert.pem'))} } }`]
    })
    return { registry, options: { as: password() }, skopeo: ['--creds', `${USERNAME}:${PASSWORD}`] }
  }],
])('docker-registry, %s', (name, create) => {
  let world: World
  beforeAll(async () => { world = await create() })
  afterAll(() => world.registry.close())

  const shop = (repository = 'acme/shop'): Repository => open(world.registry, repository, world.options)
  const inspect = async (reference: string, ...more: string[]): Promise<string> => (await run('skopeo', [
    'inspect', '--tls-verify=false', ...world.skopeo, ...more, `docker://${world.registry.host}/${reference}`,
  ])).stdout

  test('takes an image, and skopeo reads it', async () => {
    const image = realImage('one')
    const plan = await planPush(shop(), image, TAGS)
    const pushed = await pushImage(shop(), image, TAGS, { planned: plan })
    expect(pushed).toMatchObject({ digest: image.root.descriptor.digest, blobBytes: plan.bytes })
    const seen = JSON.parse(await inspect('acme/shop:production')) as { Digest: string; Layers: string[]; Labels: object }
    expect(seen).toMatchObject({ Digest: image.root.descriptor.digest, Labels: { seed: 'one' } })
    expect(digestOf(strToU8(await inspect('acme/shop:production', '--raw')))).toBe(image.root.descriptor.digest)
  })

  test('skopeo copies the whole of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'copy-'))
    try {
      await run('skopeo', ['copy', '--src-tls-verify=false', ...world.skopeo.map((each) => each.replace('--creds', '--src-creds')),
        `docker://${world.registry.host}/acme/shop:production`, `oci:${folder}/layout:production`])
      const index = JSON.parse(strFromU8(await readFile(join(folder, 'layout/index.json')))) as { manifests: { digest: string }[] }
      expect(index.manifests.map(({ digest }) => digest)).toEqual([realImage('one').root.descriptor.digest])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('nothing is sent again', async () => {
    expect(await pushImage(shop(), realImage('one'), TAGS)).toMatchObject({ isChanged: false, blobBytes: 0 })
  })

  test('of a changed image only what changed is sent', async () => {
    const [one, two] = [realImage('one'), realImage('two')]
    const pushed = await pushImage(shop(), two, [{ name: 'sha-2', moves: false }, { name: 'production', moves: true }])
    const known = new Set(one.blobs.map(({ descriptor }) => descriptor.digest))
    expect(pushed.blobBytes).toBe(two.blobs.filter(({ descriptor }) => !known.has(descriptor.digest)).reduce((sum, { descriptor }) => sum + descriptor.size, 0))
  })

  test('an index of two platforms and its referrers, without the referrers API', async () => {
    const image = sampleImage({ seed: 'index', platforms: ['amd64', 'arm64'], referrers: 2 })
    await pushImage(shop('acme/multi'), image, TAGS)
    expect(digestOf(strToU8(await inspect('acme/multi:production', '--raw')))).toBe(image.root.descriptor.digest)
    expect((await listReferrers(shop('acme/multi'), image.root.descriptor.digest)).map(({ digest }) => digest).toSorted())
      .toEqual(image.referrers.map(({ manifest }) => manifest.descriptor.digest).toSorted())
  })

  test('a rollback, a promotion and the list of releases', async () => {
    const [one, two] = [realImage('one'), realImage('two')]
    expect(await retag(shop(), 'sha-1', 'production')).toBe(one.root.descriptor.digest)
    const repository = shop()
    const promoted = await promoteImage(repository, 'sha-2', { ...repository, name: 'acme/live' }, [{ name: 'production', moves: true }])
    expect(promoted).toMatchObject({ digest: two.root.descriptor.digest, blobBytes: 0 })
    expect(JSON.parse(await inspect('acme/live:production'))).toMatchObject({ Digest: two.root.descriptor.digest })
    expect((await listImages(shop(), (tag) => tag.startsWith('sha-'))).map(({ tag }) => tag)).toEqual(['sha-2', 'sha-1'])
  })

  test.runIf(name !== 'plain')('wrong credentials are refused as such', async () => {
    await expect(planPush(open(world.registry, 'acme/shop'), realImage('one'), TAGS)).rejects.toMatchObject({ code: 'STK4101' })
  })

  test('the registry never saw a password in an address', () => {
    expect(world.registry.log()).not.toContain(PASSWORD)
  })
})

let tokens: JwtServer
beforeAll(async () => { tokens = await startJwtServer() })
afterAll(() => tokens.close())

/** An image whose layers are tar archives, as skopeo wants to see when it copies. */
function realImage(seed: string): Image {
  const layer = (name: string): ReturnType<typeof blobOf> & { readonly diff: string } => {
    const tar = new Uint8Array(10_240)
    const header = tar.subarray(0, 512)
    const write = (text: string, at: number): void => { header.set(strToU8(text), at) }
    for (const [text, at] of [[name, 0], ['0000644\0', 100], ['0000000\0', 108], ['0000000\0', 116], ['00000000005\0', 124], ['00000000000\0', 136], ['        ', 148], ['0', 156], ['ustar\x0000', 257]] as const) write(text, at)
    write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148)
    tar.set(strToU8('hello'), 512)
    return { ...blobOf(gzipSync(tar, { mtime: 0 }), 'application/vnd.oci.image.layer.v1.tar+gzip'), diff: digestOf(tar) }
  }
  const [base, app] = [layer('base'), layer(`app-${seed}`)]
  const config = blobOf(strToU8(JSON.stringify({
    architecture: 'amd64', os: 'linux', config: { Labels: { seed } }, rootfs: { type: 'layers', diff_ids: [base.diff, app.diff] },
  })), 'application/vnd.oci.image.config.v1+json')
  const root = manifestOf({
    config: config.descriptor, layers: [base.descriptor, app.descriptor], annotations: { 'org.opencontainers.image.created': seed === 'one' ? '2026-01-01T00:00:00Z' : '2026-02-01T00:00:00Z' },
  }, 'application/vnd.oci.image.manifest.v1+json')
  return { blobs: [base, app, config], manifests: [], root, referrers: [] }
}
