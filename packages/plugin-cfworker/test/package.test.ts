import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStkError, type Bundle, type ResolvedConfig, type StkError } from '@santokit/core'
import { targetContext } from '@santokit/core/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { packageWorker, type WorkerPackage } from '../src/bundle/package.ts'
import { readMark } from '../src/bundle/mark.ts'
import { describeSize, SIZE_LIMITS, checkSize } from '../src/bundle/size.ts'
import { workerOptions, type WorkerOptions } from '../src/options.ts'
import { refuseSharedWorkers } from '../src/shared-workers.ts'
import { bundleOf, libsql, postgres } from './bundles.ts'

interface Packed {
  readonly pkg: WorkerPackage
  readonly code: string
  readonly config: Record<string, unknown> & { readonly vars: Record<string, string> }
  readonly warnings: readonly string[]
}

async function pack(bundle: Bundle, options: WorkerOptions = {}, more: { readonly baseUrl?: string; readonly root?: string; readonly environment?: string; readonly flags?: Record<string, string> } = {}): Promise<Packed> {
  const warnings: string[] = []
  const ctx = targetContext({
    type: 'cfworker', options: workerOptions.parse(options), root: more.root, environment: more.environment, flags: more.flags,
    warn: (message) => { warnings.push(message) }, credentials: { DATABASE_URL: 'canary-of-the-database' },
  })
  const pkg = await packageWorker(bundle, {
    ...ctx, project: { ...ctx.project, ...(more.baseUrl === undefined ? {} : { baseUrl: more.baseUrl }), ...(more.root === undefined ? {} : { root: more.root }) },
  })
  const text = (path: string): string => new TextDecoder().decode(pkg.files.find((file) => file.path === path)?.bytes)
  return { pkg, code: text('worker.js'), config: JSON.parse(text('wrangler.json')) as Packed['config'], warnings }
}

async function refused(work: Promise<unknown>): Promise<StkError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  if (isStkError(error)) return error
  throw new Error(`it must be refused, not ${String(error)}`)
}

const SECRETS = [
  { name: 'CACHE_TOKEN', optional: true, usedBy: ['databases.cache.authToken'] },
  { name: 'CACHE_URL', optional: false, usedBy: ['databases.cache.url'] },
  { name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'] },
]
const DATABASES = { cache: libsql({ secret: 'CACHE_URL' }), main: postgres({ secret: 'DATABASE_URL' }) }

describe('the module', () => {
  test('is one, with the logic in it and nothing of this computer', async () => {
    const { code, pkg } = await pack(await bundleOf({
      modules: {
        'orders/total': "import { money } from '../../chunks/money.mjs'\nexport default { handler: () => money(1) }",
        'orders/refund': "import { money } from '../../chunks/money.mjs'\nexport default { handler: () => money(2) }",
      },
      chunks: { 'chunks/money.mjs': "import { createHash } from 'node:crypto'\nexport const money = (n) => createHash('sha256').update('only-once').update(String(n)).digest('hex')" },
      databases: DATABASES,
    }))
    expect(pkg.files.map(({ path }) => path)).toEqual(['worker.js', 'wrangler.json'])
    expect(code.split('only-once')).toHaveLength(2)
    expect(code).toMatch(/from ?['"]node:crypto['"]/)
    const imported = [...code.matchAll(/(?:^|[;\n])\s*(?:import|export)\b[^'"\n;]*?from\s*['"]([^'"]+)['"]/g)].map(([, from]) => from)
    expect(imported.filter((from) => !/^(node|cloudflare):/.test(from ?? ''))).toEqual([])
    expect(code).not.toContain(process.cwd())
  })

  test('has only the drivers that the project needs', async () => {
    const [none, both] = [await pack(await bundleOf({})), await pack(await bundleOf({ databases: DATABASES }))]
    expect(none.pkg.meta.size.raw).toBeLessThan(both.pkg.meta.size.raw)
  })

  test('is packaged to the same bytes again', async () => {
    const [once, again] = [await pack(await bundleOf({ databases: DATABASES })), await pack(await bundleOf({ databases: DATABASES }))]
    expect(again.pkg.files).toEqual(once.pkg.files)
    expect(again.pkg.digest).toBe(once.pkg.digest)
  })
})

describe('wrangler.json', () => {
  test('says what the options and the project say', async () => {
    const { config } = await pack(await bundleOf({ databases: DATABASES, secrets: SECRETS }), {
      placement: 'smart', compatibilityFlags: ['global_fetch_strictly_public'], wrangler: { limits: { cpu_ms: 500 }, vars: { LOG_LEVEL: 'info' } },
    }, { baseUrl: 'https://shop.example.com' })
    const { vars: { SANTOKIT: mark = '', ...vars }, ...others } = config
    expect(others).toEqual({
      name: 'shop', main: 'worker.js', no_bundle: true,
      compatibility_date: '2026-03-01', compatibility_flags: ['nodejs_compat', 'enable_request_signal', 'global_fetch_strictly_public'],
      secrets: { required: ['CACHE_URL', 'DATABASE_URL'] },
      routes: ['shop.example.com/*'], workers_dev: false, preview_urls: false,
      observability: { enabled: true }, placement: { mode: 'smart' },
      version_metadata: { binding: 'CF_VERSION_METADATA' },
      limits: { cpu_ms: 500 },
    })
    expect(vars).toEqual({ LOG_LEVEL: 'info' })
    expect(readMark(mark)).toMatchObject({ project: 'shop', target: 'cfworker', environment: 'production' })
  })

  test('asks for no address of a database that is reached through Hyperdrive', async () => {
    const id = '0123456789abcdef0123456789abcdef'
    const { config, code, pkg } = await pack(await bundleOf({ databases: DATABASES, secrets: SECRETS }), { hyperdrive: { main: id } })
    expect(config.hyperdrive).toEqual([{ binding: 'HYPERDRIVE_MAIN', id }])
    expect(config.secrets).toEqual({ required: ['CACHE_URL'] })
    expect(pkg.meta.secrets).toEqual(['CACHE_TOKEN', 'CACHE_URL'])
    expect(code).toContain('{"main":"HYPERDRIVE_MAIN"}')
    const error = await refused(pack(await bundleOf({ databases: DATABASES }), { hyperdrive: { cache: id } }))
    expect(error).toMatchObject({ code: 'STK1003', details: { fix: 'There is: main.' } })
  })

  test.each([
    [{}, {}, { routes: [], workers_dev: true }],
    [{}, { baseUrl: 'https://shop.acme.workers.dev' }, { routes: [], workers_dev: true }],
    [{}, { baseUrl: 'https://example.com/shop/' }, { routes: ['example.com/shop/*'], workers_dev: false }],
    [{ workersDev: true }, { baseUrl: 'https://shop.example.com' }, { routes: ['shop.example.com/*'], workers_dev: true }],
    [{ routes: [{ pattern: 'shop.example.com', custom_domain: true as const }] }, { baseUrl: 'https://shop.example.com' }, { routes: [{ pattern: 'shop.example.com', custom_domain: true }] }],
  ])('routes of %o at %o', async (options, more, expected) => {
    expect((await pack(await bundleOf({}), options, more)).config).toMatchObject(expected)
  })

  test('names the Worker for the project and environment, the option, or the flag', async () => {
    const bundle = await bundleOf({})
    expect((await pack(bundle)).config.name).toBe('shop')
    expect((await pack(bundle, {}, { environment: 'staging' })).config.name).toBe('shop-staging')
    expect((await pack(bundle, { name: 'acme-shop' }, { environment: 'staging' })).config.name).toBe('acme-shop')
    expect((await pack(bundle, { name: 'acme-shop' }, { flags: { name: 'other' } })).config.name).toBe('other')
    expect(await refused(pack(bundle, {}, { flags: { name: 'Not_A_Name' } }))).toMatchObject({ code: 'STK1020' })
  })

  test('a change of settings alone is another package of the same bundle', async () => {
    const [one, two] = [await pack(await bundleOf({})), await pack(await bundleOf({}), { placement: 'smart' })]
    expect(two.pkg.meta.bundle).toBe(one.pkg.meta.bundle)
    expect(two.pkg.meta.content).not.toBe(one.pkg.meta.content)
  })

  test.each([
    [{ vars: { DATABASE_URL: 'x' } }, 'DATABASE_URL'], [{ vars: { SANTOKIT: 'x' } }, 'SANTOKIT'], [{ kv_namespaces: [{ binding: 'CACHE_URL', id: 'x' }] }, 'CACHE_URL'],
  ])('refuses two things of one name: %o', async (wrangler, name) => {
    const error = await refused(pack(await bundleOf({ databases: DATABASES, secrets: SECRETS }), { wrangler }))
    expect(error.code).toBe('STK4202')
    expect(error.message).toContain(`two things of the name ${name}`)
  })

  test('refuses a secret\'s value', async () => {
    const error = await refused(pack(await bundleOf({}), { wrangler: { vars: { COPY: 'canary-of-the-database' } } }))
    expect(error.code).toBe('STK2022')
    expect(error.message).not.toContain('canary')
  })
})

describe('options', () => {
  test.each<readonly [WorkerOptions | Record<string, unknown>, string]>([
    [{ name: 'Shop' }, 'name'], [{ name: `${'x'.repeat(64)}` }, 'name'], [{ name: 'a_b' }, 'name'], [{ compatibilityDate: '2025-09-30' }, 'compatibilityDate'],
    [{ compatibilityDate: 'today' }, 'compatibilityDate'], [{ hyperdrive: { main: 'no-id' } }, 'hyperdrive'], [{ apiUrl: 'http://cloudflare.example' }, 'apiUrl'],
    [{ wrangler: { name: 'x' } }, 'wrangler'], [{ wrangler: { secrets: {} } }, 'wrangler'], [{ wrangler: { account_id: 'x' } }, 'wrangler'], [{ nmae: 'x' }, ''],
    [{ routes: [{ pattern: 'x', custom_domain: false }] }, 'routes'], [{ healthTimeout: 'soon' }, 'healthTimeout'],
  ])('refuses %o', (written, path) => {
    const result = workerOptions.safeParse(written)
    expect(result.success).toBe(false)
    expect(result.error?.issues[0]?.path[0] ?? '').toBe(path)
  })
})

describe('what a Worker cannot do', () => {
  test.each(['file:./shop.db', 'file:shop.db', ':memory:'])('has no disk for the database %s', async (url) => {
    const error = await refused(pack(await bundleOf({ databases: { main: libsql(url) } })))
    expect(error).toMatchObject({ code: 'STK4202', details: { configPath: 'projects.shop.databases.main.url' } })
    expect(error.message).toContain('"main"')
  })

  test('names the logic, and the line where its file says it', async () => {
    const root = await mkdtemp(join(tmpdir(), 'santokit-fitness-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    await mkdir(join(root, 'logic/files'), { recursive: true })
    await writeFile(join(root, 'logic/files/read.ts'), "import { z } from 'zod'\nimport { readFile } from 'fs/promises'\n")
    const error = await refused(pack(await bundleOf({
      modules: { 'files/read': "import { readFile } from 'node:fs/promises'\nexport default { handler: () => readFile('x') }", 'math/add': 'export default { handler: () => 1 }' },
    }), {}, { root }))
    expect(error).toMatchObject({ code: 'STK4202', details: { where: { file: 'logic/files/read.ts', line: 2, column: 26 } } })
    expect(error.message).toMatch(/"files\/read" imports node:fs\/promises\./)
  })

  test('blames every logic that brings a package along, and finds everything at once', async () => {
    const error = await refused(pack(await bundleOf({
      modules: {
        'a/one': "import '../../chunks/templates.mjs'\nexport default { handler: () => 1 }",
        'a/two': "export { default } from './one.mjs'",
        'b/three': "import { Worker } from 'node:worker_threads'\nexport default { handler: () => new Worker('x') }",
      },
      chunks: { 'chunks/templates.mjs': "globalThis.compile = (text) => new Function('return ' + text)" },
    })))
    const messages = [error, ...error.details.others ?? []].map(({ message }) => message)
    expect(messages).toHaveLength(2)
    expect(messages.join('\n')).toMatch(/"a\/one", "a\/two" brings along code that makes a function from text/)
    expect(messages.join('\n')).toMatch(/"b\/three" brings along code that imports node:worker_threads/)
  })
})

describe('what does not fit', () => {
  test('a Worker that no plan takes is refused, one that the free plan does not take is warned of', async () => {
    const bundle = await bundleOf({ modules: { 'big/one': `export default ${JSON.stringify('x'.repeat(5000))}`, 'small': 'export default 1' } })
    const warnings: string[] = []
    const check = (raw: number, gzip: number): void => { checkSize({ raw, gzip }, bundle, { warn: (message) => { warnings.push(message) } }) }
    check(100, SIZE_LIMITS.gzip.free)
    expect(warnings).toEqual([])
    check(100, SIZE_LIMITS.gzip.free + 1)
    expect(warnings[0]).toMatch(/free plans take 3\.0 MB\. Largest: "big\/one" \(4\.9 KB\)/)
    for (const [raw, gzip] of [[SIZE_LIMITS.raw + 1, 1], [1, SIZE_LIMITS.gzip.paid + 1]] as const) {
      expect(() => { check(raw, gzip) }).toThrow(expect.objectContaining({ code: 'STK4203' }))
    }
    expect(describeSize({ raw: 2048, gzip: 1024 * 1024 })).toBe('2.0 KB, 1.0 MB compressed')
  })

  test('more secrets than a Worker may have', async () => {
    const secrets = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `SECRET_${String(index).padStart(3, '0')}`, optional: false, usedBy: [] }))
    expect((await pack(await bundleOf({ secrets: secrets(60) }))).warnings).toEqual([])
    expect((await pack(await bundleOf({ secrets: secrets(100) }))).warnings[0]).toMatch(/100 secrets: free plans take 64/)
    expect(await refused(pack(await bundleOf({ secrets: secrets(128) })))).toMatchObject({ code: 'STK4203' })
  })
})

describe('two targets', () => {
  const config = (...targets: readonly (readonly [project: string, options: WorkerOptions])[]): ResolvedConfig => ({
    environment: 'production',
    projects: targets.map(([name, options]) => ({ name, targets: [{ name: 'edge', type: 'cfworker', plugin: 'cfworker', options: workerOptions.parse(options) }] })),
  }) as unknown as ResolvedConfig

  test('never share a Worker', () => {
    expect(() => { refuseSharedWorkers(config(['shop', {}], ['links', {}])) }).not.toThrow()
    expect(() => { refuseSharedWorkers(config(['shop', {}], ['links', { name: 'shop' }])) }).toThrow(
      expect.objectContaining({ code: 'STK4205', message: 'STK4205 projects.shop.targets.edge and projects.links.targets.edge are both the Worker "shop".' }),
    )
    expect(() => { refuseSharedWorkers(config(['shop', {}], ['links', { name: 'shop', account: { secret: 'OTHER_ACCOUNT' } }])) }).not.toThrow()
  })
})
