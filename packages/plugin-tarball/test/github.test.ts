import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tarballTarget } from '../src/target.ts'
import { carryOut, list, plan, release } from './steps.ts'
import { contextOn, createGitHub, type GitHubWorld } from './worlds.ts'

let world: GitHubWorld & { cleanup(): Promise<void> }
beforeEach(async () => { world = await createGitHub() })
afterEach(async () => {
  // Whatever a test did: the token went to GitHub only.
  expect(world.server.storage.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
  await world.cleanup()
})

const REF = 'refs/santokit/shop/production'
const isRefWrite = ({ method, url }: { readonly method: string; readonly url: URL }): boolean => method !== 'GET' && url.pathname.includes('/git/refs')
const published = () => [...world.server.releases.values()].filter(({ draft }) => !draft)

test('a release is laid out as the manual says', async () => {
  const { digest, archive } = await sampleBundle({ seed: 'a' })
  const tag = `shop-${digest.slice(7, 19)}`
  const made = await release(world, 'a')
  expect(published()).toMatchObject([{ tag_name: tag, makeLatest: 'false' }])
  expect(published()[0]?.assets.map(({ name }) => name).sort()).toEqual(['manifest.json', 'santokit-bundle.tgz'])
  expect([...world.server.refs.keys()]).toEqual([REF])
  expect(made.details).toEqual({
    BUNDLE_URL: `${world.server.origin}/acme/shop/releases/download/${tag}/santokit-bundle.tgz`, BUNDLE_SHA256: (await archive()).digest.slice(7),
  })
})

test('planning and listing only read', async () => {
  await plan(world, 'a')
  await list(world)
  expect(new Set(world.server.requests.map(({ method }) => method))).toEqual(new Set(['GET']))
})

test('the GitHub release is published once it is whole, and the ref moves last', async () => {
  await release(world, 'a')
  const writes = world.server.requests.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url.pathname.replace(/^.*acme\/shop/, '').replace(/\d+/g, 'N')}`)
  expect(writes).toEqual([
    'POST /releases', 'POST /releases/N/assets', 'POST /releases/N/assets', 'PATCH /releases/N', 'POST /git/trees', 'POST /git/commits', 'POST /git/refs',
  ])
})

test('content that is there already is not sent again', async () => {
  await release(world, 'a')
  await release(world, 'b')
  const again = await plan(world, 'a')
  expect(again.bytes).toBe(0)
  await carryOut(world, again, 'a')
  expect(published()).toHaveLength(2)
})

test('of two releases at once one wins, and the other is told what is live', async () => {
  await release(world, 'a')
  const plans = await Promise.all(['b', 'c'].map((seed) => plan(world, seed)))
  const outcomes = await Promise.allSettled(['b', 'c'].map((seed, index) => carryOut(world, plans[index]!, seed)))
  const [winner] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const [loser] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))
  expect(loser).toMatchObject({ code: 'STK4003', message: expect.stringContaining(winner?.id ?? 'a winner') })
  expect((await list(world)).map(({ id }) => id)).toEqual([winner?.id, expect.stringMatching(/^0001-/)])
})

test('two first releases of the same content at once are one', async () => {
  const planned = await plan(world, 'a')
  const [one, other] = await Promise.all([carryOut(world, planned, 'a'), carryOut(world, planned, 'a')])
  expect(one.id).toBe(other.id)
  expect(await list(world)).toHaveLength(1)
  expect(world.server.releases.size).toBe(1)
})

describe('when something breaks off', () => {
  test('an upload that left half an asset is removed and done again', async () => {
    world.server.breakNextUpload = true
    const made = await release(world, 'a')
    expect(published()[0]?.assets.map(({ state }) => state)).toEqual(['uploaded', 'uploaded'])
    expect(await tarballTarget.verify?.(made, contextOn(world))).toEqual({ healthy: true, summary: 'digest live' })
  })

  test('a draft that an interrupted run left is finished', async () => {
    const controller = new AbortController()
    const interrupted = contextOn(world, { signal: controller.signal, progress: (message) => { if (message.includes('2 of 2')) controller.abort() } })
    await expect(carryOut(world, await plan(world, 'a'), 'a', interrupted)).rejects.toMatchObject({ name: 'AbortError' })
    expect(published()).toEqual([])
    expect((await plan(world, 'a')).steps.map(({ action }) => action)).toEqual(['upload', 'upload', 'create', 'create'])
    await release(world, 'a')
    expect(world.server.releases.size).toBe(1)
    expect(published()).toHaveLength(1)
  })

  test.each([
    ['an answer that is lost after the ref was made', 1],
    ['an answer that is lost after the ref was moved', 2],
  ])('%s is no failure', async (_, count) => {
    if (count === 2) await release(world, 'first')
    world.server.fail(1, isRefWrite, 'hang up', true)
    const made = await release(world, 'a')
    expect((await list(world)).map(({ id }) => id)).toHaveLength(count)
    expect((await list(world))[0]?.id).toBe(made.id)
  })

  test.each([
    ['the secondary rate limit', { status: 403, headers: { 'retry-after': '0' }, body: '{"message":"You have exceeded a secondary rate limit"}' }],
    ['the primary rate limit', { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }, body: '{"message":"API rate limit exceeded"}' }],
    ['429', { status: 429, headers: { 'retry-after': '0' } }],
    ['502', { status: 502, headers: { 'retry-after': '0' } }],
  ])('%s is waited for', async (_, reply) => {
    world.server.fail(2, () => true, reply)
    await release(world, 'a')
    expect(await list(world)).toHaveLength(1)
  })
})

test('a server that does not hash assets has its assets downloaded and hashed', async () => {
  world.server.hashesAssets = false
  await release(world, 'a')
  expect((await plan(world, 'a')).bytes).toBe(0)
  expect(world.server.storage.requests.length).toBeGreaterThan(0)
  const archive = published()[0]?.assets.find(({ name }) => name === 'santokit-bundle.tgz')
  if (archive !== undefined) archive.bytes = Buffer.alloc(archive.bytes.length)
  expect((await plan(world, 'a')).steps[1]).toMatchObject({ action: 'upload' })
})

test('assets that somebody changed are not healthy, and are no base for a rollback', async () => {
  const first = await release(world, 'a')
  const second = await release(world, 'b')
  for (const { assets } of published()) for (const asset of assets) asset.bytes = Buffer.alloc(asset.bytes.length)
  expect(await tarballTarget.verify?.(second, contextOn(world))).toMatchObject({ healthy: false })
  await expect(tarballTarget.rollback?.(first, contextOn(world))).rejects.toMatchObject({ code: 'STK4005' })
  world.server.releases.clear()
  await expect(tarballTarget.rollback?.(first, contextOn(world))).rejects.toMatchObject({ code: 'STK4004' })
  expect((await list(world))[0]?.id).toBe(second.id)
})

describe('a repository with immutable releases', () => {
  beforeEach(() => { world.server.immutableReleases = true })

  test('is released to like any other', async () => {
    await release(world, 'a')
    const second = await release(world, 'b')
    expect(await tarballTarget.verify?.(second, contextOn(world))).toMatchObject({ healthy: true })
  })

  test('takes no missing asset later, and says so', async () => {
    await release(world, 'a')
    published()[0]?.assets.pop()
    await expect(release(world, 'a')).rejects.toMatchObject({ code: 'STK4008', details: { fix: expect.stringContaining('immutable') } })
  })
})

describe('who is refused', () => {
  test('a token that is not valid', async () => {
    await expect(plan(world, 'a', contextOn(world, { credentials: { GITHUB_TOKEN: 'ghp_another' } }))).rejects.toMatchObject({ code: 'STK4002' })
  })

  test('a token without the permission to write', async () => {
    world.server.fail(Infinity, ({ method }) => method !== 'GET', { status: 403, body: '{"message":"Resource not accessible by integration"}' })
    await expect(release(world, 'a')).rejects.toMatchObject({ code: 'STK4002', message: expect.stringContaining('not accessible') })
  })

  test('a repository that is not there, before anything is sent', async () => {
    const options = { ...world.options as object, to: 'github:acme/nothing' }
    await expect(plan({ ...world, options }, 'a')).rejects.toMatchObject({ code: 'STK4002', message: expect.stringContaining('acme/nothing') })
  })

  test('an upload address that is not GitHub\'s', async () => {
    world.server.fail(1, ({ method, url }) => method === 'POST' && url.pathname.endsWith('/releases'), {
      status: 201, body: JSON.stringify({ id: 1, tag_name: 'x', draft: true, assets: [], upload_url: `${world.server.storage.origin}/collect{?name}` }),
    })
    world.server.fail(1, ({ url }) => url.pathname.endsWith('/releases/1/assets'), { status: 200, body: '[]' })
    await expect(release(world, 'a')).rejects.toMatchObject({ code: 'STK4008', message: expect.stringContaining('upload address') })
    expect(world.server.storage.requests).toEqual([])
  })

  test('a repository that has moved is not followed', async () => {
    world.server.fail(1, () => true, { status: 301, headers: { location: `${world.server.storage.origin}/repositories/1` } })
    await expect(plan(world, 'a')).rejects.toMatchObject({ code: 'STK4008', message: expect.stringContaining('moved') })
    expect(world.server.storage.requests).toEqual([])
  })
})
