import { mkdtemp, readdir, readlink, realpath, rm, symlink, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Release, TargetContext } from '@santokit/core'
import { sampleBundle, targetContext, testTarget } from '@santokit/core/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { folderOptions, type FolderSettings } from '../src/options.ts'
import { folderTarget } from '../src/target.ts'

async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'santokit-plugin-folder-'))
}

testTarget({
  test,
  target: folderTarget,
  async create() {
    const root = await newFolder()
    return { root, options: { to: 'srv' }, cleanup: () => rm(root, { recursive: true, force: true }) }
  },
})

async function server(options: object = {}): Promise<{ readonly ctx: TargetContext<FolderSettings>; readonly place: string; release(seed: string): Promise<Release> }> {
  const root = await newFolder()
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const ctx = targetContext({ type: 'folder', root, options: folderOptions.parse({ to: 'srv', ...options }) })
  return {
    ctx,
    place: join(root, 'srv/production'),
    async release(seed) {
      const pkg = await folderTarget.package(await sampleBundle({ seed }), ctx)
      return folderTarget.release(await folderTarget.plan(pkg, ctx), pkg, ctx)
    },
  }
}

test('what a Bridge starts from follows the releases', async () => {
  const { release, place } = await server()
  const { details } = await release('a')
  const { digest } = await release('b')
  const { default: manifest } = await import(await realpath(details?.MANIFEST_PATH ?? ''), { with: { type: 'json' } }) as { default: { digest: string } }
  expect(manifest.digest).toBe(digest)
  expect((await readdir(place)).sort()).toEqual(['current', 'releases'])
})

test('a run that was killed before the link moved is finished by the next', async () => {
  const { release, place, ctx } = await server()
  await release('a')
  const second = await release('b')
  await unlink(join(place, 'current'))
  await symlink('releases/000001', join(place, 'current'))
  expect(await folderTarget.verify?.(second, ctx)).toEqual({ healthy: false, summary: 'current names 000001' })
  expect((await release('b')).id).toBe(second.id)
  expect(await readlink(join(place, 'current'))).toBe('releases/000002')
  expect(await folderTarget.verify?.(second, ctx)).toMatchObject({ healthy: true })
})

test('of many releases at once one takes each number, and the link names the last', async () => {
  const { release, place, ctx } = await server()
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => release(`${index}`)))
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : []))
  expect(new Set(made).size).toBe(made.length)
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'STK4003' })
  expect(await readlink(join(place, 'current'))).toBe(`releases/${made.toSorted().at(-1)}`)
  const listed: Release[] = []
  for await (const each of folderTarget.releases?.(ctx) ?? []) listed.push(each)
  expect(listed.map(({ id }) => id)).toEqual(made.toSorted().toReversed())
})

test('old releases lose their files and stay in the list', async () => {
  const { release, place, ctx } = await server({ keep: 2 })
  const first = await release('a')
  for (const seed of ['b', 'c']) await release(seed)
  expect(await readdir(join(place, 'releases/000001'))).toEqual(['release.json'])
  await expect(folderTarget.rollback?.(first, ctx)).rejects.toMatchObject({ code: 'STK4004' })
})

test('another target in the same folder is refused', async () => {
  const { release, ctx } = await server()
  await release('a')
  const pkg = await folderTarget.package(await sampleBundle(), ctx)
  await expect(folderTarget.plan(pkg, { ...ctx, target: { name: 'other', type: 'folder' } })).rejects.toMatchObject({ code: 'STK4007' })
})

test('options are strict', () => {
  expect(folderOptions.safeParse({ to: 'srv', keeep: 3 }).success).toBe(false)
  expect(folderOptions.safeParse({ to: 'srv', keep: 1 }).success).toBe(false)
})
