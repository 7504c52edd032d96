import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient } from '@libsql/client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { nodeFinding } from '../../lifecycle/doctor/machine.ts'
import { VERSION } from '../../version.ts'
import { runStk, type Ran } from '../plan/fixture.ts'

/** What it answers, by path. */
const pages = new Map<string, string>()
let site: Server
let origin: string
beforeAll(async () => {
  site = createServer(({ url = '' }, response) => {
    const page = pages.get(url)
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(page ?? 'no')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => site.close(resolve)))

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'santokit-doctor-'))
  pages.clear()
  pages.set('/.well-known/openid-configuration', JSON.stringify({ issuer: `${origin}/`, jwks_uri: `${origin}/keys` }))
  pages.set('/keys', '{"keys":[{"kty":"EC"}]}')
  await write('santokit.config.mjs', CONFIG)
  await mkdir(join(root, 'projects/shop/logic'), { recursive: true })
  const client = createClient({ url: pathToFileURL(join(root, 'shop.db')).href })
  await client.execute('create table one (id integer)')
  client.close()
})
afterEach(() => rm(root, { recursive: true, force: true }))

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

const CONFIG = `
  import { existsSync } from 'node:fs'
  const any = { safeParseAsync: async (data) => ({ success: true, data }), safeParse: (data) => ({ success: true, data }) }
  const digest = 'sha256:' + '1'.repeat(64)
  const never = () => { throw new Error('doctor must not do that') }
  const place = {
    type: 'place', options: any, package: never, plan: never, release: never,
    async check() {
      if (existsSync(new URL('./toolless', import.meta.url))) throw Object.assign(new Error('its tool is not installed'), { code: 'STK4201' })
      return 'tool 4.2'
    },
    async *releases(ctx) {
      await ctx.credential({ secret: 'PLACE_TOKEN' })
      if (existsSync(new URL('./gone', import.meta.url))) throw new Error('connect ECONNREFUSED')
      yield { id: 'r7', project: 'shop', target: 'place', environment: 'production', digest, at: '2030-01-01T00:00:00Z' }
    },
  }
  export default {
    plugins: [{ name: 'place', targets: [place, { type: 'mute', options: any, package: never, plan: never, release: never }] }],
    projects: { shop: {
      databases: { main: { driver: 'libsql', url: { secret: 'DATABASE_URL' } } },
      auth: { issuers: [{ issuer: process.env.TEST_ISSUER, audience: 'shop' }] },
      targets: { place: {}, mute: {} },
    } },
  }
`

const healthy = (): { [name: string]: string } => ({ DATABASE_URL: pathToFileURL(join(root, 'shop.db')).href, PLACE_TOKEN: 'a-token-of-the-place', GITHUB_SHA: '0123456789abcdef' })

async function doctor(env: { readonly [name: string]: string } = healthy(), ...args: readonly string[]): Promise<Ran> {
  process.env.TEST_ISSUER = env.TEST_ISSUER ?? `${origin}/`
  return runStk(root, ['doctor', ...args], env)
}

test('where everything is as it should be it says so, exits with 0, and has changed nothing', async () => {
  await write('node_modules/@santokit/plugin-some/package.json', JSON.stringify({ name: '@santokit/plugin-some', version: VERSION }))
  // That a config was read is remembered; nothing else is.
  const files = async (): Promise<readonly string[]> => (await readdir(root, { recursive: true })).filter((path) => !path.includes('.cache')).sort()
  const before = await files()
  const { code, out, err } = await doctor()
  expect(err).toBe('')
  expect(code).toBe(0)
  for (const line of [/✔ Node\.js +\d+\./, /✔ git +0123456789/, /✔ @santokit\/plugin-some/, /✔ shop · main +libsql answers/, /✔ http:\/\/127\.0\.0\.1:\d+\/ +1 key/, /✔ shop → place +live: r7 +tool 4\.2/,
    /\? shop → mute +targets of type "mute" cannot be asked/]) expect(out).toMatch(line)
  expect(await files()).toEqual(before)
})

test('with --json there is an event for each finding, and nothing else', async () => {
  const { out } = await doctor(healthy(), '--json')
  const events = out.trim().split('\n').map((line) => JSON.parse(line) as { type: string; part?: string })
  expect([...new Set(events.map(({ type }) => type))]).toEqual(['finding', 'result'])
  expect(new Set(events.map(({ part }) => part))).toEqual(new Set(['machine', 'packages', 'secrets', 'databases', 'issuers', 'targets', undefined]))
  expect(events.at(-1)).toMatchObject({ ok: true, wrong: 0 })
})

test('a config that does not load is what is wrong', async () => {
  await write('santokit.config.mjs', 'export default {')
  expect(await doctor()).toMatchObject({ code: 1, err: expect.stringContaining('STK1002') })
})

test('a database that does not answer, and one whose URL is not known here: the first is wrong, the second may be right', async () => {
  const url = 'libsql://127.0.0.1:1?tls=0&authToken=canary-in-url'
  const down = await doctor({ ...healthy(), DATABASE_URL: url })
  expect(down.code).toBe(1)
  expect(down.out).toMatch(/✖ shop · main +STK6004/)
  expect(down.out + down.err).not.toContain('canary-in-url')
  const { DATABASE_URL: _, ...without } = healthy()
  const unknown = await doctor(without)
  expect(unknown.code).toBe(0)
  expect(unknown.out).toMatch(/\? shop · main +its URL is not known here: DATABASE_URL/)
  expect(unknown.out).toMatch(/\? shop +not set here: DATABASE_URL/)
})

test('a database file that is not there is not made', async () => {
  const { code, out } = await doctor({ ...healthy(), DATABASE_URL: pathToFileURL(join(root, 'other.db')).href })
  expect(code).toBe(0)
  expect(out).toMatch(/! shop · main +the file does not exist yet/)
  await expect(readFile(join(root, 'other.db'))).rejects.toThrow('ENOENT')
})

test.each([
  ['that is not there', () => pages.delete('/.well-known/openid-configuration'), /openid-configuration: HTTP 404/],
  ['that calls itself something else', () => pages.set('/.well-known/openid-configuration', JSON.stringify({ issuer: origin, jwks_uri: `${origin}/keys` })), /calls itself http:\/\/127[^/]+, so every token would be refused/],
  ['whose keys are gone', () => pages.delete('/keys'), /its keys at .*: HTTP 404/],
  ['without keys', () => pages.set('/keys', '{"keys":[]}'), /there are no keys/],
  ['that answers with a page', () => pages.set('/.well-known/openid-configuration', '<html>'), /it is not JSON/],
] as const)('an issuer %s', async (_, spoil, says) => {
  spoil()
  const { code, out } = await doctor()
  expect(code).toBe(1)
  expect(out).toMatch(says)
})

test('a platform that is not reached, and a credential that is not there', async () => {
  await write('gone', '')
  expect(await doctor()).toMatchObject({ code: 1, out: expect.stringMatching(/✖ shop → place +STK1010 .*ECONNREFUSED/) })
  const { PLACE_TOKEN: _, ...without } = healthy()
  expect(await doctor(without)).toMatchObject({ code: 1, out: expect.stringMatching(/✖ shop → place +STK3001 +PLACE_TOKEN/) })
})

test('without a schema engine schemas are not compared, which is wrong only where a release requires it', async () => {
  await write('projects/shop/schema/main.sql', 'create table one (id integer);')
  expect(await doctor()).toMatchObject({ code: 0, out: expect.stringMatching(/\? shop · main schema +not compared: no plugin offers a schema engine for libsql\n +fix +If stk schema/) })
  await write('santokit.config.mjs', CONFIG.replace('auth:', "schema: 'require', auth:"))
  expect(await doctor()).toMatchObject({ code: 1, out: expect.stringMatching(/✖ shop · main schema +STK6001/) })
})

test('a tool that a release needs and that is not here', async () => {
  await write('toolless', '')
  const { code, out } = await doctor()
  expect(code).toBe(1)
  expect(out).toMatch(/✖ shop → place +STK1010 .*its tool is not installed/)
})

test('versions that differ, and a second copy of core', async () => {
  await write('node_modules/@santokit/plugin-old/package.json', JSON.stringify({ name: '@santokit/plugin-old', version: '0.0.1' }))
  await write('node_modules/santokit-plugin-own/package.json', JSON.stringify({ name: 'santokit-plugin-own', version: '3.0.0' }))
  await write('node_modules/santokit-plugin-own/node_modules/@santokit/core/package.json', JSON.stringify({ name: '@santokit/core', version: VERSION }))
  const { code, out } = await doctor()
  expect(code).toBe(1)
  expect(out).toMatch(new RegExp(`✖ @santokit/plugin-old +0\\.0\\.1, and this is stk ${VERSION.replaceAll('.', '\\.')}\\n +fix +npm install @santokit/plugin-old@`))
  expect(out).toMatch(/✖ santokit-plugin-own +brings a copy of @santokit\/core of its own: node_modules\/santokit-plugin-own/)
})

test('a Node that is too old is wrong', () => {
  expect(nodeFinding('20.18.3')).toMatchObject({ state: 'wrong', says: '20.18.3, and Santokit needs >=20.19' })
  for (const version of ['20.19.0', '20.20.1', '22.0.0', '24.1.0']) expect(nodeFinding(version).state).toBe('fine')
})
