import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hexOf } from '../src/oci/content.ts'
import { packageImage } from '../src/package.ts'
import { imageTarget } from '../src/target.ts'
import { DOCKER_TYPES, OCI_TYPES, testBase, writeBase, type TestBase } from './base.ts'
import { repositoryIn } from './registry/store.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

let world: ImageWorld
let base: TestBase
let cache: string | undefined

beforeEach(async () => {
  world = await createWorld()
  cache = process.env.SANTOKIT_CACHE
  process.env.SANTOKIT_CACHE = join(world.root, 'cache')
  base = testBase()
  await store(base)
})

afterEach(async () => {
  process.env.SANTOKIT_CACHE = cache
  await world.cleanup()
})

/** Puts a base into the registry, as `library/node:lts`. */
async function store({ root, manifests, blobs }: TestBase, name = 'library/node', tag = 'lts'): Promise<void> {
  const repository = repositoryIn(world.registry.store, name)
  for (const blob of blobs) repository.blobs.set(blob.descriptor.digest, Buffer.from(await blob.open()))
  for (const { descriptor, bytes } of [...manifests, root]) repository.manifests.set(descriptor.digest, { mediaType: descriptor.mediaType, bytes })
  repository.tags.set(tag, root.descriptor.digest)
}

const reference = () => `${world.registry.host}/library/node:lts`
const settings = () => ({ base: reference() })
const lock = async () => JSON.parse(await readFile(join(world.root, 'santokit.lock'), 'utf8')) as unknown
const packaged = async (more: Parameters<typeof contextOn>[1] = {}) => packageImage(await sampleBundle(), contextOn(world, { settings: settings(), ...more }))
const baseRequests = () => world.registry.seen.filter(({ path, headers }) => path.startsWith('/v2/library/node/') && headers.authorization !== undefined).map(({ method, path }) => `${method} ${path.replace('/v2/library/node/', '')}`)

test('a base is pinned the first time, and the pin decides from then on', async () => {
  const first = await packaged()
  expect(await lock()).toEqual({ lockVersion: 1, bases: { [reference()]: base.root.descriptor.digest } })
  await store(testBase(OCI_TYPES, ['amd64', 'arm64'], 'newer'))
  expect((await packaged()).digest).toBe(first.digest)
  const updated = await packaged({ flags: { 'update-base': true } })
  expect(updated.digest).not.toBe(first.digest)
  expect((await packaged()).digest).toBe(updated.digest)
  expect((await readdir(world.root)).filter((name) => name.startsWith('santokit.lock'))).toEqual(['santokit.lock'])
})

test('a reference with a digest needs no pin', async () => {
  await packaged({ settings: { base: `${world.registry.host}/library/node@${base.root.descriptor.digest}` } })
  await expect(lock()).rejects.toThrow('ENOENT')
})

test('what is in the cache is not asked for again, and --offline asks for nothing', async () => {
  await packaged()
  const before = baseRequests().length
  await packaged()
  await packaged({ flags: { offline: true } })
  expect(baseRequests()).toHaveLength(before)
})

test('--offline without a cache or without a pin says what is missing', async () => {
  await expect(packaged({ flags: { offline: true } })).rejects.toMatchObject({ code: 'STK4121' })
  await packaged()
  process.env.SANTOKIT_CACHE = join(world.root, 'empty')
  await expect(packaged({ flags: { offline: true } })).rejects.toMatchObject({ code: 'STK4121' })
  await expect(packaged({ flags: { 'offline': true, 'update-base': true } })).rejects.toMatchObject({ code: 'STK1020' })
})

test('a spoilt entry of the cache is read anew', async () => {
  const { digest } = await packaged()
  await writeFile(join(world.root, 'cache/blobs/sha256', hexOf(base.root.descriptor.digest)), '{}')
  expect((await packaged()).digest).toBe(digest)
  expect(baseRequests().filter((request) => request === `GET manifests/${base.root.descriptor.digest}`)).toHaveLength(2)
})

test('layers of a base in the same registry are mounted: nobody reads or sends them', async () => {
  const ctx = contextOn(world, { settings: settings() })
  const pkg = await imageTarget.package(await sampleBundle(), ctx)
  await imageTarget.release(await imageTarget.plan(pkg, ctx), pkg, ctx)
  const layers = base.blobs.filter(({ descriptor }) => descriptor.mediaType.includes('layer')).map(({ descriptor }) => descriptor.digest)
  expect(baseRequests().filter((request) => layers.some((digest) => request === `GET blobs/${digest}`))).toEqual([])
  expect(world.registry.seen.filter(({ method, url }) => method === 'POST' && layers.includes(url.searchParams.get('mount') ?? ''))).toHaveLength(layers.length)
})

test('a base of docker media types from a registry becomes OCI\'s', async () => {
  await store(testBase(DOCKER_TYPES))
  const { files } = await packaged()
  for (const { bytes, path } of files) if (bytes[0] === 0x7b) expect(Buffer.from(bytes).toString(), path).not.toContain('vnd.docker')
})

test('a base without one of the platforms is refused with those it has', async () => {
  await store(testBase(OCI_TYPES, ['amd64']))
  const failure = await packaged().catch((error: unknown) => error) as { readonly code: string; readonly message: string }
  expect(failure.code).toBe('STK4120')
  expect(failure.message).toContain('linux/arm64; it is for linux/amd64')
  await packaged({ settings: { ...settings(), platforms: ['linux/amd64'] } })
})

test('a base that is a single image does for its platform', async () => {
  await store({ ...base, root: base.manifests[0]! })
  const { image } = await packaged({ settings: { ...settings(), platforms: ['linux/amd64'] } })
  expect(image.manifests).toHaveLength(1)
  await expect(packaged()).rejects.toMatchObject({ code: 'STK4120' })
})

test('a base that is not there is named', async () => {
  await expect(packaged({ settings: { base: `${world.registry.host}/library/none:lts` } })).rejects.toMatchObject({ code: 'STK4109' })
  await expect(packaged({ settings: { base: 'oci:nowhere' } })).rejects.toMatchObject({ code: 'STK4120' })
})

test('a layout with spoilt content is refused', async () => {
  await mkdir(join(world.root, 'spoilt'), { recursive: true })
  await writeBase(join(world.root, 'spoilt'), base)
  await writeFile(join(world.root, 'spoilt/blobs/sha256', hexOf(base.manifests[0]!.descriptor.digest)), '{}')
  await expect(packaged({ settings: { base: 'oci:spoilt' } })).rejects.toMatchObject({ code: 'STK4104' })
})

test('a lock file with a merge conflict is refused', async () => {
  await writeFile(join(world.root, 'santokit.lock'), '<<<<<<< HEAD\n{}\n')
  await expect(packaged()).rejects.toMatchObject({ code: 'STK4124' })
})
