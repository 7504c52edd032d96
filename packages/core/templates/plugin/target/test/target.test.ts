import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleBundle, targetContext, testTarget } from '@santokit/core/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { exampleOptions } from '../src/options.ts'
import { exampleTarget } from '../src/target.ts'

async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'santokit-plugin-example-'))
}

// What every target must do, a test for each rule.
testTarget({
  test,
  target: exampleTarget,
  async create() {
    const root = await newFolder()
    return { root, options: { to: 'releases' }, cleanup: () => rm(root, { recursive: true, force: true }) }
  },
})

// And what only this one does.
test('a damaged file is noticed, and released again', async () => {
  const root = await newFolder()
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const ctx = targetContext({ type: 'example', root, options: exampleOptions.parse({ to: 'releases' }) })
  const pkg = await exampleTarget.package(await sampleBundle(), ctx)
  const release = await exampleTarget.release(await exampleTarget.plan(pkg, ctx), pkg, ctx)
  const [manifest = ''] = (await readdir(root, { recursive: true })).filter((path) => path.endsWith('manifest.json'))
  await writeFile(join(root, manifest), '{}')
  expect(await exampleTarget.verify?.(release, ctx)).toEqual({ healthy: false, summary: 'manifest.json is gone or damaged' })
  await exampleTarget.release(await exampleTarget.plan(pkg, ctx), pkg, ctx)
  expect(await exampleTarget.verify?.(release, ctx)).toMatchObject({ healthy: true })
})

test('a misspelt option is refused', () => {
  expect(exampleOptions.safeParse({ too: 'releases' }).success).toBe(false)
})
