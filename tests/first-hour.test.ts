import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { FakeCloudflare } from '../packages/plugin-cfworker/test/cloudflare/cloudflare.ts'
import { writeBase } from '../packages/plugin-image/test/base.ts'
import { startRegistry, type TestRegistry } from '../packages/plugin-image/test/registry/registry.ts'
import { checkout, type Ran, type Running } from './checkout.ts'

/** Milliseconds; each of these starts `stk` several times, and wrangler takes a second for each upload. */
const LONG = 300_000

/** What people try first with a tool that releases for them, and what they have met elsewhere. */
interface Playground {
  readonly registry: TestRegistry
  readonly cloudflare: FakeCloudflare
  /** Tags of the image `shop`. */
  tags(): ReadonlyMap<string, string>
  read(path: string): Promise<string>
  write(path: string, text: string): Promise<void>
  edit(path: string, from: string, to: string): Promise<void>
  stk(line: string, env?: Record<string, string>): Promise<Ran>
  spawnStk(line: string, env?: Record<string, string>): Running
}

/** The playground's two projects, released as an image and as a Worker. */
async function playground(platforms?: Pick<Playground, 'registry' | 'cloudflare'>): Promise<Playground> {
  const registry = platforms?.registry ?? await startRegistry()
  const cloudflare = platforms?.cloudflare ?? await FakeCloudflare.start()
  if (platforms === undefined) {
    onTestFinished(async () => {
      await Promise.all([registry.close(), cloudflare.close()])
      expect([registry.violations, cloudflare.violations]).toEqual([[], []])
    })
  }
  const made = await checkout({
    'santokit.config.ts': `import { existsSync, writeFileSync } from 'node:fs'
import { defineConfig, secret } from '@santokit/core'
import cfworker from '@santokit/plugin-cfworker'
import image from '@santokit/plugin-image'

export default defineConfig({
  plugins: [image(), cfworker(), {
    name: 'pause',
    hooks: {
      async 'release:before'() {
        const at = process.env.PAUSE
        if (at === undefined) return
        writeFileSync(at + '.waits', '')
        while (!existsSync(at + '.go')) await new Promise((resolve) => setTimeout(resolve, 20))
      },
    },
  }],
  projects: {
    shop: {
      root: 'playground/shop',
      databases: { main: { driver: 'pg', url: secret('DATABASE_URL') } },
      auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'shop' }] },
      targets: { image: { repository: '${registry.host}/acme/shop', base: 'oci:base' } },
    },
    links: {
      root: 'playground/links',
      databases: { main: { driver: 'libsql', url: secret('LINKS_URL'), authToken: secret('LINKS_TOKEN', { optional: true }) } },
      auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'links' }] },
      targets: {
        cfworker: {
          name: 'links', account: '${cloudflare.account}', token: secret('CLOUDFLARE_API_TOKEN'), apiUrl: '${cloudflare.origin}',
          health: process.env.HEALTH ?? '${cloudflare.served('links')}', healthTimeout: process.env.HEALTH === undefined ? '20s' : '1s',
        },
      },
    },
  },
  environments: { staging: {} },
})
`,
  })
  for (const name of ['shop', 'links']) {
    await cp(fileURLToPath(new URL(`../playground/${name}`, import.meta.url)), join(made.root, 'playground', name), { recursive: true, filter: (path) => !/\/(test|\.santokit)$/.test(path) })
  }
  await writeBase(join(made.root, 'base'))
  const read = (path: string): Promise<string> => made.read(path)
  const given = { SANTOKIT_CACHE: join(made.root, '.santokit/images'), CLOUDFLARE_API_TOKEN: cloudflare.token, LINKS_URL: 'libsql://links.example' }
  const spawnStk: Playground['spawnStk'] = (line, env = {}) => {
    // A database of one's own is served, but not asked about statements.
    const { LINKS_URL, ...others } = given
    return made.spawnStk(line.split(' '), { ...others, ...(line.startsWith('dev') ? {} : { LINKS_URL }), ...env })
  }
  return {
    registry, cloudflare, read, write: made.write, spawnStk,
    tags: () => registry.store.get('acme/shop')?.tags ?? new Map(),
    async edit(path, from, to) {
      const text = await read(path)
      expect(text).toContain(from)
      await made.write(path, text.replace(from, to))
    },
    stk: (line, env) => spawnStk(line, env).ended,
  }
}

function ended(run: Ran, code: number): string {
  expect(run.code, run.stdout + run.stderr).toBe(code)
  return run.stdout + run.stderr
}

const LIST = 'playground/shop/logic/orders/list.sql'
const RESOLVE = 'playground/links/logic/links/resolve.sql'

test('1. plan before anything was ever released', async () => {
  const { stk, cloudflare, registry } = await playground()
  const said = ended(await stk('plan'), 0)
  expect(said).toMatch(/shop → image {2}production[\s\S]+this is the first release/)
  expect(said).toMatch(/links → cfworker {2}production[\s\S]+this is the first release/)
  expect([cloudflare.changes(), [...registry.store.keys()]]).toEqual([[], []])
}, LONG)

test('2. Ctrl-C in the middle, and run again', async () => {
  const { spawnStk, stk, registry, tags } = await playground()
  const running = spawnStk('release --project shop --yes')
  let isInterrupted = false
  registry.quirks.before.push(({ method }) => {
    if (method === 'POST' && !isInterrupted) isInterrupted = running.child.kill('SIGINT')
    return undefined
  })
  expect(ended(await running.ended, 130)).toContain('STK9002')
  expect(tags().has('production')).toBe(false)
  expect(ended(await stk('release --project shop --yes'), 0)).toMatch(/✔ verify {3}image {2}digest live/)
  expect(tags().has('production')).toBe(true)
}, LONG)

test('3. two releases of one project at once: one wins, and the other says so', async () => {
  const one = await playground()
  const two = await playground(one)
  await two.edit(LIST, 'select', 'select /* two */')
  const folder = await mkdtemp(join(tmpdir(), 'santokit-hour-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const late = two.spawnStk('release --project shop --yes', { PAUSE: join(folder, 'late') })
  await vi.waitUntil(() => existsSync(join(folder, 'late.waits')), { timeout: LONG, interval: 50 })
  ended(await one.stk('release --project shop --yes'), 0)
  const live = one.tags().get('production')
  await writeFile(join(folder, 'late.go'), '')
  expect(ended(await late.ended, 1)).toMatch(/STK4003 +shop → image \(production\) has moved/)
  expect(one.tags().get('production')).toBe(live)
}, LONG)

test('4. a secret that was left out, and one that is no longer declared', async () => {
  const { stk, edit, cloudflare } = await playground()
  const without = ended(await stk('release --project links --yes', { LINKS_URL: '' }), 1)
  expect(without).toMatch(/STK3004 +LINKS_URL: LINKS_URL is set in the environment, but empty[\s\S]*nothing was changed\.\n +fix +export LINKS_URL=/)
  expect(cloudflare.changes()).toEqual([])
  ended(await stk('release --project links --yes', { LINKS_TOKEN: 'token-of-then' }), 0)
  const names = (): readonly string[] => Object.keys(cloudflare.workers.get('links')?.secrets() ?? {}).sort()
  expect(names()).toEqual(['LINKS_TOKEN', 'LINKS_URL'])
  await edit('santokit.config.ts', ", authToken: secret('LINKS_TOKEN', { optional: true })", '')
  ended(await stk('release --project links --yes'), 0)
  expect(ended(await stk('secrets diff --project links'), 0)).toMatch(/LINKS_TOKEN.*not declared|unmanaged.*LINKS_TOKEN/)
  ended(await stk('secrets push --project links --prune --yes'), 0)
  expect(names()).toEqual(['LINKS_URL'])
}, LONG)

test('5. without Docker: nothing is on the PATH at all', async () => {
  const { stk, tags } = await playground()
  ended(await stk('release --project shop --yes', { PATH: '/nonexistent' }), 0)
  expect(tags().has('production')).toBe(true)
}, LONG)

test('6. build twice and compare; what staging runs goes to production, byte for byte', async () => {
  const one = await playground()
  const two = await playground(one)
  ended(await one.stk('build --verify'), 0)
  ended(await two.stk('build'), 0)
  for (const project of ['shop', 'links']) expect(await one.read(`dist/${project}/manifest.json`)).toBe(await two.read(`dist/${project}/manifest.json`))
  ended(await one.stk('release --project shop --env staging --yes'), 0)
  expect(ended(await two.stk('promote --from staging --project shop --yes'), 0)).toContain('digest live')
  expect(one.tags().get('production')).toBe(one.tags().get('staging'))
}, LONG)

test('7. roll back without naming anything; and over a secret that has changed since', async () => {
  const { stk, edit, cloudflare, tags } = await playground()
  ended(await stk('release --yes'), 0)
  const first = tags().get('production')
  await edit(LIST, 'select', 'select /* two */')
  await edit(RESOLVE, 'returning', 'returning /* two */')
  ended(await stk('release --yes'), 0)
  expect(tags().get('production')).not.toBe(first)
  // Without a name there are two projects to choose from; it says how.
  expect(ended(await stk('rollback --yes'), 2)).toMatch(/STK1020[\s\S]*--project/)
  ended(await stk('rollback --project shop --yes'), 0)
  expect(tags().get('production')).toBe(first)

  ended(await stk('secrets push --project links --yes', { LINKS_URL: 'libsql://elsewhere.example' }), 0)
  expect(ended(await stk('rollback --project links --yes'), 1)).toMatch(/STK4206[\s\S]*--restore-secrets/)
  expect(cloudflare.workers.get('links')?.secrets()).toEqual({ LINKS_URL: 'libsql://elsewhere.example' })
  ended(await stk('rollback --project links --yes --restore-secrets'), 0)
  expect(cloudflare.workers.get('links')?.secrets()).toEqual({ LINKS_URL: 'libsql://links.example' })
}, LONG)

test('8. a release that is not healthy: what it said is shown, and the one before is live again', async () => {
  const { stk, edit, cloudflare } = await playground()
  ended(await stk('release --project links --yes'), 0)
  await edit(RESOLVE, 'returning', 'returning /* ill */')
  const ill = createServer((_, response) => {
    const live = cloudflare.workers.get('links')?.live
    const mark = JSON.parse(live?.bindings.find(({ name }) => name === 'SANTOKIT')?.text ?? '{}') as { bundle?: string }
    if (live?.number === 1) response.end(JSON.stringify({ status: 'ok', digest: mark.bundle }))
    else response.writeHead(500, { 'content-type': 'application/problem+json' }).end('{"status":500,"code":"internal","detail":"KEY_ID is not set"}')
  })
  await new Promise<void>((resolve) => ill.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => { ill.closeAllConnections(); ill.close() })
  const said = ended(await stk('release --project links --yes', { HEALTH: `http://127.0.0.1:${(ill.address() as AddressInfo).port}` }), 1)
  expect(said).toContain('log  HTTP 500  {"status":500,"code":"internal","detail":"KEY_ID is not set"}')
  expect(said).toMatch(/STK4006 +\S+ was released, and then: .* HTTP 500\. It was rolled back: \S+ is live again, as \S+\./)
  expect(cloudflare.workers.get('links')?.live?.number).toBe(1)
}, LONG)

test('9. something changed on the platform by hand, and then a plan', async () => {
  const { stk, edit, cloudflare, registry, tags } = await playground()
  ended(await stk('release --yes'), 0)
  const first = tags().get('production') ?? ''
  await edit(LIST, 'select', 'select /* two */')
  ended(await stk('release --project shop --yes'), 0)
  // The tag is moved back, and the Worker is edited in the dashboard.
  registry.store.get('acme/shop')?.tags.set('production', first)
  const worker = cloudflare.workers.get('links')!
  const byHand = worker.add({ code: 'export default {}', bindings: [], keep: [], annotations: {}, settings: {} })
  worker.deploy([{ version_id: byHand.id, percentage: 100 }], { annotations: {}, force: true })
  const run = await stk('plan')
  const said = run.stdout + run.stderr
  // Live is what the platform says, not what was released last.
  const { events } = await stk('releases --project shop --target image --json')
  const [live] = events as readonly { readonly digest: string }[]
  expect(said).toMatch(new RegExp(`shop → image {2}production\\n +live .* ${live?.digest.slice(0, 19)}…\\n +release`))
  expect(said).toMatch(/STK4204 +There is a Worker "links" already, which Santokit did not make\. Nothing was changed\.[\s\S]*stk release --project links --target cfworker --adopt/)
  expect(said).not.toContain('to do it')
}, LONG)

test('10. an argument that a client uses is renamed', async () => {
  const { stk, edit } = await playground()
  ended(await stk('release --project links --yes'), 0)
  await edit(RESOLVE, '  slug: { type', '  name: { type')
  await edit(RESOLVE, 'slug = :slug', 'slug = :name')
  const said = ended(await stk('plan --project links --fail-on breaking'), 1)
  expect(said).toMatch(/✖ breaking {2}links\/resolve: `params\.slug`/)
  expect(said).toContain('STK4012')
}, LONG)

test('10. and a column is misspelled', async () => {
  const { spawnStk, edit } = await playground()
  const running = spawnStk('dev --project links --port 0')
  onTestFinished(() => void running.child.kill('SIGKILL'))
  const says = (text: string): Promise<true> => vi.waitUntil(() => running.output().includes(text) || undefined, { timeout: LONG / 3, interval: 50 })
  await says('/_stk')
  await edit(RESOLVE, 'returning url', 'returning urll')
  await says('it fails when it is called')
  expect(running.output()).toMatch(/STK5006[\s\S]*Database "main" says: no such column: urll[\s\S]*links\/resolve\.sql:9:11[\s\S]*> +9 \| returning urll\n +\| +\^{4}/)
  running.child.kill('SIGINT')
  ended(await running.ended, 130)
}, LONG)
