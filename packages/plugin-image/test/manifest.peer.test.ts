import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleBundle, targetContext } from '@santokit/core/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imageOptions } from '../src/options.ts'
import { imageTarget } from '../src/target.ts'
import { writeBase } from './base.ts'
import { hasProgram, startDistribution, type RunningRegistry } from './registry/programs.ts'

describe.skipIf(!hasProgram('docker-registry'))('docker-registry', () => {
  let registry: RunningRegistry
  let root: string
  beforeAll(async () => {
    registry = await startDistribution()
    root = await mkdtemp(join(tmpdir(), 'santokit-image-'))
    process.env.SANTOKIT_CACHE = join(root, 'cache')
    await writeBase(join(root, 'base'))
  })
  afterAll(async () => {
    await registry.close()
    await rm(root, { recursive: true, force: true })
  })

  const contextFor = () => targetContext({ type: 'image', options: imageOptions.parse({ repository: `${registry.host}/acme/shop`, base: 'oci:base' }), root })
  const prepare = async (seed: string) => {
    const ctx = contextFor()
    const pkg = await imageTarget.package(await sampleBundle({ seed }), ctx)
    return { ctx, pkg, plan: await imageTarget.plan(pkg, ctx) }
  }

  test('gives back the manifest of what is live, and of what was', async () => {
    const made = []
    for (const seed of ['a', 'b']) {
      const { ctx, pkg, plan } = await prepare(seed)
      made.push(await imageTarget.release(plan, pkg, ctx))
    }
    for (const [at, seed] of ['a', 'b'].entries()) {
      expect(await imageTarget.manifest!(made[at]!, contextFor())).toEqual(JSON.parse(JSON.stringify((await sampleBundle({ seed })).manifest)))
    }
  })

  test('of two that planned on the same state one goes live, and the other is told which', async () => {
    const [one, two] = [await prepare('c'), await prepare('d')]
    const won = await imageTarget.release(one.plan, one.pkg, one.ctx)
    await expect(imageTarget.release(two.plan, two.pkg, two.ctx)).rejects.toMatchObject({ code: 'STK4003', message: expect.stringContaining(won.id) })
    expect(await imageTarget.verify!(won, contextFor())).toMatchObject({ healthy: true })
  })
})
