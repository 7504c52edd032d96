import { afterEach, beforeEach, expect, test } from 'vitest'
import { planPush, pushImage, promoteImage, retag, listImages, listReferrers } from '../../src/registry/index.ts'
import { plant, sampleImage } from './images.ts'
import { startRegistry, type TestRegistry } from './registry.ts'
import { faultsOf, repositoryIn } from './store.ts'
import { open } from './world.ts'

const TAGS = [{ name: 'sha-1', moves: false }, { name: 'production', moves: true }]

let registry: TestRegistry
beforeEach(async () => { registry = await startRegistry() })
afterEach(async () => {
  await registry.close()
  expect(registry.violations).toEqual([])
})

const shop = (): ReturnType<typeof repositoryIn> => repositoryIn(registry.store, 'acme/shop')

test.each([
  ['one platform', sampleImage({ seed: 'a' })],
  ['two platforms', sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'] })],
  ['two platforms and referrers', sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'], referrers: 2 })],
])('pushes %s to an empty repository and names it by every tag', async (_, image) => {
  const repository = open(registry)
  const plan = await planPush(repository, image, TAGS)
  const pushed = await pushImage(repository, image, TAGS, { planned: plan })

  expect(pushed).toMatchObject({ digest: image.root.descriptor.digest, isChanged: true, blobBytes: plan.bytes })
  expect(shop().tags.get('production')).toBe(image.root.descriptor.digest)
  expect(shop().tags.get('sha-1')).toBe(image.root.descriptor.digest)
  expect(faultsOf(shop(), 'production')).toEqual([])
  expect((await listReferrers(repository, image.root.descriptor.digest)).map(({ digest }) => digest).toSorted())
    .toEqual(image.referrers.map(({ manifest }) => manifest.descriptor.digest).toSorted())
})

test('a tag is written only when everything that it names is there', async () => {
  const image = sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'], referrers: 2 })
  registry.quirks.before.push(({ method, path }) => {
    if (method === 'PUT' && /\/manifests\/(?:production|sha-1)$/.test(path)) {
      expect(faultsOf(shop(), image.manifests[0]!.descriptor.digest)).toEqual([])
      expect(faultsOf(shop(), image.manifests[1]!.descriptor.digest)).toEqual([])
      for (const { manifest } of image.referrers) expect(faultsOf(shop(), manifest.descriptor.digest)).toEqual([])
    }
    return undefined
  })
  await pushImage(open(registry), image, TAGS)
  expect(faultsOf(shop(), 'production')).toEqual([])
})

test('the same image again costs a request a tag and sends nothing', async () => {
  const image = sampleImage({ seed: 'a', referrers: 1 })
  await pushImage(open(registry), image, TAGS)
  const before = registry.seen.length

  const again = open(registry)
  const plan = await planPush(again, image, TAGS)
  expect(plan).toMatchObject({ bytes: 0, survey: { isDone: true } })
  expect(registry.seen.length - before).toBe(2)
  expect(await pushImage(open(registry), image, TAGS)).toMatchObject({ isChanged: false, requests: 2, bytes: 0, blobBytes: 0 })
})

test('only what changed is sent', async () => {
  await pushImage(open(registry), sampleImage({ seed: 'a' }), [TAGS[1]!])
  const next = sampleImage({ seed: 'b' })
  const pushed = await pushImage(open(registry), next, [TAGS[1]!])
  const changed = next.blobs.filter((_, index) => index >= 2)
  expect(pushed.blobBytes).toBe(changed.reduce((sum, { descriptor }) => sum + descriptor.size, 0))
  expect(pushed.bytes).toBe(pushed.blobBytes + next.root.bytes.length)
})

test('planning writes nothing', async () => {
  await planPush(open(registry), sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'] }), TAGS)
  expect(registry.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([])
  expect(registry.store.size).toBe(0)
})

test('a tag that stays is not moved, and nothing is sent for it', async () => {
  const old = sampleImage({ seed: 'a' })
  await plant(registry.store, 'acme/shop', old, 'sha-1')
  await expect(planPush(open(registry), sampleImage({ seed: 'b' }), TAGS)).rejects.toMatchObject({ code: 'STK4103' })
  await expect(pushImage(open(registry), sampleImage({ seed: 'b' }), TAGS)).rejects.toMatchObject({ code: 'STK4103' })
  expect(shop().tags).toEqual(new Map([['sha-1', old.root.descriptor.digest]]))
  expect(registry.seen.filter(({ method }) => method === 'PUT')).toEqual([])
})

test('a moving tag that somebody moved meanwhile is left alone', async () => {
  await plant(registry.store, 'acme/shop', sampleImage({ seed: 'a' }), 'production')
  const image = sampleImage({ seed: 'b' })
  const planned = await planPush(open(registry), image, [TAGS[1]!])
  const other = sampleImage({ seed: 'c' })
  await plant(registry.store, 'acme/shop', other, 'production')
  await expect(pushImage(open(registry), image, [TAGS[1]!], { planned })).rejects.toMatchObject({ code: 'STK4003' })
  expect(shop().tags.get('production')).toBe(other.root.descriptor.digest)
})

test('a rollback is one GET and one PUT', async () => {
  const [old, live] = [sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'] }), sampleImage({ seed: 'b', platforms: ['amd64', 'arm64'] })]
  await plant(registry.store, 'acme/shop', old, 'sha-1')
  await plant(registry.store, 'acme/shop', live, 'sha-2', 'production')
  expect(await retag(open(registry), old.root.descriptor.digest, 'production')).toBe(old.root.descriptor.digest)
  expect(registry.seen.map(({ method }) => method)).toEqual(['GET', 'PUT'])
  expect(shop().tags.get('production')).toBe(old.root.descriptor.digest)
})

test('a rollback to what is not there changes nothing', async () => {
  const live = sampleImage({ seed: 'b' })
  await plant(registry.store, 'acme/shop', live, 'production')
  await expect(retag(open(registry), `sha256:${'0'.repeat(64)}`, 'production')).rejects.toMatchObject({ code: 'STK4109' })
  expect(registry.seen.map(({ method }) => method)).toEqual(['GET'])
})

test('a promotion to another repository mounts, uploads nothing and takes the referrers along', async () => {
  const image = sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'], referrers: 2 })
  await plant(registry.store, 'acme/shop', image, 'sha-1')
  const from = open(registry)
  const to = { ...from, name: 'acme/shop-production' }
  const pushed = await promoteImage(from, 'sha-1', to, [{ name: 'production', moves: true }])
  expect(pushed).toMatchObject({ digest: image.root.descriptor.digest, blobBytes: 0 })
  const there = repositoryIn(registry.store, 'acme/shop-production')
  expect(faultsOf(there, 'production')).toEqual([])
  expect(await listReferrers(to, image.root.descriptor.digest)).toHaveLength(2)
  expect(registry.seen.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))).toEqual([])
})

test('a promotion where nothing can be mounted reads and sends', async () => {
  registry.quirks.mounts = false
  const image = sampleImage({ seed: 'a' })
  await plant(registry.store, 'acme/shop', image, 'sha-1')
  const from = open(registry)
  const pushed = await promoteImage(from, 'sha-1', { ...from, name: 'other/shop' }, [{ name: 'production', moves: true }])
  expect(pushed.blobBytes).toBe(image.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0))
  expect(faultsOf(repositoryIn(registry.store, 'other/shop'), 'production')).toEqual([])
})

test('images are listed newest first, without the lists of referrers', async () => {
  for (const [seed, created] of [['a', '2026-01-01T00:00:00Z'], ['b', '2026-03-01T00:00:00Z'], ['c', '2026-02-01T00:00:00Z']] as const) {
    await plant(registry.store, 'acme/shop', sampleImage({ seed, created }), `sha-${seed}`)
  }
  shop().tags.set(`sha256-${'0'.repeat(64)}`, shop().tags.get('sha-a')!)
  expect((await listImages(open(registry))).map(({ tag, annotations }) => [tag, annotations['org.opencontainers.image.revision']]))
    .toEqual([['sha-b', 'b'], ['sha-c', 'c'], ['sha-a', 'a']])
})

test('a repository that is not there has no images', async () => {
  expect(await listImages(open(registry))).toEqual([])
})

test('progress tells of every blob once', async () => {
  const image = sampleImage({ seed: 'a', platforms: ['amd64', 'arm64'], referrers: 1 })
  const told: string[] = []
  await pushImage(open(registry), image, TAGS, { progress: ({ done, of, blob, action }) => told.push(`${done}/${of} ${action} ${blob.digest}`) })
  expect(told).toHaveLength(9)
  expect(told.map((line) => line.split(' ')[0])).toEqual(Array.from({ length: 9 }, (_, index) => `${index + 1}/9`))
})
