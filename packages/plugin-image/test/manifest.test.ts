import { gzipSync } from 'node:zlib'
import { packUstar } from '@santokit/core'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findInLayer } from '../src/layout/read-layer.ts'
import { imageTarget } from '../src/target.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

let world: ImageWorld
beforeEach(async () => { world = await createWorld() })
afterEach(() => world.cleanup())

const release = async (seed: string) => {
  const ctx = contextOn(world)
  const pkg = await imageTarget.package(await sampleBundle({ seed }), ctx)
  return imageTarget.release(await imageTarget.plan(pkg, ctx), pkg, ctx)
}

test('the manifest of a release is read with the project\'s layer alone: no base, no Bridge', async () => {
  const made = await release('a')
  const before = world.registry.seen.length
  const found = await imageTarget.manifest!(made, contextOn(world))
  expect(found).toEqual(JSON.parse(JSON.stringify((await sampleBundle({ seed: 'a' })).manifest)))
  const blobs = world.registry.seen.slice(before).filter(({ method, path, headers }) => method === 'GET' && path.includes('/blobs/') && headers.authorization !== undefined)
  expect(blobs).toHaveLength(1)
})

test('an image that the registry has cleaned up cannot be read, and it says so', async () => {
  const made = await release('a')
  world.registry.store.get('acme/shop')!.blobs.clear()
  await expect(imageTarget.manifest!(made, contextOn(world))).rejects.toMatchObject({ code: 'STK4109' })
})

test('a layer that unpacks to more than it may is not unpacked', () => {
  const bytes = gzipSync(packUstar([{ path: 'app/manifest.json', bytes: new Uint8Array(1_000_000) }]))
  expect(bytes.length).toBeLessThan(10_000)
  expect(() => findInLayer(bytes, 'app/manifest.json', 100_000)).toThrow(RangeError)
  expect(findInLayer(bytes, 'app/manifest.json', 10_000_000)).toHaveLength(1_000_000)
  expect(findInLayer(bytes, 'app/other.json', 10_000_000)).toBeUndefined()
})
