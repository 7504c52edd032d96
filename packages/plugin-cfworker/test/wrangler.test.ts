import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isStkError, SecretValue, type StkError } from '@santokit/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Upload } from '../src/wrangler/deployer.ts'
import { wranglerDeployer } from '../src/wrangler/wrangler.ts'
import { packageWorker } from '../src/bundle/package.ts'
import type { Worker } from '../src/cloudflare/worker.ts'
import { workerOptions, type WorkerOptions } from '../src/options.ts'
import { targetContext } from '@santokit/core/testkit'
import { bundleOf, libsql, postgres } from './bundles.ts'
import { FakeCloudflare } from './cloudflare/cloudflare.ts'
import type { StoredWorker } from './cloudflare/model.ts'
import { quickDeployer } from './quick-deployer.ts'

// Each run of wrangler takes a second, and several where much else runs.
const LONG = 120_000

async function start(): Promise<FakeCloudflare> {
  const cloudflare = await FakeCloudflare.start()
  onTestFinished(() => cloudflare.close())
  return cloudflare
}

function workerOf(cloudflare: FakeCloudflare, signal: AbortSignal = new AbortController().signal, token = cloudflare.token): Worker {
  return { name: 'shop', api: { url: cloudflare.origin, token: new SecretValue(token), account: new SecretValue(cloudflare.account), signal } }
}

const OPTIONS: WorkerOptions = { name: 'shop', hyperdrive: { main: '0123456789abcdef0123456789abcdef' }, placement: 'smart', wrangler: { vars: { LOG_LEVEL: 'info' } } }

async function uploadOf(body: string, secrets: Readonly<Record<string, string>> = {}, options: WorkerOptions = OPTIONS): Promise<Upload> {
  const bundle = await bundleOf({
    modules: { hello: `export default { handler: () => ${JSON.stringify(body)} }` },
    databases: { main: postgres({ secret: 'DATABASE_URL' }), cache: libsql({ secret: 'CACHE_URL' }) },
    secrets: [{ name: 'CACHE_URL', optional: false, usedBy: ['databases.cache.url'] }, { name: 'TOKEN', optional: true, usedBy: ['databases.cache.authToken'] }],
  })
  const pkg = await packageWorker(bundle, targetContext({ type: 'cfworker', options: workerOptions.parse(options) }))
  const revision = '0123456789012345678901234567890123456789'
  return { files: pkg.files, tag: pkg.meta.bundle, message: revision, secrets: new Map(Object.entries(secrets).map(([name, value]) => [name, new SecretValue(value)])) }
}

/** What Cloudflare has of a Worker, but for ids and times. */
function kept(worker: StoredWorker | undefined): object {
  return {
    versions: worker?.versions.map(({ code, bindings, annotations, settings }) => ({
      code, annotations, settings, bindings: [...bindings].sort((a, b) => (a.name < b.name ? -1 : 1)),
    })),
    deployments: worker?.deployments.map(({ versions }) => versions.map(({ version_id, percentage }) => [worker.versions.findIndex(({ id }) => id === version_id), percentage])),
    subdomain: worker?.subdomain,
  }
}

async function failure(work: Promise<unknown>): Promise<StkError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  if (isStkError(error)) return error
  throw new Error(`it must be refused, not ${String(error)}`)
}

test('what the suites are run with leaves behind what wrangler leaves behind', async () => {
  const [real, quick] = [await start(), await start()]
  for (const [cloudflare, open] of [[real, wranglerDeployer], [quick, quickDeployer]] as const) {
    const deployer = open(workerOf(cloudflare), process.cwd())
    await deployer.deploy(await uploadOf('first', { CACHE_URL: 'libsql://canary', TOKEN: 'canary "two"\n#$HOME', OLD: 'canary-old' }))
    await deployer.deploy(await uploadOf('second'))
    await deployer.upload({ ...await uploadOf('third', { TOKEN: 'canary-three' }), previewAlias: 'cart' })
  }
  expect(kept(real.workers.get('shop'))).toEqual(kept(quick.workers.get('shop')))
  expect(real.changes().filter((change) => !change.includes('subdomain'))).toEqual(quick.changes().filter((change) => !change.includes('subdomain')))
  expect(real.violations).toEqual([])
  // Names that the project does not declare, and optional ones, stay when a release does not bring them.
  expect(real.workers.get('shop')?.secrets()).toEqual({ CACHE_URL: 'libsql://canary', TOKEN: 'canary "two"\n#$HOME', OLD: 'canary-old' })
}, LONG)

describe('what fails', () => {
  test('a required secret that is missing: nothing is uploaded', async () => {
    const cloudflare = await start()
    const error = await failure(wranglerDeployer(workerOf(cloudflare), process.cwd()).deploy(await uploadOf('first')))
    expect(error).toMatchObject({ code: 'STK3004' })
    expect(error.message).toContain('CACHE_URL')
    expect(cloudflare.workers.size).toBe(0)
    expect(cloudflare.changes()).toEqual([])
  }, LONG)

  test('a token that is refused, and an API that is away', async () => {
    const cloudflare = await start()
    const upload = await uploadOf('first', { CACHE_URL: 'canary-of-the-cache' })
    const refused = await failure(wranglerDeployer(workerOf(cloudflare, undefined, 'wrong-canary-token'), process.cwd()).deploy(upload))
    expect(refused.code).toBe('STK4002')
    cloudflare.faults = [{ request: 'PUT /workers/scripts/shop', status: 400, code: 10021, times: 1 }]
    const bad = await failure(wranglerDeployer(workerOf(cloudflare), process.cwd()).deploy(upload))
    expect(bad).toMatchObject({ code: 'STK4208', details: { why: expect.stringContaining('10021') as string } })
    for (const error of [refused, bad]) expect(JSON.stringify([error.details, error.message, error.stack])).not.toMatch(/canary|aaaaaaaa/)
    expect(cloudflare.workers.size).toBe(0)
  }, LONG)

  test('an interruption ends wrangler and all it started, and leaves no file', async () => {
    const cloudflare = await start()
    const before = await folders()
    const controller = new AbortController()
    cloudflare.before = async (request) => {
      if (request.startsWith('GET')) return
      controller.abort(new Error('interrupted'))
      await new Promise(() => {})
    }
    await expect(wranglerDeployer(workerOf(cloudflare, controller.signal), process.cwd()).deploy(await uploadOf('first', { CACHE_URL: 'canary' }))).rejects.toThrow('interrupted')
    expect(cloudflare.workers.size).toBe(0)
    expect((await folders()).filter((folder) => !before.includes(folder))).toEqual([])
  }, LONG)
})

async function folders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('santokit-worker-'))
}
