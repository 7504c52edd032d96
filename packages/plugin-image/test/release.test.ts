import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Release } from '@santokit/core'
import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { parseJson } from '../src/oci/content.ts'
import { imageTarget } from '../src/target.ts'
import { contextOn, createWorld, type ImageWorld } from './worlds.ts'

let world: ImageWorld
beforeEach(async () => { world = await createWorld() })
afterEach(() => world.cleanup())

type More = Parameters<typeof contextOn>[1]

async function release(seed: string, more: More = {}): Promise<Release> {
  const ctx = contextOn(world, more)
  const pkg = await imageTarget.package(await sampleBundle({ seed }), ctx)
  return imageTarget.release(await imageTarget.plan(pkg, ctx), pkg, ctx)
}

async function list(more: More = {}): Promise<readonly Release[]> {
  const listed: Release[] = []
  for await (const each of imageTarget.releases!(contextOn(world, more))) listed.push(each)
  return listed
}

const stored = () => world.registry.store.get('acme/shop')!
const tagged = (tag: string) => stored().tags.get(tag)
const holds = (bytes: Uint8Array, text: string) => Buffer.from(bytes).includes(text)
const imageOf = (release: Release) => release.details!.image!.split('@')[1]

/** Requests that `work` made, those that were only turned away to sign in apart. */
async function requestsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = world.registry.seen.length
  await work()
  const asked = world.registry.seen.slice(before).filter(({ headers }) => headers.authorization !== undefined)
  return asked.map(({ method, path }) => `${method} ${path.replace('/v2/acme/shop/', '')}`)
}

test('a release has a tag that stays, and the environment\'s tag moves to it', async () => {
  const first = await release('a')
  const second = await release('b')
  expect(tagged('production')).toBe(imageOf(second))
  expect(tagged(first.details!.tag!)).toBe(imageOf(first))
  expect(first.details!.tag).toMatch(/^sha-012345678901-[0-9a-f]{12}$/)
  expect([...stored().tags.keys()].sort()).toEqual(['production', 'production.releases', first.details!.tag, second.details!.tag].sort())
})

test('releasing what is live asks twice and sends nothing', async () => {
  await release('a')
  const ctx = contextOn(world)
  const pkg = await imageTarget.package(await sampleBundle({ seed: 'a' }), ctx)
  const requests = await requestsOf(async () => {
    const plan = await imageTarget.plan(pkg, ctx)
    await imageTarget.release(plan, pkg, ctx)
  })
  expect([...requests].sort()).toEqual(['GET manifests/production', 'GET manifests/production.releases'])
})

test('a rollback is one GET and one PUT, and moves the tag to the same digest', async () => {
  const first = await release('a')
  await release('b')
  const requests = await requestsOf(() => imageTarget.rollback!(first, contextOn(world)))
  expect(requests).toEqual(['GET manifests/production.releases', 'PUT manifests/production'])
  expect(tagged('production')).toBe(imageOf(first))
})

test('a rollback to an old release fetches its index first', async () => {
  const first = await release('a')
  for (const seed of ['b', 'c', 'd', 'e']) await release(seed)
  const back = await imageTarget.rollback!(first, contextOn(world))
  expect(back).toMatchObject({ id: expect.stringMatching(/^0006-/), restores: first.id })
  expect(tagged('production')).toBe(imageOf(first))
})

test('a rollback to an image that the registry has cleaned up leaves the tag where it is', async () => {
  const first = await release('a')
  const second = await release('b')
  const root = parseJson(stored().manifests.get(imageOf(first)!)!.bytes) as { manifests: { digest: string }[] }
  for (const { digest } of root.manifests) stored().manifests.delete(digest)
  await expect(imageTarget.rollback!(first, contextOn(world))).rejects.toMatchObject({ code: 'STK4004' })
  expect(tagged('production')).toBe(imageOf(second))
})

test('a rollback is taken back by another one', async () => {
  const first = await release('a')
  const second = await release('b')
  await imageTarget.rollback!(first, contextOn(world))
  expect(await imageTarget.rollback!(second, contextOn(world))).toMatchObject({ id: second.id })
  expect((await list()).map(({ id }) => id)).toEqual([second.id, first.id])
})

test('a promotion gives the same digest another tag and sends no content', async () => {
  const staged = await release('a', { environment: 'staging' })
  const requests = await requestsOf(() => imageTarget.promote!(staged, contextOn(world, { environment: 'staging' }), contextOn(world)))
  expect(tagged('production')).toBe(tagged('staging'))
  expect(requests.filter((request) => /blobs|POST|PATCH/.test(request))).toEqual([])
  expect((await list())[0]).toMatchObject({ digest: staged.digest, environment: 'production', details: { promotes: `staging ${staged.id}`, tag: staged.details!.tag } })
})

test('a promotion into another repository copies the image and what is attached to it', async () => {
  const settings = { repository: `${world.registry.host}/acme/shop-staging` }
  const staged = await release('a', { environment: 'staging', settings })
  await imageTarget.promote!(staged, contextOn(world, { environment: 'staging', settings }), contextOn(world))
  expect(tagged('production')).toBe(imageOf(staged))
  expect(await imageTarget.verify!((await list())[0]!, contextOn(world))).toEqual({ healthy: true, summary: 'digest live' })
  const subjects = [...stored().manifests.values()].map(({ bytes }) => (parseJson(bytes) as { subject?: { digest: string } }).subject?.digest)
  expect(subjects.filter((subject) => subject === imageOf(staged))).toHaveLength(2)
})

test('a release that goes live while a promotion copies stops that one, and no tag is moved', async () => {
  const settings = { repository: `${world.registry.host}/acme/shop-staging` }
  const staged = await release('a', { environment: 'staging', settings })
  await release('b')
  const rival = await release('c', { environment: 'other' })
  const { authorize } = world.registry.quirks
  world.registry.quirks.authorize = (request) => {
    if (request.method === 'POST' && request.path.startsWith('/v2/acme/shop/')) stored().tags.set('production', imageOf(rival)!)
    return authorize?.(request)
  }
  await expect(imageTarget.promote!(staged, contextOn(world, { environment: 'staging', settings }), contextOn(world))).rejects.toMatchObject({ code: 'STK4003' })
  expect(tagged('production')).toBe(imageOf(rival))
  expect(tagged(staged.details!.tag!)).toBeUndefined()
})

test('environments that share a tag cannot be promoted into one another', async () => {
  const settings = { live: 'latest' }
  const staged = await release('a', { environment: 'staging', settings })
  await expect(imageTarget.promote!(staged, contextOn(world, { environment: 'staging', settings }), contextOn(world, { settings }))).rejects.toMatchObject({ code: 'STK4007' })
})

test('an image that went live without being noted is noted by the next run', async () => {
  const first = await release('a')
  const second = await release('b')
  // As if the process had been killed between the two: the list is as it was before.
  const history = [...stored().manifests].find(([, { bytes }]) => holds(bytes, first.id) && !holds(bytes, second.id))![0]
  stored().tags.set('production.releases', history)
  expect((await list()).map(({ digest }) => digest)).toEqual([second.digest, first.digest])
  const again = await release('b')
  expect(again).toMatchObject({ digest: second.digest, previous: first.id })
  expect((await list()).map(({ id }) => id)).toEqual([again.id, first.id])
})

test('an image that went live without its own tag gets it by the next run', async () => {
  const first = await release('a')
  const history = tagged('production.releases')!
  const second = await release('b')
  // As if the process had been killed while it wrote the tags: the moving one arrived, and nothing that comes after.
  stored().tags.delete(second.details!.tag!)
  stored().tags.set('production.releases', history)
  const again = await release('b')
  expect(tagged(second.details!.tag!)).toBe(imageOf(second))
  expect(again).toMatchObject({ digest: second.digest, previous: first.id })
  expect((await list()).map(({ id }) => id)).toEqual([again.id, first.id])
})

test('an image at the tag that Santokit did not make is replaced, and no release of ours', async () => {
  await release('a', { environment: 'other' })
  const foreign = [...stored().manifests].find(([, { bytes }]) => holds(bytes, 'subject'))![0]
  stored().tags.set('production', foreign)
  expect(await list()).toEqual([])
  expect((await release('b')).previous).toBeUndefined()
})

test('another project\'s tag is not touched', async () => {
  const first = await release('a')
  await expect(release('b', { project: 'links' })).rejects.toMatchObject({ code: 'STK4007' })
  expect(tagged('production')).toBe(imageOf(first))
  stored().tags.delete('production.releases')
  await expect(release('b', { project: 'links' })).rejects.toMatchObject({ code: 'STK4007' })
  expect(tagged('production')).toBe(imageOf(first))
  await release('b', { project: 'links', settings: { live: '{project}-{environment}' } })
  expect(tagged('links-production')).toBeDefined()
})

test('a chosen tag that names another image is refused, and nothing is moved', async () => {
  const first = await release('a', { flags: { tag: 'shop:v1' } })
  expect(tagged('v1')).toBe(imageOf(first))
  await expect(release('b', { flags: { tag: 'v1' } })).rejects.toMatchObject({ code: 'STK4103' })
  expect(tagged('v1')).toBe(imageOf(first))
  expect(tagged('production')).toBe(imageOf(first))
})

test.each([
  ['another project', 'links:v1'], ['no tag', 'shop:-v1'],
])('--tag with %s is a usage error', async (_, tag) => {
  await expect(release('a', { flags: { tag } })).rejects.toMatchObject({ code: 'STK1020' })
})

test('templates fill in tags', async () => {
  const made = await release('a', { settings: { tag: '{project}-{bundle}-{content}' }, revision: undefined })
  expect(made.details!.tag).toMatch(new RegExp(`^shop-${made.digest.slice(7, 19)}-[0-9a-f]{12}$`))
  const dirty = await release('b', { revision: '0123456789012345678901234567890123456789-dirty' })
  expect(dirty.details!.tag).toMatch(/^sha-dirty-/)
})

test('with `waitForHealth` a release is healthy once the deployment serves it', async () => {
  const made = await release('a')
  let served = 'sha256:another'
  const deployment = createServer((request, response) => response.end(JSON.stringify({ digest: request.url === '/shop/health' ? served : made.digest })))
  await once(deployment.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => { deployment.closeAllConnections(); deployment.close() })
  const origin = `http://127.0.0.1:${(deployment.address() as AddressInfo).port}`
  const ctx = contextOn(world)
  const waiting = { ...ctx, project: { ...ctx.project, baseUrl: `${origin}/shop/` }, options: { ...ctx.options, waitForHealth: 300 } }
  expect(await imageTarget.verify!(made, waiting)).toMatchObject({ healthy: false, logs: ['HTTP 200  {"digest":"sha256:another"}'] })
  served = made.digest
  expect(await imageTarget.verify!(made, waiting)).toMatchObject({ healthy: true })
  expect(await imageTarget.verify!(made, { ...waiting, project: ctx.project })).toMatchObject({ healthy: false, summary: expect.stringContaining('baseUrl') as string })
})

test('a healthy release that loses a layer is not healthy any more', async () => {
  const made = await release('a')
  expect(await imageTarget.verify!(made, contextOn(world))).toEqual({ healthy: true, summary: 'digest live' })
  const layer = [...stored().blobs].sort(([, a], [, b]) => b.length - a.length)[0]![0]
  stored().blobs.delete(layer)
  expect(await imageTarget.verify!(made, contextOn(world))).toEqual({ healthy: false, summary: `${layer} is gone` })
})

test('a release whose documents the registry does not tell is healthy', async () => {
  const made = await release('a')
  const { authorize } = world.registry.quirks
  world.registry.quirks.authorize = (request) => (
    request.path.includes('/referrers/') || request.path.includes('/manifests/sha256-') ? { status: 429, headers: { 'retry-after': '3600' } } : authorize?.(request))
  await imageTarget.verify!(made, contextOn(world))
  expect(await imageTarget.verify!(made, contextOn(world))).toEqual({ healthy: true, summary: 'digest live' })
})

test('a list that somebody else wrote there is not believed', async () => {
  await release('a')
  stored().tags.set('production.releases', tagged('production')!)
  await expect(release('b')).rejects.toMatchObject({ code: 'STK4008' })
})

test('where documents are switched off there are none, and the list is written all the same', async () => {
  await release('a', { settings: { attach: { sbom: false, provenance: false } } })
  expect([...stored().manifests.values()].filter(({ bytes }) => holds(bytes, '"subject"'))).toEqual([])
  expect(await list()).toHaveLength(1)
})

test('--output writes the image and asks no registry', async () => {
  expect(await requestsOf(() => release('a', { flags: { output: 'oci:out' } }))).toEqual([])
})

test('a release that goes live while another one uploads stops that one, and no tag is moved', async () => {
  await release('a')
  const other = await release('c', { environment: 'staging' })
  const ctx = contextOn(world)
  const pkg = await imageTarget.package(await sampleBundle({ seed: 'b' }), ctx)
  const plan = await imageTarget.plan(pkg, ctx)
  const { authorize } = world.registry.quirks
  // The tags have been looked at when the first content arrives. What another run does then is one write.
  world.registry.quirks.authorize = (request) => {
    if (request.method === 'PUT' && request.path.includes('/blobs/uploads/')) stored().tags.set('production', imageOf(other)!)
    return authorize?.(request)
  }
  await expect(imageTarget.release(plan, pkg, ctx)).rejects.toMatchObject({ code: 'STK4003' })
  expect(tagged('production')).toBe(imageOf(other))
  expect(tagged(pkg.meta.tag)).toBeUndefined()
})
