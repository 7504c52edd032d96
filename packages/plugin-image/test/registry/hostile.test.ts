import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findManifest, getBlob, listTags, planPush, pushImage, resolveTag, type Repository } from '../../src/registry/index.ts'
import { fallbackTag, listReferrers } from '../../src/registry/referrers.ts'
import { manifestOf, plant, sampleImage } from './images.ts'
import { failure, startRegistry, type Reply, type Seen, type TestRegistry } from './registry.ts'
import { faultsOf, repositoryIn } from './store.ts'
import { sendAs, lookupPublic, startStranger, type Stranger } from './stranger.ts'
import { wantTokens } from './token-server.ts'
import { IDENTITY, open, password, PASSWORD } from './world.ts'
import { SecretValue } from '@santokit/core'

const PRODUCTION = [{ name: 'production', moves: true }]
const TAGS = [{ name: 'sha-2', moves: false }, ...PRODUCTION]
const image = sampleImage({ seed: 'new', platforms: ['amd64', 'arm64'] })

let registry: TestRegistry
let stranger: Stranger
beforeEach(async () => {
  registry = await startRegistry()
  stranger = await startStranger()
})
afterEach(async () => {
  await registry.close()
  await stranger.close()
  expect(stranger.leaks, 'credentials seen by another host').toEqual([])
  expect(registry.violations).toEqual([])
})

const shop = (): ReturnType<typeof repositoryIn> => repositoryIn(registry.store, 'acme/shop')
const count = (matches: (seen: Seen) => boolean): number => registry.seen.filter(matches).length
const isUpload = ({ path }: Pick<Seen, 'path'>): boolean => path.includes('/blobs/uploads/')

/** Pushes, and sees that what the tags name is whole. */
async function push(repository: Repository = open(registry)): Promise<Awaited<ReturnType<typeof pushImage>>> {
  const pushed = await pushImage(repository, image, TAGS)
  expect(shop().tags.get('production')).toBe(image.root.descriptor.digest)
  expect(faultsOf(shop(), 'production')).toEqual([])
  return pushed
}

/** Lets the first `times` requests that match get another answer. */
function fail(times: number, matches: (seen: Seen) => boolean, reply: ReturnType<typeof failure> | 'hang up', after = false): void {
  let left = times
  if (after) registry.quirks.after.push((seen, given) => (matches(seen) && left-- > 0 ? reply : given))
  else registry.quirks.before.push((seen) => (matches(seen) && left-- > 0 ? reply : undefined))
}

describe('signing in', () => {
  test('a token server that does not say how long a token lives means a minute', async () => {
    let clock = 1_000_000
    const server = wantTokens(registry, { life: 60, says: undefined, now: () => clock })
    const repository = open(registry, 'acme/shop', { as: password(), now: () => clock })
    await resolveTag(repository, 'production')
    clock += 50_000
    await resolveTag(repository, 'production')
    expect(server.asked).toHaveLength(1)
    clock += 10_000
    await resolveTag(repository, 'production')
    expect(server.asked).toHaveLength(2)
    // It was renewed before it ran out, and not because it was refused.
    expect(count(({ method }) => method === 'HEAD')).toBe(4)
  })

  test('a token that runs out in the middle of a push is renewed', async () => {
    let uses = 0
    let clock = 1_000_000
    wantTokens(registry, { life: 30, says: 3600, now: () => clock })
    registry.quirks.before.push(({ path }) => {
      if (path !== '/token' && [10, 30].includes(++uses)) clock += 40_000
      return undefined
    })
    await push(open(registry, 'acme/shop', { as: password(), now: () => 1_000_000 }))
  })

  test('a token is renewed within the retries of a request', async () => {
    let clock = 1_000_000
    const server = wantTokens(registry, { life: 10, says: 10, now: () => clock })
    let left = 2
    registry.quirks.before.push(({ method, path }) => {
      if (method !== 'HEAD' || path === '/token' || clock === 1_000_000 && server.asked.length === 0 || left-- <= 0) return undefined
      clock += 20_000
      return failure(503, 'UNAVAILABLE')
    })
    const repository = open(registry, 'acme/shop', { as: password(), now: () => clock })
    await resolveTag(repository, 'production')
    expect(server.asked.length).toBeGreaterThan(1)
  })

  test('scopes that are demanded later are asked for, and first', async () => {
    const server = wantTokens(registry, { demands: ({ method }) => (method === 'POST' ? ['repository:acme/mirror:pull'] : []) })
    await push(open(registry, 'acme/shop', { as: password() }))
    expect(server.asked.at(-1)?.scopes).toEqual(['repository:acme/mirror:pull', 'repository:acme/shop:pull,push'])
  })

  test('requests side by side share one token', async () => {
    const server = wantTokens(registry)
    await push(open(registry, 'acme/shop', { as: password() }))
    expect(server.asked).toHaveLength(1)
  })

  test('an identity token is exchanged by the refresh grant and never sent to the registry', async () => {
    const server = wantTokens(registry, { field: 'access_token' })
    await push(open(registry, 'acme/shop', { as: { kind: 'identity', token: new SecretValue(IDENTITY) } }))
    expect(server.asked.map(({ method, form }) => [method, form.get('grant_type'), form.get('service')])).toEqual([['POST', 'refresh_token', 'tests']])
    expect(registry.seen.filter(({ path, headers, url }) => path !== '/token' && `${url.href}${JSON.stringify(headers)}`.includes(IDENTITY))).toEqual([])
  })

  test('a public repository is read with a token for nobody', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    wantTokens(registry, { isAnonymous: true })
    expect(await resolveTag({ ...open(registry), access: 'pull' }, 'production')).toBe(image.root.descriptor.digest)
  })

  test('of several challenges in one header the best is taken', async () => {
    wantTokens(registry)
    const authorize = registry.quirks.authorize!
    registry.quirks.authorize = (seen) => {
      const denied = authorize(seen)
      return denied === undefined ? undefined : { ...denied, headers: { 'www-authenticate': `Negotiate, Basic realm="a \\"b\\", c", ${denied.headers!['www-authenticate']}` } }
    }
    await push(open(registry, 'acme/shop', { as: password() }))
  })

  test('basic authentication is used where it is asked for', async () => {
    const wanted = `Basic ${Buffer.from(`ci:${PASSWORD}`).toString('base64')}`
    registry.quirks.authorize = ({ headers }) => (headers.authorization === wanted ? undefined : { status: 401, headers: { 'www-authenticate': 'Basic realm="registry"' } })
    await push(open(registry, 'acme/shop', { as: password() }))
  })

  test('no credentials are given before they are asked for', async () => {
    await push(open(registry, 'acme/shop', { as: password() }))
    expect(registry.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
  })

  test.each([
    ['a token server that refuses', (): void => { wantTokens(registry) }, { kind: 'password', username: 'ci', password: new SecretValue('wrong-planted') } as const],
    ['a registry that refuses every token', (): void => {
      wantTokens(registry, { denies: () => true })
    }, password()],
    ['basic authentication that refuses', (): void => {
      registry.quirks.authorize = () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } })
    }, password()],
    ['a 401 without a challenge', (): void => { registry.quirks.authorize = () => ({ status: 401 }) }, password()],
  ])('%s ends in STK4101, and names no credential', async (_, prepare, as) => {
    prepare()
    const error: unknown = await pushImage(open(registry, 'acme/shop', { as }), image, TAGS).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'STK4101' })
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toMatch(/planted/)
    expect(registry.seen.length).toBeLessThan(20)
  })

  test('a right that is missing is told apart from wrong credentials', async () => {
    registry.quirks.authorize = ({ method }) => (method === 'POST' ? failure(403, 'DENIED') : undefined)
    await expect(push()).rejects.toMatchObject({ code: 'STK4102', details: { why: expect.stringContaining('DENIED') as string } })
  })
})

describe('being sent elsewhere', () => {
  const PUBLIC = 'registry.example.com'
  const asPublic = (): Repository => open({ host: PUBLIC }, 'acme/shop', {
    as: password(),
    send: sendAs({ [`https://${PUBLIC}`]: registry.origin, 'https://storage.example.net': stranger.origin }),
    lookup: lookupPublic({ 'intranet.example.com': '10.1.2.3' }),
  })

  test('a download is followed to another host, without credentials', async () => {
    wantTokens(registry)
    await plant(registry.store, 'acme/shop', image, 'production')
    const [layer] = image.blobs
    const storage = await startStranger(() => ({ status: 200, body: shop().blobs.get(layer!.descriptor.digest)! }))
    registry.quirks.after.push((seen, reply) => (seen.path.includes('/blobs/sha256') ? { status: 307, headers: { location: `${storage.origin}/blob?X-Signature=abc` } } : reply))
    expect(Buffer.from(await layer!.open()).equals(await getBlob(open(registry, 'acme/shop', { as: password() }), layer!.descriptor))).toBe(true)
    expect(storage.seen.map(({ url }) => url)).toEqual(['/blob?X-Signature=abc'])
    expect(storage.leaks).toEqual([])
    await storage.close()
  })

  test('an upload goes on at another host, without credentials and with its query', async () => {
    wantTokens(registry)
    const storage = await startStranger((_, url, body) => {
      shop().blobs.set(url.searchParams.get('digest')!, body)
      return { status: url.searchParams.get('sig') === 'a/b+c=' ? 201 : 400 }
    })
    registry.quirks.location = (path) => `${storage.origin}/${path.split('/').at(-1)!.split('?')[0]!}?sig=a%2Fb%2Bc%3D&expires=9`
    await push(open(registry, 'acme/shop', { as: password() }))
    expect(storage.seen.length).toBe(image.blobs.length)
    expect(storage.leaks).toEqual([])
    await storage.close()
  })

  test('another host that asks for credentials gets none', async () => {
    const thief = await startStranger(() => ({ status: 401, headers: { 'www-authenticate': `Basic realm="give"` } }))
    registry.quirks.after.push((seen, reply) => (seen.method === 'GET' ? { status: 302, headers: { location: `${thief.origin}/` } } : reply))
    await plant(registry.store, 'acme/shop', image, 'production')
    await expect(findManifest(open(registry, 'acme/shop', { as: password() }), 'production')).rejects.toMatchObject({ code: 'STK4008' })
    expect(thief.seen).toHaveLength(1)
    expect(thief.leaks).toEqual([])
    await thief.close()
  })

  test('a public registry that names a private token server is not obeyed', async () => {
    wantTokens(registry, { realm: () => 'https://intranet.example.com/token' })
    await expect(push(asPublic())).rejects.toMatchObject({ code: 'STK4108' })
  })

  test.each(['http://169.254.169.254/latest/meta-data/', 'https://169.254.169.254/', 'https://[::1]/', 'https://localhost/', 'https://[::ffff:10.0.0.1]/', 'https://intranet.example.com/', 'ftp://storage.example.net/', 'https://user:pw@storage.example.net/'])(
    'a public registry that uploads to %s is not obeyed', async (target) => {
      registry.quirks.location = () => target
      await expect(push(asPublic())).rejects.toMatchObject({ code: 'STK4108' })
      expect(shop().tags.size).toBe(0)
    })

  test.each(['http://10.0.0.1/', 'https://192.168.1.1/', `http://${PUBLIC}:8080/`])('a public registry that redirects to %s is not followed', async (target) => {
    registry.quirks.before.push(({ method }) => (method === 'GET' ? { status: 302, headers: { location: target } } : undefined))
    await expect(findManifest(asPublic(), 'production')).rejects.toMatchObject({ code: 'STK4108' })
  })

  test('a token server over plain HTTP is not used by a registry over HTTPS', async () => {
    wantTokens(registry, { realm: () => `http://auth.example.com/token` })
    await expect(push(asPublic())).rejects.toMatchObject({ code: 'STK4108' })
  })

  test('a registry behind a proxy that says http for itself is asked as before', async () => {
    registry.quirks.location = (path) => `http://${PUBLIC}${path}`
    await push(asPublic())
  })

  test('a registry that redirects for ever is left', async () => {
    registry.quirks.before.push(({ method, path }) => (method === 'GET' ? { status: 302, headers: { location: path } } : undefined))
    await expect(findManifest(open(registry), 'production')).rejects.toMatchObject({ code: 'STK4008' })
    expect(registry.seen.length).toBeLessThan(10)
  })

  test('a write is not turned into a read by a redirect', async () => {
    registry.quirks.before.push(({ method }) => (method === 'PUT' ? { status: 302, headers: { location: `${stranger.origin}/` } } : undefined))
    await expect(push()).rejects.toMatchObject({ code: 'STK4105' })
    expect(stranger.seen).toEqual([])
  })

  test('a 307 of a write is followed with its body', async () => {
    let left = 1
    registry.quirks.before.push(({ method, url }) => (method === 'PUT' && left-- > 0 ? { status: 307, headers: { location: `${url.pathname}${url.search}` } } : undefined))
    await push()
  })

  test('a list of tags that goes on at another host ends in an error', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    registry.quirks.after.push((seen, reply) => (seen.path.endsWith('/tags/list') ? { ...reply as object, status: 200, headers: { link: `<${stranger.origin}/v2/x>; rel="next"` } } : reply))
    await expect(listTags(open(registry, 'acme/shop', { as: password() }))).rejects.toMatchObject({ code: 'STK4008' })
    expect(stranger.seen).toEqual([])
  })
})

describe('uploads', () => {
  test('a location may be absolute', async () => {
    registry.quirks.location = (path) => `${registry.origin}${path}`
    await push()
  })

  test('a location without a path of its own is meant from where it was given', async () => {
    registry.quirks.location = (path) => path.split('/').at(-1)!
    await push()
  })

  test('a registry that refuses a whole blob gets it in chunks', async () => {
    registry.quirks.refusesWhole = true
    await push()
    expect(count(({ method }) => method === 'PATCH')).toBe(image.blobs.length)
  })

  test('chunks are as large as the registry wants them, and may be answered 201', async () => {
    const large = sampleImage({ seed: 'large', baseSize: 25_000_000 })
    registry.quirks.refusesWhole = true
    registry.quirks.leastChunk = 10_000_000
    registry.quirks.patchStatus = 201
    await pushImage(open(registry), large, PRODUCTION)
    const sizes = registry.seen.filter(({ method, body }) => method === 'PATCH' && body.length > 1_000_000).map(({ body }) => body.length)
    expect(sizes).toEqual([10_000_000, 10_000_000, 5_000_000])
    expect(faultsOf(shop(), 'production')).toEqual([])
  })

  test('a chunk that was lost goes on from what the registry has', async () => {
    const large = sampleImage({ seed: 'large', baseSize: 20_000_000 })
    registry.quirks.refusesWhole = true
    fail(1, ({ method, body }) => method === 'PATCH' && body.length > 1_000_000, 'hang up', true)
    const pushed = await pushImage(open(registry), large, PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
    expect(count(({ method, path }) => method === 'GET' && isUpload({ path }))).toBe(1)
    const patched = registry.seen.filter(({ method }) => method === 'PATCH').reduce((sum, { body }) => sum + body.length, 0)
    expect(patched).toBe(large.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0))
    expect(pushed.isChanged).toBe(true)
  })

  test('a 416 is answered by asking for the offset', async () => {
    registry.quirks.refusesWhole = true
    const large = sampleImage({ seed: 'large', baseSize: 20_000_000 })
    fail(1, ({ method, headers }) => method === 'PATCH' && headers['content-range']?.startsWith('8388608-') === true, failure(416, 'BLOB_UPLOAD_INVALID'), true)
    await pushImage(open(registry), large, PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
  })

  test('a session that the registry forgot is begun again', async () => {
    fail(1, ({ method, path }) => method === 'PUT' && isUpload({ path }), failure(404, 'BLOB_UPLOAD_UNKNOWN'))
    await push()
    expect(count(({ method }) => method === 'PATCH')).toBe(0)
  })

  test.each([['knows', false], ['does not know', true]])('a 404 in the middle is answered by asking where the upload is; the registry %s', async (_, isForgotten) => {
    registry.quirks.refusesWhole = true
    const large = sampleImage({ seed: 'large', baseSize: 20_000_000 })
    fail(1, ({ method, headers }) => method === 'PATCH' && headers['content-range']?.startsWith('8388608-') === true, failure(404, 'BLOB_UPLOAD_UNKNOWN'))
    if (isForgotten) fail(1, ({ method, path }) => method === 'GET' && isUpload({ path }), failure(404, 'BLOB_UPLOAD_UNKNOWN'))
    await pushImage(open(registry), large, PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
  })

  test.each<[string, ReturnType<typeof failure> | 'hang up', number]>([
    ['503', failure(503, 'UNAVAILABLE'), 3], ['429', failure(429, 'TOOMANYREQUESTS'), 3], ['a broken connection', 'hang up', 3], ['404', failure(404, 'BLOB_UPLOAD_UNKNOWN'), 1],
  ])('the end of an upload in chunks that meets %s is tried again', async (_, reply, times) => {
    registry.quirks.refusesWhole = true
    const isBase = ({ url }: Seen): boolean => url.searchParams.get('digest') === image.blobs[0]!.descriptor.digest
    fail(times, (seen) => seen.method === 'PUT' && seen.body.length === 0 && isBase(seen), reply)
    await push()
    // What was sent is not sent again for it.
    expect(count(({ method, body }) => method === 'PATCH' && body.length === 200_000)).toBe(2)
  })

  test('an upload whose answer was lost is not sent twice', async () => {
    fail(1, ({ method, path, body }) => method === 'PUT' && isUpload({ path }) && body.length === 200_000, 'hang up', true)
    await push()
    expect(count(({ body }) => body.length === 200_000)).toBe(2) // One for each platform's base.
  })

  test('what a proxy changed on the way is refused, and no tag moves', async () => {
    registry.quirks.before.push(({ method, path }) => (isUpload({ path }) && (method === 'PUT' || method === 'PATCH') ? failure(400, 'DIGEST_INVALID') : undefined))
    await expect(push()).rejects.toMatchObject({ code: 'STK4104' })
    expect(shop().tags.size).toBe(0)
  })

  test('a limit for request bodies is named as such', async () => {
    registry.quirks.before.push(({ method, body }) => (method !== 'POST' && body.length > 1000 ? { status: 413, body: '<html>' } : undefined))
    await expect(push()).rejects.toMatchObject({ code: 'STK4105', details: { why: expect.stringContaining('413') as string } })
  })

  test('a registry that takes chunks without keeping them is left', async () => {
    registry.quirks.refusesWhole = true
    registry.quirks.before.push(({ method, url }) => (method === 'PATCH' ? { status: 202, headers: { location: `${url.pathname}${url.search}`, range: '0-0' } } : undefined))
    await expect(push()).rejects.toMatchObject({ code: 'STK4105' })
    expect(registry.seen.length).toBeLessThan(200)
  })

  test('an upload that begins nowhere is an error', async () => {
    registry.quirks.after.push((seen, reply) => (seen.method === 'POST' ? { status: 202 } : reply))
    await expect(push()).rejects.toMatchObject({ code: 'STK4008' })
  })
})

describe('mounts', () => {
  const based = (): typeof image => sampleImage({ seed: 'new', source: { registry: registry.host, repository: 'acme/base' } })
  const baseSent = (): number => count(({ method, body }) => method === 'PUT' && body.length === 200_000)
  beforeEach(() => plant(registry.store, 'acme/base', sampleImage({ seed: 'base' }), 'nonroot'))

  test('a base of the same registry is mounted and not sent', async () => {
    await pushImage(open(registry), based(), PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
    expect(baseSent()).toBe(0)
  })

  test('a base of another registry is never asked to be mounted', async () => {
    await pushImage(open(registry), sampleImage({ seed: 'new', source: { registry: 'gcr.io', repository: 'distroless/nodejs24' } }), PRODUCTION)
    expect(count(({ url }) => url.searchParams.has('mount'))).toBe(0)
    expect(baseSent()).toBe(1)
  })

  test('a registry that answers 202 gets the upload where it says', async () => {
    registry.quirks.mounts = false
    await pushImage(open(registry), based(), PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
    expect(baseSent()).toBe(1)
    expect(count(({ method, url }) => method === 'POST' && url.pathname.includes('acme/shop'))).toBe(4)
  })

  test.each([400, 401, 403, 404, 405, 409])('a mount that is refused with %i becomes an upload', async (status) => {
    registry.quirks.before.push(({ url }) => (url.searchParams.has('mount') ? failure(status, 'DENIED') : undefined))
    await pushImage(open(registry), based(), PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
    expect(baseSent()).toBe(1)
  })

  test('a token server that does not let us read the other repository does not stop the push', async () => {
    wantTokens(registry, { denies: (scope) => scope.startsWith('repository:acme/base') })
    await pushImage(open(registry, 'acme/shop', { as: password() }), based(), PRODUCTION)
    expect(faultsOf(shop(), 'production')).toEqual([])
    expect(baseSent()).toBe(1)
  })

  test('a base that is there already is neither mounted nor opened', async () => {
    await plant(registry.store, 'acme/shop', sampleImage({ seed: 'old' }), 'production')
    const next = based()
    const blobs = next.blobs.map((blob) => (blob.source === undefined ? blob : { ...blob, open: () => { throw new Error('opened') } }))
    await pushImage(open(registry), { ...next, blobs }, PRODUCTION)
    expect(count(({ url }) => url.searchParams.has('mount'))).toBe(0)
  })
})

describe('bad weather', () => {
  test('429 is waited for as long as it says, for HEAD, too', async () => {
    fail(1, ({ method }) => method === 'HEAD', failure(429, 'TOOMANYREQUESTS', { 'retry-after': '7' }))
    const waits: number[] = []
    await push(open(registry, 'acme/shop', { waits }))
    expect(waits).toEqual([7000])
  })

  test('a date in Retry-After is understood', async () => {
    fail(1, ({ method }) => method === 'POST', failure(503, 'UNAVAILABLE', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }))
    const waits: number[] = []
    await push(open(registry, 'acme/shop', { waits, now: () => Date.parse('2026-01-01T00:00:00Z') }))
    expect(waits).toEqual([9000])
  })

  test('an hour is not waited for', async () => {
    fail(9, () => true, failure(429, 'TOOMANYREQUESTS', { 'retry-after': '3600' }))
    await expect(push()).rejects.toMatchObject({ code: 'STK4001', details: { why: expect.stringContaining('3600 s') as string } })
  })

  test.each([500, 502, 503, 504])('%i at any request is tried again', async (status) => {
    const failed = new Set<string>()
    registry.quirks.before.push(({ method, path }) => {
      const kind = `${method} ${path.replace(/[0-9a-f-]{36,}.*/, '…')}`
      if (failed.has(kind)) return undefined
      failed.add(kind)
      return { status, body: '<html>oops</html>' }
    })
    await push()
    expect(failed.size).toBeGreaterThanOrEqual(7)
  })

  test('a connection that breaks at any request is tried again', async () => {
    const failed = new Set<string>()
    registry.quirks.before.push(({ method, path }) => {
      const kind = `${method} ${path.replace(/[0-9a-f-]{36,}.*/, '…')}`
      if (failed.has(kind)) return undefined
      failed.add(kind)
      return 'hang up'
    })
    await push()
    expect(failed.size).toBeGreaterThanOrEqual(7)
  })

  test('a registry that is down is given up after five attempts a request', async () => {
    fail(1000, () => true, failure(503, 'UNAVAILABLE'))
    const waits: number[] = []
    await expect(pushImage(open(registry, 'acme/shop', { waits }), image, PRODUCTION)).rejects.toMatchObject({ code: 'STK4001' })
    expect(waits).toEqual([250, 500, 1000, 2000])
  })

  test('an interruption ends a wait', async () => {
    fail(1000, () => true, failure(503, 'UNAVAILABLE', { 'retry-after': '30' }))
    const controller = new AbortController()
    const repository = open(registry, 'acme/shop', {
      signal: controller.signal,
      wait: (_, signal) => new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => { reject(signal.reason as Error) })
        controller.abort(new Error('interrupted'))
      }),
    })
    await expect(push(repository)).rejects.toThrow('interrupted')
  })
})

describe('tags and manifests', () => {
  test('a registry without digests in its headers is read instead', async () => {
    registry.quirks.hasDigestHeader = false
    await plant(registry.store, 'acme/shop', image, 'production')
    expect(await resolveTag(open(registry), 'production')).toBe(image.root.descriptor.digest)
    await push()
  })

  test('a registry that does not know HEAD is asked by GET', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    registry.quirks.before.push(({ method }) => (method === 'HEAD' ? { status: 405 } : undefined))
    expect(await resolveTag(open(registry), 'production')).toBe(image.root.descriptor.digest)
    await push()
  })

  test('a manifest that is not what its digest says is refused', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    registry.quirks.after.push((seen, reply) => (seen.method === 'GET' && seen.path.includes('/manifests/')
      ? { ...reply, body: manifestOf({ manifests: [] }, image.root.descriptor.mediaType).bytes } : reply))
    await expect(findManifest(open(registry), image.root.descriptor.digest)).rejects.toMatchObject({ code: 'STK4104' })
    await expect(findManifest(open(registry), 'production')).rejects.toMatchObject({ code: 'STK4104' })
  })

  test('a blob that is not what its digest says is refused', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    const { descriptor } = image.blobs[0]!
    const bytes = shop().blobs.get(descriptor.digest)!
    for (const wrong of [bytes.map((byte) => byte ^ 1), bytes.subarray(1)]) {
      shop().blobs.set(descriptor.digest, wrong)
      await expect(getBlob(open(registry), descriptor)).rejects.toMatchObject({ code: 'STK4104' })
    }
    shop().blobs.set(descriptor.digest, Buffer.concat([bytes, bytes]))
    await expect(getBlob(open(registry), descriptor)).rejects.toMatchObject({ code: 'STK4008' })
  })

  test('an index that passes itself off as a manifest is refused', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    registry.quirks.after.push((seen, reply) => (seen.method === 'GET' && reply.headers !== undefined
      ? { ...reply, headers: { ...reply.headers, 'content-type': 'application/vnd.oci.image.manifest.v1+json' } } : reply))
    await expect(findManifest(open(registry), 'production')).rejects.toMatchObject({ code: 'STK4104' })
  })

  test('an endless answer is not read to its end', async () => {
    registry.quirks.before.push(({ method }) => (method === 'GET' ? { status: 200, body: Buffer.alloc(5_000_000) } : undefined))
    await expect(findManifest(open(registry), 'production')).rejects.toMatchObject({ code: 'STK4008' })
  })

  test('a page of HTML is no manifest', async () => {
    registry.quirks.before.push(({ method }) => (method === 'GET' ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' } : undefined))
    await expect(findManifest(open(registry), 'production')).rejects.toMatchObject({ code: 'STK4008' })
  })

  test('documents are asked for unpacked, so that a proxy does not change their bytes', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    registry.quirks.after.push((seen, reply) => (seen.headers['accept-encoding'] !== 'identity'
      ? { ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' }, body: gzipSync(reply.body ?? '') } : reply))
    expect(Buffer.from((await findManifest(open(registry), 'production'))!.manifest.bytes).equals(image.root.bytes)).toBe(true)
    expect(new Set(registry.seen.map(({ headers }) => headers['accept-encoding']))).toEqual(new Set(['identity']))
  })

  test('a registry whose tags do not move says so by a code of its own', async () => {
    await plant(registry.store, 'acme/shop', sampleImage({ seed: 'old' }), 'production')
    registry.quirks.immutable = () => true
    await expect(pushImage(open(registry), image, PRODUCTION)).rejects.toMatchObject({ code: 'STK4103', details: { why: expect.stringContaining('does not let it move') as string } })
  })

  test('an immutable tag that names this very image is success', async () => {
    await plant(registry.store, 'acme/shop', image, 'sha-2')
    registry.quirks.before.push(({ method, path }) => (method === 'PUT' && path.endsWith('/sha-2') ? failure(400, 'TAG_INVALID') : undefined))
    await push()
  })

  test('what the live image names and the registry has lost is sent again', async () => {
    await plant(registry.store, 'acme/shop', sampleImage({ seed: 'old', platforms: ['amd64', 'arm64'] }), 'production')
    shop().blobs.delete(image.blobs[0]!.descriptor.digest)
    await push()
  })

  test('tags come in pages', async () => {
    await plant(registry.store, 'acme/shop', image, ...Array.from({ length: 25 }, (_, index) => `v${String(index).padStart(2, '0')}`))
    registry.quirks.before.push(({ path, url }) => {
      if (path.endsWith('/tags/list') && url.searchParams.get('n') === '1000') url.searchParams.set('n', '10')
      return undefined
    })
    expect(await listTags(open(registry))).toHaveLength(25)
    expect(registry.seen).toHaveLength(3)
  })

  test('pages in a circle end', async () => {
    await plant(registry.store, 'acme/shop', image, 'production')
    registry.quirks.after.push((seen, reply) => ({ ...reply, headers: { link: `<${seen.url.pathname}?n=1000>; rel="next"` } }))
    expect(await listTags(open(registry))).toEqual(['production'])
    expect(registry.seen).toHaveLength(1)
  })

  test('no tags may be said as null', async () => {
    registry.quirks.before.push(() => ({ status: 200, body: '{"name":"acme/shop","tags":null}' }))
    expect(await listTags(open(registry))).toEqual([])
  })
})

describe('referrers', () => {
  const documented = sampleImage({ seed: 'new', referrers: 2 })
  const subject = documented.root.descriptor.digest
  const listed = async (): Promise<string[]> => (await listReferrers(open(registry), subject)).map(({ digest }) => digest).toSorted()
  const expected = documented.referrers.map(({ manifest }) => manifest.descriptor.digest).toSorted()

  test('a registry without the referrers API gets the list by its tag', async () => {
    registry.quirks.hasReferrers = false
    await pushImage(open(registry), documented, PRODUCTION)
    expect(await listed()).toEqual(expected)
    const list = JSON.parse(Buffer.from(shop().manifests.get(shop().tags.get(fallbackTag(subject))!)!.bytes).toString()) as { manifests: { artifactType: string; annotations: object }[] }
    expect(list.manifests.map(({ artifactType, annotations }) => [artifactType, annotations])).toEqual([
      ['application/vnd.cyclonedx+json', { about: 'new 0' }], ['application/vnd.cyclonedx+json', { about: 'new 1' }],
    ])
  })

  test.each<[string, Reply]>([
    ['303', { status: 303, headers: { location: '/login' } }], ['400', failure(400, 'UNSUPPORTED')], ['401', { status: 401 }], ['403', failure(403, 'DENIED')],
    ['405', { status: 405 }], ['406', { status: 406 }], ['501', { status: 501 }], ['a page for people', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
  ])('a registry without the referrers API that says so by %s is asked for the tag', async (_, reply) => {
    registry.quirks.hasReferrers = false
    await pushImage(open(registry), documented, PRODUCTION)
    registry.quirks.before.push(({ path }) => (path.includes('/referrers/') ? reply : path === '/login' ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' } : undefined))
    expect(await listed()).toEqual(expected)
  })

  test('a list of referrers that breaks off is not taken for a whole one', async () => {
    await pushImage(open(registry), documented, PRODUCTION)
    registry.quirks.after.push((seen, reply) => (seen.path.includes('/referrers/') ? { ...reply, headers: { ...reply.headers, link: '</v2/acme/shop/referrers/next>; rel="next"' } } : reply))
    registry.quirks.before.push(({ path }) => (path.endsWith('/next') ? failure(400, 'UNSUPPORTED') : undefined))
    await expect(listed()).rejects.toMatchObject({ code: 'STK4008' })
  })

  test('a registry with the API gets no such tag', async () => {
    await pushImage(open(registry), documented, PRODUCTION)
    expect(await listed()).toEqual(expected)
    expect([...shop().tags.keys()]).toEqual(['production'])
  })

  test('what others have in the list stays', async () => {
    registry.quirks.hasReferrers = false
    await pushImage(open(registry), { ...documented, referrers: documented.referrers.slice(0, 1) }, PRODUCTION)
    await pushImage(open(registry), documented, [{ name: 'staging', moves: true }])
    expect(await listed()).toEqual(expected)
  })

  test('a list that somebody changes at the same time is read again', async () => {
    registry.quirks.hasReferrers = false
    const tag = fallbackTag(subject)
    await pushImage(open(registry), { ...documented, referrers: documented.referrers.slice(0, 1) }, [{ name: 'other', moves: true }])
    let left = 2
    registry.quirks.before.push(({ method, path }) => {
      if (method !== 'PUT' || !path.endsWith(tag) || left-- <= 0) return undefined
      const list = manifestOf({ manifests: [], annotations: { round: String(left) } }, 'application/vnd.oci.image.index.v1+json')
      shop().manifests.set(list.descriptor.digest, { mediaType: list.descriptor.mediaType, bytes: list.bytes })
      shop().tags.set(tag, list.descriptor.digest)
      return undefined
    })
    await pushImage(open(registry), documented, PRODUCTION)
    expect(await listed()).toEqual(expected)
    expect(count(({ method, path, headers }) => method === 'PUT' && path.endsWith(tag) && headers['if-match'] !== undefined)).toBe(3)
  })

  test('a fallback tag that names the image itself is left alone, and does not stop the push', async () => {
    registry.quirks.hasReferrers = false
    // As with a registry that reads the tag as the image's digest.
    await plant(registry.store, 'acme/shop', documented, fallbackTag(subject))
    expect(await pushImage(open(registry), documented, PRODUCTION)).toMatchObject({ isListed: false })
    expect(shop().tags.get(fallbackTag(subject))).toBe(subject)
    expect(shop().tags.get('production')).toBe(subject)
    expect(await listed()).toEqual([])
  })

  test('a fallback tag that names another image is not overwritten', async () => {
    registry.quirks.hasReferrers = false
    await plant(registry.store, 'acme/shop', sampleImage({ seed: 'x' }), fallbackTag(subject))
    const before = shop().tags.get(fallbackTag(subject))
    await expect(pushImage(open(registry), documented, PRODUCTION)).rejects.toMatchObject({ code: 'STK4105' })
    expect(shop().tags.get(fallbackTag(subject))).toBe(before)
    expect(shop().tags.has('production')).toBe(false)
  })

  test('a registry that wants the subject first gets it first', async () => {
    registry.quirks.before.push(({ method, path, body }) => {
      if (method !== 'PUT' || !path.includes('/manifests/')) return undefined
      const { subject: about } = JSON.parse(body.toString()) as { subject?: { digest: string } }
      return about !== undefined && !shop().manifests.has(about.digest) ? failure(404, 'MANIFEST_UNKNOWN') : undefined
    })
    await pushImage(open(registry), documented, PRODUCTION)
    expect(await listed()).toEqual(expected)
    expect(faultsOf(shop(), 'production')).toEqual([])
  })
})

test('planning against any of it writes nothing', async () => {
  fail(2, () => true, failure(503, 'UNAVAILABLE'))
  await planPush(open(registry), image, TAGS)
  expect(count(({ method }) => method !== 'GET' && method !== 'HEAD')).toBe(0)
})
