import { expect, test } from 'vitest'
import type { Artifact } from '../artifact/artifact.ts'
import type { Plugin, Release, ReleasePlan, Target } from './contract.ts'
import { openPluginBench } from '../testkit/plugin-bench.ts'
import { memoryTarget } from '../testkit/memory-target.ts'
import { returnedArtifact, returnedPlan, returnedRelease } from './returned.ts'

const digest = `sha256:${'0'.repeat(64)}` as const
const file = { path: 'a', digest, bytes: new Uint8Array() }
const artifact: Artifact = { digest, files: [file], meta: null }
const plan: ReleasePlan = { from: null, to: digest, steps: [{ action: 'create', subject: 'a' }], bytes: 0, observed: '' }
const release: Release = { id: '1', project: 'shop', target: 'a', environment: 'production', digest, at: '2030-01-01T00:00:00Z' }

test('what fits its type is handed on as it is', () => {
  expect(returnedArtifact(artifact)).toBe(artifact)
  expect(returnedPlan(plan)).toBe(plan)
  expect(returnedRelease(release)).toBe(release)
})

test.each([
  [undefined, /it returned undefined, and the package is an object/],
  [{ ...artifact, digest: 'abc' }, /`digest` of the package/],
  [{ ...artifact, files: undefined }, /`files` of the package/],
  [{ ...artifact, files: [file, { ...file, bytes: undefined }] }, /`bytes` of files\[1\] of the package/],
  [{ ...artifact, files: [{ ...file, bytes: 'text' }] }, /`bytes` of files\[0\] of the package is a string/],
])('a package like %j is refused by the member that is wrong', (value, message) => {
  expect(() => returnedArtifact(value as unknown as Artifact)).toThrow(message)
})

test('so are plans and releases', () => {
  expect(() => returnedPlan({ ...plan, steps: [{ action: 'create' }] } as unknown as ReleasePlan)).toThrow(/`subject` of steps\[0\]/)
  expect(() => returnedPlan({ ...plan, bytes: Number.NaN })).toThrow(/`bytes` of the plan/)
  expect(() => returnedRelease({ ...release, id: '' })).toThrow(/`id` of the release/)
})

test.each(['package', 'plan', 'release'] as const)('a target whose %s returns nothing is named, and not what trips over it', async (method) => {
  const target = { ...memoryTarget(), type: 'broken', [method]: async () => undefined } as unknown as Target<unknown>
  const plugin: Plugin = { name: 'elsewhere', targets: [target] }
  const bench = await openPluginBench({
    plugins: [plugin], config: { projects: { shop: { databases: { main: { driver: 'libsql', url: 'file:a.db' } }, targets: { broken: {} } as never } } },
  })
  try {
    await expect(bench.release()).rejects.toMatchObject({
      code: 'STK1010', details: { attribution: { plugin: 'elsewhere', hook: `target broken: ${method}` } }, message: expect.stringContaining('it returned undefined'),
    })
  } finally {
    await bench.close()
  }
})
