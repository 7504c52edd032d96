import { SecretValue } from '@santokit/core'
import { describe, expect, test } from 'vitest'
import { workerTarget } from '../src/target.ts'
import { createBench, refusalOf, type Bench } from './bench.ts'
import { FakeCloudflare, type Fault } from './cloudflare/cloudflare.ts'

const READS: Readonly<Record<string, (bench: Bench) => Promise<unknown>>> = {
  plan: (bench) => bench.plan('b'),
  releases: (bench) => bench.releases(),
  'secrets list': async (bench) => workerTarget.secrets?.list(bench.ctx()),
}

const CHANGES: Readonly<Record<string, (bench: Bench) => Promise<unknown>>> = {
  'secrets set': async (bench) => workerTarget.secrets?.set(new Map([['TOKEN', new SecretValue('canary-of-the-secret')]]), bench.ctx()),
  'rollback': async (bench) => {
    const [, first] = await bench.releases()
    return first === undefined ? undefined : bench.rollback(first)
  },
  'a share of requests': (bench) => bench.release('c', { flags: { percentage: '10' } }),
}

async function released(): Promise<Bench> {
  const bench = await createBench()
  await bench.release('a')
  await bench.release('b')
  return bench
}

const fault = (status: number, code?: number): Fault => ({ request: 'GET /workers/scripts/shop', status, ...(code === undefined ? {} : { code }), retryAfter: 0 })

describe.each(Object.entries(READS))('%s', (_, read) => {
  test.each([
    [401, 10000, 'STK4002'], [403, 10000, 'STK4002'], [403, 9109, 'STK4002'], [403, 10014, 'STK4002'],
    [400, 12345, 'STK4008'], [429, undefined, 'STK4001'], [500, undefined, 'STK4001'], [503, undefined, 'STK4001'],
  ] as const)('HTTP %s with code %s gives %s', async (status, code, expected) => {
    const bench = await released()
    bench.cloudflare.faults = [fault(status, code)]
    const error = await refusalOf(read(bench))
    expect(error.code).toBe(expected)
    expect(JSON.stringify([error.details, error.message])).not.toMatch(/canary|aaaaaaaaaa|an internal error/)
  })

  test.each([[429], [503]])('HTTP %s once is asked again', async (status) => {
    const bench = await released()
    bench.cloudflare.faults = [{ ...fault(status), times: 1 }]
    await expect(read(bench)).resolves.toBeDefined()
  })
})

describe.each(Object.entries(CHANGES))('%s', (_, change) => {
  test.each([[500], [503], [403]])('that is refused with HTTP %s changes nothing, and is not sent twice', async (status) => {
    const bench = await released()
    const live = bench.worker().live?.id
    bench.cloudflare.faults = [{ request: 'PATCH /', status }, { request: 'POST /workers/scripts/shop/deployments', status }]
    const before = bench.cloudflare.changes().length
    const error = await refusalOf(change(bench))
    expect(['STK4001', 'STK4002']).toContain(error.code)
    expect(JSON.stringify(error.details)).not.toContain('canary')
    expect(bench.worker().live?.id).toBe(live)
    expect(bench.cloudflare.changes().slice(before).filter((line) => !line.endsWith('/versions'))).toHaveLength(1)
    bench.cloudflare.faults = []
    await change(bench)
  })

  test('a busy API has done nothing, so it is asked again', async () => {
    const bench = await released()
    bench.cloudflare.faults = [
      { request: 'PATCH /', status: 429, times: 1, retryAfter: 0 }, { request: 'POST /workers/scripts/shop/deployments', status: 429, times: 1, retryAfter: 0 },
    ]
    await change(bench)
  })
})

test.each([10214, 10215])('code %s says why secrets cannot be changed', async (code) => {
  const bench = await released()
  bench.cloudflare.faults = [{ request: 'PATCH /workers/scripts/shop/settings', status: 400, code }]
  expect(await refusalOf(workerTarget.secrets?.set(new Map([['TOKEN', new SecretValue('x')]]), bench.ctx()) ?? Promise.resolve())).toMatchObject({ code: 'STK4207' })
})

test('code 10220 asks, wherever it comes from', async () => {
  const bench = await released()
  const [, first] = await bench.releases()
  bench.cloudflare.faults = [{ request: 'POST /workers/scripts/shop/deployments', status: 400, code: 10220, times: 1 }]
  expect(await refusalOf(first === undefined ? Promise.resolve() : bench.rollback(first))).toMatchObject({ code: 'STK4206' })
})

test('no Worker is no failure', async () => {
  const bench = await createBench()
  expect(await bench.releases()).toEqual([])
  expect(await workerTarget.secrets?.list(bench.ctx())).toBeUndefined()
  expect((await bench.plan('a')).from).toBeNull()
})

test('an answer in another form is said to be one', async () => {
  const bench = await released()
  bench.cloudflare.before = () => { for (const each of bench.worker().deployments) Object.assign(each, { versions: 'many' }) }
  expect(await refusalOf(bench.plan('c'))).toMatchObject({ code: 'STK4008' })
})

test('an API that is not there', async () => {
  const bench = await createBench()
  const gone = await FakeCloudflare.start()
  await gone.close()
  expect(await refusalOf(bench.plan('a', { more: { apiUrl: gone.origin } }))).toMatchObject({ code: 'STK4001', details: { why: expect.stringContaining('ECONNREFUSED') as string } })
})

test('an interruption is not waited out', async () => {
  const bench = await released()
  const controller = new AbortController()
  bench.cloudflare.before = () => {
    controller.abort(new Error('interrupted'))
    return new Promise(() => {})
  }
  const pkg = await bench.package('c')
  await expect(workerTarget.plan(pkg, bench.ctx({ signal: controller.signal }))).rejects.toThrow('interrupted')
})

test('a list that lags behind is read again', async () => {
  const bench = await released()
  const worker = bench.worker()
  let hidden = 0
  const all = worker.deployments
  bench.cloudflare.before = (request) => {
    // Right after the upload the new deployment is not in the list yet.
    if (request.startsWith('GET') && request.endsWith('/deployments') && all.length === 3 && hidden++ === 0) {
      const [newest] = all.splice(0, 1)
      queueMicrotask(() => setTimeout(() => { if (newest !== undefined) all.unshift(newest) }, 50))
    }
  }
  const release = await bench.release('c')
  expect(release.details?.version).toBe(worker.versions.at(-1)?.id)
  expect(hidden).toBeGreaterThan(1)
})
