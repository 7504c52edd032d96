import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadBundle } from '../../bridge/src/load/index.ts'
import type { Release } from '@santokit/core'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tarballTarget } from '../src/target.ts'
import { startRelease } from './processes.ts'
import { contextOn, createFolder, type FolderWorld } from './worlds.ts'
import { carryOut, list, plan, release } from './steps.ts'

let world: FolderWorld & { cleanup(): Promise<void> }
beforeEach(async () => { world = await createFolder() })
afterEach(() => world.cleanup())

const at = (...path: string[]): string => join(world.root, 'releases', 'shop', ...path)
const text = (...path: string[]): Promise<string> => readFile(at(...path), 'utf8')
const tree = async (): Promise<string[]> => (await readdir(at(), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(at().length + 1)).sort()

test('a release is laid out as the manual says', async () => {
  const { digest, archive } = await sampleBundle({ seed: 'a' })
  const hex = digest.slice(7)
  const made = await release(world, 'a')
  expect(await tree()).toEqual([
    `${hex}/manifest.json`, `${hex}/santokit-bundle.tgz`, 'environments/production.json', `releases/production/${made.id}.json`,
  ].sort())
  expect(made.id).toBe(`0001-${hex.slice(0, 12)}`)
  expect(await text('environments', 'production.json')).toBe(await text('releases', 'production', `${made.id}.json`))
  expect(made.details).toEqual({ BUNDLE_URL: `file://${at(hex, 'santokit-bundle.tgz')}`, BUNDLE_SHA256: (await archive()).digest.slice(7) })
})

test('a Bridge pinned with the details of a release loads that bundle', async () => {
  const made = await release(world, 'a')
  const log = { debug() {}, info() {}, warn: (message: string) => { throw new Error(message) }, error() {} }
  const loaded = await loadBundle({ ...made.details }, log as never)
  expect(loaded.manifest.digest).toBe(made.digest)
  await loaded.dispose()
})

test('planning creates no folder', async () => {
  await plan(world, 'a')
  expect(existsSync(join(world.root, 'releases'))).toBe(false)
})

test('environments share content and nothing else', async () => {
  const production = await release(world, 'a')
  const staging = contextOn(world, { environment: 'staging' })
  const promotion = await plan(world, 'a', staging)
  expect(promotion).toMatchObject({ from: null, bytes: 0, observed: '' })
  const promoted = await carryOut(world, promotion, 'a', staging)
  expect(promoted.digest).toBe(production.digest)
  await release(world, 'b')
  expect(await list(world, staging)).toEqual([expect.objectContaining({ id: promoted.id, environment: 'staging' })])
})

test('a second target that is given the same place is refused', async () => {
  await release(world, 'a')
  const other = { ...contextOn(world), target: { name: 'eu', type: 'tarball' } }
  await expect(plan(world, 'a', other)).rejects.toMatchObject({ code: 'STK4007', message: expect.stringContaining('"tarball"') })
})

test('content that was damaged is sent again, and what is live stays live', async () => {
  const made = await release(world, 'a')
  await writeFile(at(made.digest.slice(7), 'santokit-bundle.tgz'), 'damaged')
  expect(await tarballTarget.verify?.(made, contextOn(world))).toEqual({ healthy: false, summary: 'santokit-bundle.tgz is not what was released' })
  const mending = await plan(world, 'a')
  expect(mending.steps.map((step) => step.action)).toEqual(['skip', 'upload', 'skip'])
  const again = await carryOut(world, mending, 'a')
  expect(again).toMatchObject({ id: made.id, sent: mending.bytes })
  expect(await tarballTarget.verify?.(made, contextOn(world))).toEqual({ healthy: true, summary: 'digest live' })
})

describe('rolling back', () => {
  test('is refused when the archive is gone or damaged, and changes nothing', async () => {
    const first = await release(world, 'a')
    const second = await release(world, 'b')
    const archive = at(first.digest.slice(7), 'santokit-bundle.tgz')
    await writeFile(archive, 'damaged')
    await expect(tarballTarget.rollback?.(first, contextOn(world))).rejects.toMatchObject({ code: 'STK4005' })
    await rm(archive)
    await expect(tarballTarget.rollback?.(first, contextOn(world))).rejects.toMatchObject({ code: 'STK4004' })
    expect((await list(world)).map(({ id }) => id)).toEqual([second.id, first.id])
  })

  test('twice to the same release is once', async () => {
    const first = await release(world, 'a')
    await release(world, 'b')
    const back = await tarballTarget.rollback?.(first, contextOn(world))
    const again = await tarballTarget.rollback?.(first, contextOn(world))
    expect(again?.id).toBe(back?.id)
    expect(await list(world)).toHaveLength(3)
  })
})

describe('what was read back is believed only as far as it goes', () => {
  test.each([
    ['is cut short', (json: string) => json.slice(0, 40), 'It is not JSON'],
    ['is of another project', (json: string) => json.replace('"project": "shop"', '"project": "links"'), 'project "links"'],
    ['pins another archive', (json: string) => json.replace(/("BUNDLE_SHA256": ")[0-9a-f]{4}/, '$10000'), 'BUNDLE_SHA256'],
    ['is of a later version', (json: string) => json.replace('"version": 1', '"version": 2'), 'version'],
    ['names itself as the one before', (json: string) => json.replace(/"id": "(.+)"/, '"id": "$1",\n  "previous": "$1"'), 'later release'],
  ])('a pointer that %s is refused', async (_, spoil, why) => {
    await release(world, 'a')
    await writeFile(at('environments', 'production.json'), spoil(await text('environments', 'production.json')))
    for (const attempt of [() => plan(world, 'b'), () => list(world), () => release(world, 'b')]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'STK4008', message: expect.stringContaining(why) })
    }
  })

  test('a chain with a missing link is reported, after what can be read', async () => {
    const first = await release(world, 'a')
    const second = await release(world, 'b')
    await rm(at('releases', 'production', `${first.id}.json`))
    const seen: Release[] = []
    const reading = (async () => {
      for await (const found of tarballTarget.releases?.(contextOn(world)) ?? []) seen.push(found)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'STK4008', message: expect.stringContaining(first.id) })
    expect(seen.map(({ id }) => id)).toEqual([second.id])
  })

  test('a place that is no folder is named', async () => {
    await writeFile(join(world.root, 'releases'), '')
    await expect(release(world, 'a')).rejects.toMatchObject({ code: 'STK4001', message: expect.stringContaining('ENOTDIR') })
  })
})

describe('a record that never went live', () => {
  const orphan = async (change: (json: string) => string): Promise<string> => {
    const made = await release(world, 'a')
    await rm(at('environments', 'production.json'))
    const path = at('releases', 'production', `${made.id}.json`)
    await writeFile(path, change(await readFile(path, 'utf8')))
    return made.id
  }

  test('is taken over by a run that means the same release', async () => {
    const id = await orphan((json) => json)
    expect((await release(world, 'a')).id).toBe(id)
  })

  test.each([
    ['says something else', (json: string) => json.replace(/"revision": "[^"]+"/, '"revision": "another"')],
    ['cannot be read', () => '{'],
  ])('and %s is left as it is, and passed over', async (_, change) => {
    const id = await orphan(change)
    const kept = await text('releases', 'production', `${id}.json`)
    const made = await release(world, 'a')
    expect(made.id).toMatch(/^0002-/)
    expect(made.previous).toBeUndefined()
    expect(await text('releases', 'production', `${id}.json`)).toBe(kept)
    expect(await list(world)).toHaveLength(1)
  })
})

describe('a lock', () => {
  const lock = async (owner: object | '', age = 0): Promise<void> => {
    const path = at('environments', 'production.json.lock')
    await mkdir(at('environments'), { recursive: true })
    await writeFile(path, owner === '' ? '' : JSON.stringify(owner))
    const then = new Date(Date.now() - age)
    await utimes(path, then, then)
  }
  // The largest process id there can be, and never is.
  const gone = 2 ** 22 + 1

  test.each([
    ['whose process is gone', { pid: gone, host: hostname() }, 0],
    ['of another computer, from long ago', { pid: process.pid, host: 'elsewhere' }, 60_000],
    ['without an owner, from long ago', '' as const, 60_000],
  ])('%s is taken over', async (_, owner, age) => {
    await lock(owner, age)
    const made = await release(world, 'a')
    expect(await list(world)).toEqual([expect.objectContaining({ id: made.id })])
    expect(existsSync(at('environments', 'production.json.lock'))).toBe(false)
  })

  test('that is held is waited for until the person interrupts', async () => {
    await lock({ pid: process.pid, host: hostname() })
    const controller = new AbortController()
    const attempt = release(world, 'a', contextOn(world, { signal: controller.signal, progress: (message) => { if (message === 'making it live') setImmediate(() => controller.abort()) } }))
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' })
    expect(await list(world)).toEqual([])
  })
})

describe('with several processes', () => {
  test('of two that planned on the same state one wins, and the other is told what is live', async () => {
    await release(world, 'a')
    const runs = ['b', 'c'].map((seed) => startRelease({ root: world.root, seed, waits: true }))
    await Promise.all(runs.map((run) => run.planned()))
    for (const run of runs) run.proceed()
    const outcomes = await Promise.all(runs.map((run) => run.outcome))
    const [winner] = outcomes.filter((outcome) => outcome.release !== undefined)
    const [loser] = outcomes.filter((outcome) => outcome.release === undefined)
    expect(loser).toMatchObject({ code: 'STK4003', message: expect.stringContaining(winner?.release?.id ?? 'a winner') })
    expect((await list(world)).map(({ id }) => id)).toEqual([winner?.release?.id, expect.stringMatching(/^0001-/)])
  })

  test('wherever one is killed, the pointer names a whole release, and the next run finishes', async () => {
    await release(world, 'first')
    const { calls = [] } = await startRelease({ root: world.root, seed: 'undisturbed' }).outcome
    expect(calls).toEqual(expect.arrayContaining(['mkdir', 'writeFile', 'link', 'open', 'rename', 'rm']))
    // After one call is before the next, but for the last.
    const moments = [
      ...calls.map((_, index) => ({ call: index + 1, when: 'before' as const })),
      ...calls.flatMap((name, index) => (name === 'writeFile' ? [{ call: index + 1, when: 'halfway' as const }] : [])),
      { call: calls.length, when: 'after' as const },
    ]
    let moved = 0
    for (const kill of moments) {
      const seed = `killed-${kill.call}-${kill.when}`
      const [before] = await list(world)
      expect(await startRelease({ root: world.root, seed, kill }).outcome, seed).toEqual({ signal: 'SIGKILL' })
      const [after] = await list(world)
      const { digest } = await sampleBundle({ seed })
      if (after?.id !== before?.id) {
        moved++
        expect(after?.digest).toBe(digest)
      }
      expect(await tarballTarget.verify?.(after as Release, contextOn(world)), seed).toMatchObject({ healthy: true })
      const finished = await release(world, seed)
      expect(finished.digest).toBe(digest)
      expect((await list(world))[0]?.id).toBe(finished.id)
    }
    // The kills reach from before the first write to after the pointer moved.
    expect(moved).toBeGreaterThan(0)
    expect(moved).toBeLessThan(moments.length)
  }, 240_000)

  test('what a killed run left half-written is removed in time', async () => {
    const made = await release(world, 'a')
    const leftover = at('environments', '.production.json.7a6f0f1c-0000-4000-8000-000000000000.tmp')
    await writeFile(leftover, 'half')
    await release(world, 'b')
    expect(existsSync(leftover)).toBe(true)
    const then = new Date(Date.now() - 7_200_000)
    await utimes(leftover, then, then)
    await release(world, 'c')
    expect(existsSync(leftover)).toBe(false)
    expect(existsSync(fileURLToPath(made.url ?? ''))).toBe(true)
  })
})
