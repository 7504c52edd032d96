import { gunzipSync } from 'node:zlib'
import { parseManifest } from '@santokit/bridge/manifest/schema'
import { unpackTar } from 'modern-tar'
import { expect, test } from 'vitest'
import { sampleBundle } from './sample-bundle.ts'

test('a sample bundle is one that a Bridge accepts', async () => {
  const bundle = await sampleBundle({ project: 'links' })
  const entries = await unpackTar(gunzipSync((await bundle.archive()).bytes))
  const manifest = entries.find((entry) => entry.header.name === 'manifest.json')
  expect(parseManifest(JSON.parse(Buffer.from(manifest?.data ?? []).toString()))).toMatchObject({ project: 'links', digest: bundle.digest })
  expect(entries.map((entry) => entry.header.name)).toEqual(['bundle/logic/hello.mjs', 'manifest.json'])
})

test('one seed gives one bundle, and two give two', async () => {
  const [{ archive, ...one }, { archive: other, ...two }] = [await sampleBundle({ seed: 'a' }), await sampleBundle({ seed: 'a' })]
  expect(one).toEqual(two)
  expect(await archive()).toEqual(await other())
  expect((await sampleBundle({ seed: 'b' })).digest).not.toBe((await sampleBundle({ seed: 'a' })).digest)
})
