import { SecretValue } from '@santokit/core'
import { describe, expect, test } from 'vitest'
import { workerTarget } from '../src/target.ts'
import { createBench, refusalOf, type Bench } from './bench.ts'

const steps = async (bench: Bench, seed: string, given?: Parameters<Bench['plan']>[1]): Promise<readonly string[]> =>
  (await bench.plan(seed, given)).steps.map(({ action, subject }) => `${action} ${subject.replace(/ \(.*\)/, '')}`)

describe('a plan', () => {
  test('says what is live, by its digest and version, and what would change', async () => {
    const bench = await createBench()
    expect(await steps(bench, 'a')).toEqual(['upload worker.js', 'create Worker shop'])
    const first = await bench.release('a', { secretsToSet: { DATABASE_URL: 'x', OLD_KEY: 'y' } })
    const plan = await bench.plan('b')
    expect(plan).toMatchObject({ from: { id: first.id, digest: first.digest, details: { version: bench.worker().live?.id } }, observed: first.id })
    expect(await steps(bench, 'b', { secretsToSet: { DATABASE_URL: 'z', CACHE_URL: 'w' } })).toEqual([
      'upload worker.js', 'create secret CACHE_URL', 'update secret DATABASE_URL', 'skip secret OLD_KEY, which the project does not declare', 'update Worker shop',
    ])
    expect(bench.cloudflare.changes().filter((change) => change.startsWith('PUT'))).toHaveLength(1)
  })

  test('of other settings alone uploads, too', async () => {
    const bench = await createBench()
    await bench.release('a')
    expect(await steps(bench, 'a', { more: { placement: 'smart' } })).toContain('upload worker.js')
  })

  test('of a release that is tagged with its bundle and says its revision', async () => {
    const bench = await createBench()
    const release = await bench.release('a', { revision: '1a2b3c4d5e6f' })
    expect(bench.worker().live?.annotations).toMatchObject({ 'workers/tag': release.digest, 'workers/message': '1a2b3c4d5e6f' })
    expect(release.revision).toBe('1a2b3c4d5e6f')
  })
})

describe('a Worker of something else', () => {
  test('is not touched, until it is taken over', async () => {
    const bench = await createBench()
    await bench.release('a', { environment: 'staging' })
    for (const work of [
      () => bench.plan('b'), () => bench.release('b'), async () => workerTarget.secrets?.set(new Map([['KEY', new SecretValue('value')]]), bench.ctx()),
      async () => workerTarget.secrets?.remove?.(['KEY'], bench.ctx()),
    ]) expect(await refusalOf(work())).toMatchObject({ code: 'STK4204', details: { why: expect.stringContaining('shop → cfworker (staging)') as string } })
    expect(bench.worker().versions).toHaveLength(1)
    expect(await workerTarget.secrets?.list(bench.ctx())).toBeUndefined()
    expect(await bench.releases()).toEqual([])

    const adopted = await bench.release('b', { flags: { adopt: true } })
    expect(await bench.releases()).toMatchObject([{ id: adopted.id, environment: 'production' }])
  })

  test('is not touched where it carries no mark at all', async () => {
    const bench = await createBench()
    await bench.release('a')
    const worker = bench.worker()
    worker.add({ code: 'export default {}', bindings: [], keep: [], annotations: {}, settings: {} })
    worker.deploy([{ version_id: worker.latest?.id ?? '', percentage: 100 }], { annotations: {}, force: true })
    expect(await refusalOf(bench.plan('a'))).toMatchObject({ code: 'STK4204', details: { why: expect.stringContaining('which Santokit did not make') as string } })
  })

  test('keeps its custom domain', async () => {
    const bench = await createBench()
    const more = { routes: [{ pattern: 'shop.example.com', custom_domain: true }] }
    bench.cloudflare.domains.set('shop.example.com', 'legacy-shop')
    expect(await refusalOf(bench.plan('a', { more }))).toMatchObject({ code: 'STK4204', details: { why: expect.stringContaining('"legacy-shop"') as string } })
    bench.cloudflare.domains.set('shop.example.com', 'shop')
    expect((await bench.plan('a', { more })).from).toBeNull()
  })
})

describe('a gradual rollout', () => {
  test('begins with a share, goes on without an upload, and ends with all requests', async () => {
    const bench = await createBench()
    await bench.release('a')
    const tenth = await bench.release('b', { flags: { percentage: '10' } })
    expect(bench.worker().deployments[0]?.versions.map(({ percentage }) => percentage).sort()).toEqual([10, 90])
    expect(tenth.details).toMatchObject({ requests: '10 %' })
    expect(await workerTarget.verify?.(tenth, bench.ctx())).toMatchObject({ healthy: true })
    expect((await bench.plan('b', { flags: { percentage: '10' } })).steps.every(({ action }) => action === 'skip')).toBe(true)

    expect(await steps(bench, 'b', { flags: { percentage: '50' } })).toEqual(['skip worker.js', 'update Worker shop, 50 % of requests'])
    const half = await bench.release('b', { flags: { percentage: '50' } })
    expect(half).toMatchObject({ previous: tenth.id, digest: tenth.digest, sent: 0 })
    expect(half.restores).toBeUndefined()
    const all = await bench.release('b')
    expect(bench.worker().versions).toHaveLength(2)
    expect(all.details?.requests).toBeUndefined()
    expect(bench.worker().deployments[0]?.versions).toEqual([{ version_id: tenth.details?.version, percentage: 100 }])
  })

  test('is taken back by a rollback', async () => {
    const bench = await createBench()
    const first = await bench.release('a')
    await bench.release('b', { flags: { percentage: '10' } })
    const back = await bench.rollback(first)
    expect(bench.worker().deployments[0]?.versions).toEqual([{ version_id: first.details?.version, percentage: 100 }])
    expect(back.digest).toBe(first.digest)
  })

  test('needs something to share with', async () => {
    const bench = await createBench()
    expect(await refusalOf(bench.plan('a', { flags: { percentage: '10' } }))).toMatchObject({ code: 'STK1020' })
  })

  test('does not let secrets be changed apart', async () => {
    const bench = await createBench()
    await bench.release('a')
    await bench.release('b', { flags: { percentage: '10' } })
    const error = await refusalOf(workerTarget.secrets?.set(new Map([['KEY', new SecretValue('value')]]), bench.ctx()) ?? Promise.resolve())
    expect(error).toMatchObject({ code: 'STK4207', details: { why: expect.stringContaining('only a part of the requests') as string } })
  })
})

describe('a preview', () => {
  test('has an address of its own, and changes nothing that is live', async () => {
    const bench = await createBench()
    const first = await bench.release('a', { more: { previewUrls: true } })
    const before = bench.worker().deployments.length
    const preview = await bench.release('b', { flags: { preview: 'feature/Cart' } })
    expect(preview).toMatchObject({ url: 'https://feature-cart-shop.acme.workers.dev', details: { preview: 'feature-cart' } })
    expect(bench.worker().latest?.annotations['workers/alias']).toBe('feature-cart')
    expect(bench.worker().deployments).toHaveLength(before)
    expect((await bench.releases())[0]?.id).toBe(first.id)
    const third = await bench.release('c')
    expect(third.previous).toBe(first.id)
  })

  test('is a version of a Worker, so there has to be one', async () => {
    const bench = await createBench()
    expect(await refusalOf(bench.plan('a', { flags: { preview: 'main' } }))).toMatchObject({ code: 'STK4007' })
    expect(bench.cloudflare.changes()).toEqual([])
  })
})

describe('a rollback', () => {
  const secret = (value: string) => new Map([['TOKEN', new SecretValue(value)]])

  test('that would bring back another value asks, and never by force', async () => {
    const bench = await createBench()
    const first = await bench.release('a', { secretsToSet: { TOKEN: 'canary-then' } })
    const second = await bench.release('b', { secretsToSet: { TOKEN: 'canary-now' } })
    const refused = await refusalOf(bench.rollback(first))
    expect(refused).toMatchObject({ code: 'STK4206', details: { accept: { flag: 'restore-secrets' }, why: expect.stringContaining('Secrets were changed since') as string } })
    expect(bench.worker().secrets()).toEqual({ TOKEN: 'canary-now' })
    expect(bench.cloudflare.requests.some((request) => request.includes('force'))).toBe(false)
    expect((await bench.releases())[0]?.id).toBe(second.id)

    const back = await bench.rollback(first, { flags: { 'restore-secrets': true } })
    expect(back).toMatchObject({ restores: first.id, previous: second.id })
    expect(bench.worker().secrets()).toEqual({ TOKEN: 'canary-then' })
  })

  test('that has other names is refused before Cloudflare is asked', async () => {
    const bench = await createBench()
    const first = await bench.release('a', { secretsToSet: { OLD: 'x' } })
    await workerTarget.secrets?.set(secret('y'), bench.ctx())
    await workerTarget.secrets?.remove?.(['OLD'], bench.ctx())
    await bench.release('b')
    const before = bench.cloudflare.changes().length
    const refused = await refusalOf(bench.rollback(first))
    expect(refused.details.why).toMatch(/It has no TOKEN\. It brings back OLD\./)
    expect(bench.cloudflare.changes()).toHaveLength(before)
  })

  test('run again changes nothing', async () => {
    const bench = await createBench()
    const first = await bench.release('a')
    await bench.release('b')
    const back = await bench.rollback(first)
    const before = bench.cloudflare.changes().length
    expect(await bench.rollback(first)).toEqual(back)
    expect(bench.cloudflare.changes()).toHaveLength(before)
  })

  test('to a version that Cloudflare no longer has', async () => {
    const bench = await createBench()
    const first = await bench.release('a')
    const second = await bench.release('b')
    bench.worker().versions.shift()
    expect(await refusalOf(bench.rollback(first))).toMatchObject({ code: 'STK4004' })
    expect((await bench.releases())[0]?.id).toBe(second.id)
  })
})

describe('secrets', () => {
  test('are all that are declared, but the address of what Hyperdrive reaches', async () => {
    const bench = await createBench()
    const secrets = [
      { name: 'CACHE_URL', optional: false, usedBy: ['databases.cache.url'] }, { name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'] },
      { name: 'SHARED_URL', optional: false, usedBy: ['databases.main.url', 'databases.other.url'] },
    ]
    const names = (more: Readonly<Record<string, unknown>>) => workerTarget.secrets?.needs?.(secrets, bench.ctx({ more })).map(({ name }) => name)
    expect(names({})).toEqual(['CACHE_URL', 'DATABASE_URL', 'SHARED_URL'])
    expect(names({ hyperdrive: { main: '0123456789abcdef0123456789abcdef' } })).toEqual(['CACHE_URL', 'SHARED_URL'])
  })

  test('keep the digest that is live, also where somebody else changed them', async () => {
    const bench = await createBench()
    const release = await bench.release('a', { secretsToSet: { TOKEN: 'x' } })
    await workerTarget.secrets?.set(new Map([['MORE', new SecretValue('y')]]), bench.ctx())
    expect(bench.worker().live?.annotations['workers/tag']).toBe(release.digest)
    // By hand, as on the dashboard: the version has no tag.
    const worker = bench.worker()
    worker.add({ code: worker.latest?.code ?? '', bindings: worker.latest?.bindings ?? [], keep: [], annotations: {}, settings: {} })
    worker.deploy([{ version_id: worker.latest?.id ?? '', percentage: 100 }], { annotations: {}, force: true })
    expect((await bench.releases())[0]?.digest).toBe(release.digest)
    expect((await bench.plan('a')).steps.every(({ action }) => action === 'skip')).toBe(true)
  })

  test('of more than a hundred names go in several requests', async () => {
    const bench = await createBench()
    await bench.release('a')
    const names = Array.from({ length: 120 }, (_, index) => `KEY_${String(index).padStart(3, '0')}`)
    await workerTarget.secrets?.set(new Map(names.map((name) => [name, new SecretValue(`value of ${name}`)])), bench.ctx())
    expect(Object.keys(bench.worker().secrets()).sort()).toEqual(names)
    expect(bench.cloudflare.changes().filter((change) => change.startsWith('PATCH /workers/scripts/shop/settings'))).toHaveLength(2)
  })

  test('are not set where there is no Worker: none is made to hold them', async () => {
    const bench = await createBench()
    expect(await refusalOf(workerTarget.secrets?.set(new Map([['KEY', new SecretValue('value')]]), bench.ctx()) ?? Promise.resolve())).toMatchObject({ code: 'STK3011' })
    expect(bench.cloudflare.workers.size).toBe(0)
    expect(bench.cloudflare.changes()).toEqual([])
  })

  test('that are too long are refused by their names', async () => {
    const bench = await createBench()
    const long = 'canary'.repeat(1000)
    for (const work of [
      () => bench.plan('a', { secretsToSet: { LONG: long } }), async () => workerTarget.secrets?.set(new Map([['LONG', new SecretValue(long)]]), bench.ctx()),
    ]) {
      const error = await refusalOf(work())
      expect(error).toMatchObject({ code: 'STK4203' })
      expect(JSON.stringify(error.details)).not.toContain('canary')
    }
  })
})

describe('a release that is live, and what answers', () => {
  test('is waited for until it answers', async () => {
    const bench = await createBench()
    const first = await bench.release('a')
    const second = await bench.release('b')
    expect(await workerTarget.verify?.(first, bench.ctx())).toEqual({ healthy: false, summary: `${second.id} is live instead` })
    expect(await workerTarget.verify?.(second, bench.ctx())).toMatchObject({ healthy: true, summary: expect.stringMatching(/^digest live at 127\.0\.0\.1/) as string })
    const none = await workerTarget.verify?.(second, bench.ctx({ more: { health: bench.cloudflare.served('nobody'), healthTimeout: '700ms' } }))
    expect(none).toMatchObject({ healthy: false, summary: expect.stringContaining('HTTP 404') as string })
    expect(await workerTarget.verify?.(second, bench.ctx({ more: { health: false } }))).toEqual({ healthy: true, summary: 'version live' })
  })
})
