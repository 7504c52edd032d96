import { sampleBundle } from '@santokit/core/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tarballTarget } from '../src/target.ts'
import { carryOut, list, plan, release } from './steps.ts'
import { contextOn, createS3, type S3World } from './worlds.ts'

let world: S3World & { cleanup(): Promise<void> }
beforeEach(async () => { world = await createS3() })
afterEach(() => world.cleanup())

const POINTER = 'bundles/acme/prod/shop/environments/production.json'
const isPointerWrite = ({ method, url }: { readonly method: string; readonly url: URL }): boolean => method === 'PUT' && url.pathname.includes('/environments/')

test('a release is laid out as the manual says, with what a Bridge needs', async () => {
  const { digest, archive } = await sampleBundle({ seed: 'a' })
  const made = await release(world, 'a')
  const base = 'bundles/acme/prod/shop'
  expect([...world.server.objects.keys()].sort()).toEqual([
    `${base}/${digest.slice(7)}/manifest.json`, `${base}/${digest.slice(7)}/santokit-bundle.tgz`, POINTER, `${base}/releases/production/${made.id}.json`,
  ].sort())
  expect(made.details).toEqual({
    BUNDLE_URL: `s3://${base}/${digest.slice(7)}/santokit-bundle.tgz`,
    BUNDLE_SHA256: (await archive()).digest.slice(7),
    AWS_REGION: 'auto',
    S3_ENDPOINT: world.server.origin,
  })
  expect(world.server.objects.get(POINTER)?.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-cache' })
})

test('the pointer is written last, and on a condition', async () => {
  await release(world, 'a')
  await release(world, 'b')
  const writes = world.server.requests.filter(({ method }) => method === 'PUT')
  expect(writes.map(({ url }) => url.pathname.split('/').slice(5, -1).join('/').replace(/[0-9a-f]{64}/, 'content'))).toEqual(
    Array(2).fill(['content', 'content', 'releases/production', 'environments']).flat(),
  )
  const [first, second] = writes.filter(isPointerWrite)
  expect(first?.headers).toMatchObject({ 'if-none-match': '*' })
  expect(second?.headers['if-match']).toMatch(/^"[0-9a-f]{32}"$/)
})

test('planning and listing only read', async () => {
  await release(world, 'a')
  const before = world.server.requests.length
  await plan(world, 'b')
  await list(world)
  expect(new Set(world.server.requests.slice(before).map(({ method }) => method))).toEqual(new Set(['GET', 'HEAD']))
})

test('content that is there already is not sent again', async () => {
  await release(world, 'a')
  await release(world, 'b')
  const before = world.server.requests.length
  await release(world, 'a')
  expect(world.server.requests.slice(before).filter(({ method }) => method === 'PUT')).toHaveLength(2)
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

test('two runs of the same release at once are one release', async () => {
  const planned = await plan(world, 'a')
  const [one, other] = await Promise.all([carryOut(world, planned, 'a'), carryOut(world, planned, 'a')])
  expect(one.id).toBe(other.id)
  expect(await list(world)).toHaveLength(1)
})

test('a pointer that is removed in the last moment counts as moved', async () => {
  await release(world, 'a')
  const now = (): Date => {
    world.server.objects.delete(POINTER)
    return new Date()
  }
  await expect(release(world, 'b', contextOn(world, { now }))).rejects.toMatchObject({ code: 'STK4003', message: expect.stringContaining('nothing is live now') })
  expect(world.server.objects.has(POINTER)).toBe(false)
})

describe('when the network fails', () => {
  test('an answer that is lost after the pointer moved is no failure', async () => {
    world.server.fail(1, isPointerWrite, 'hang up', true)
    const made = await release(world, 'a')
    expect(await list(world)).toEqual([expect.objectContaining({ id: made.id })])
  })

  test.each([
    ['a connection that breaks', 'hang up' as const],
    ['503', { status: 503, headers: { 'retry-after': '0' } }],
    ['429 with a moment to come again', { status: 429, headers: { 'retry-after': '0' } }],
    ['409, as S3 answers to conflicting writes', { status: 409, headers: { 'retry-after': '0' } }],
  ])('%s is tried again', async (_, reply) => {
    world.server.fail(2, () => true, reply)
    world.server.fail(2, isPointerWrite, reply)
    const made = await release(world, 'a')
    expect(await tarballTarget.verify?.(made, contextOn(world))).toEqual({ healthy: true, summary: 'digest live' })
  })

  test('a server that stays away is reported after a few attempts', async () => {
    world.server.fail(Infinity, () => true, { status: 503, headers: { 'retry-after': '0' } })
    await expect(plan(world, 'a')).rejects.toMatchObject({ code: 'STK4001', message: expect.stringContaining('HTTP 503') })
    expect(world.server.requests).toHaveLength(5)
  })

  test('a server that asks for a long wait is believed at once', async () => {
    world.server.fail(Infinity, () => true, { status: 429, headers: { 'retry-after': '3600' } })
    await expect(plan(world, 'a')).rejects.toMatchObject({ code: 'STK4001', message: expect.stringContaining('3600 s') })
    expect(world.server.requests).toHaveLength(1)
  })

  test('a server that asks to wait is not asked before that', async () => {
    world.server.fail(1, () => true, { status: 429, headers: { 'retry-after': '1' } })
    await plan(world, 'a')
    const [first, second] = world.server.requests
    // Timers may be a few milliseconds early; without the header the next attempt comes after a quarter of a second.
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990)
  })

  test('waiting ends when the person interrupts', async () => {
    world.server.fail(Infinity, () => true, { status: 503, headers: { 'retry-after': '50' } })
    const controller = new AbortController()
    const attempt = plan(world, 'a', contextOn(world, { signal: controller.signal }))
    setImmediate(function look() {
      if (world.server.requests.length === 0) setImmediate(look)
      else setImmediate(() => controller.abort())
    })
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a server that refuses', () => {
  test.each([
    ['a wrong secret key', { AWS_SECRET_ACCESS_KEY: 'another-secret-key' }, 'SignatureDoesNotMatch'],
    ['an unknown access key', { AWS_ACCESS_KEY_ID: 'AKIA-UNKNOWN' }, 'InvalidAccessKeyId'],
    ['a wrong session token', { AWS_SESSION_TOKEN: 'another-token' }, 'InvalidToken'],
  ])('%s gives STK4002 with the reason, and nothing of the request', async (_, wrong, code) => {
    // Read first: an answer to HEAD has no body, so no reason either.
    const attempt = plan(world, 'a', contextOn(world, { credentials: { ...world.credentials, ...wrong } }))
    const error = await attempt.then(() => undefined, (reason: Error) => reason)
    expect(error).toMatchObject({ code: 'STK4002', message: expect.stringContaining(code) })
    expect(error?.message).not.toContain('AWS4-HMAC-SHA256')
  })

  test('another region is named', async () => {
    const options = { ...world.options as object, region: 'eu-west-1' }
    await expect(plan({ ...world, options }, 'a')).rejects.toMatchObject({ code: 'STK4001', details: { fix: "Set region: 'auto'." } })
  })

  test('a bucket that does not exist is named', async () => {
    await expect(plan({ ...world, options: { to: 's3://nowhere', endpoint: world.server.origin } }, 'a'))
      .rejects.toMatchObject({ code: 'STK4001', message: expect.stringContaining('"nowhere"') })
  })

  test('conditional writes cannot be used', async () => {
    world.server.fail(1, ({ headers }) => headers['if-none-match'] !== undefined, { status: 501 })
    await expect(release(world, 'a')).rejects.toMatchObject({ code: 'STK4007', message: expect.stringContaining('conditional writes') })
    expect(world.server.objects.has(POINTER)).toBe(false)
  })

  test('a redirect is not followed with credentials', async () => {
    const elsewhere = await createS3()
    try {
      world.server.fail(1, () => true, { status: 307, headers: { location: `${elsewhere.server.origin}/bundles/x` } })
      await expect(plan(world, 'a')).rejects.toMatchObject({ code: 'STK4008', message: expect.stringContaining('307') })
      expect(elsewhere.server.requests).toEqual([])
    } finally {
      await elsewhere.cleanup()
    }
  })
})

test('an object that somebody changed is not healthy, and is no base for a rollback', async () => {
  const first = await release(world, 'a')
  const second = await release(world, 'b')
  for (const made of [first, second]) {
    const key = made.url?.replace('s3://', '') ?? ''
    const stored = world.server.objects.get(key)
    // Same size and same marks, as somebody would who means it.
    if (stored !== undefined) world.server.objects.set(key, { ...stored, bytes: Buffer.alloc(stored.bytes.length) })
  }
  expect(await tarballTarget.verify?.(second, contextOn(world))).toEqual({ healthy: false, summary: 'santokit-bundle.tgz is not what was released' })
  await expect(tarballTarget.rollback?.(first, contextOn(world))).rejects.toMatchObject({ code: 'STK4005' })
  expect((await list(world))[0]?.id).toBe(second.id)
})

test('no secret is stored', async () => {
  await release(world, 'a')
  for (const secret of Object.values(world.credentials ?? {})) {
    for (const [key, { bytes, headers }] of world.server.objects) expect(`${key} ${bytes.toString('latin1')} ${JSON.stringify(headers)}`).not.toContain(secret)
  }
})
