import { describe, expect, test } from 'vitest'
import type { ResolvedProject } from '../config/resolved.ts'
import type { SecretFailure, SecretProvider } from '../plugin/contract.ts'
import { checkSecrets, type SecretCheck } from './check.ts'
import { folder, libsql, pg, project, resolver } from './fixture.ts'
import { secret } from './secret-ref.ts'

async function statuses(shop: ResolvedProject, env: Readonly<Record<string, string>>, providers: readonly SecretProvider[] = []) {
  const root = await folder()
  const report = await checkSecrets([shop], { config: { root, projects: [shop] }, secrets: resolver({ root, env }, providers) })
  const checks = report.projects[0]?.secrets ?? []
  return { ok: report.ok, of: Object.fromEntries(checks.map(({ name, status }) => [name, status])), checks }
}

test('tells present, missing, empty and optional names apart', async () => {
  const shop = project('shop', {
    databases: {
      main: pg(secret('MAIN_URL')), other: pg(secret('OTHER_URL')), third: pg(secret('THIRD_URL')),
      cache: libsql('file:cache.db', secret('CACHE_TOKEN', { optional: true })),
      more: libsql('file:more.db', secret('MORE_TOKEN', { optional: true })),
    },
  })
  const { ok, of } = await statuses(shop, { MAIN_URL: 'postgres://db/shop', OTHER_URL: '', MORE_TOKEN: '' })
  expect(of).toEqual({
    CACHE_TOKEN: 'optional-missing', MAIN_URL: 'present', MORE_TOKEN: 'optional-missing', OTHER_URL: 'empty', THIRD_URL: 'missing',
  })
  expect(ok).toBe(false)
})

test('what is optional may be missing', async () => {
  const shop = project('shop', { databases: { cache: libsql('file:cache.db', secret('CACHE_TOKEN', { optional: true })) } })
  expect(await statuses(shop, {})).toMatchObject({ ok: true, of: { CACHE_TOKEN: 'optional-missing' } })
})

describe('the URL of a database', () => {
  const cases: readonly (readonly ['pg' | 'libsql', string, SecretCheck['status']])[] = [
    ['pg', 'postgres://app:pa%23ss@db:5432/shop?sslmode=require', 'present'],
    ['pg', 'postgresql://db/shop', 'present'],
    ['pg', 'mysql://db/shop', 'malformed'],
    ['pg', 'https://canary-host/shop', 'malformed'],
    ['pg', 'postgres://app:canary#pass@db/shop', 'malformed'],
    ['pg', 'canary-host:5432/shop', 'malformed'],
    ['pg', 'postgres://canary-host/shop\n', 'malformed'],
    ['libsql', 'libsql://shop.turso.io', 'present'],
    ['libsql', 'https://shop.turso.io', 'present'],
    ['libsql', 'file:data/shop.db', 'present'],
    ['libsql', 'postgres://canary-host/shop', 'malformed'],
    ['libsql', '"libsql://canary-host"', 'malformed'],
  ]
  test.each(cases)('%s %j is %s', async (driver, value, status) => {
    const shop = project('shop', { databases: { main: driver === 'pg' ? pg(secret('URL')) : libsql(secret('URL')) } })
    const { of, checks } = await statuses(shop, { URL: value })
    expect(of).toEqual({ URL: status })
    expect(JSON.stringify(checks)).not.toContain('canary')
  })
})

test('a declared type is held, and stands in the report with what was said of the secret', async () => {
  const shop = project('shop', {
    databases: { main: pg(secret('DATABASE_URL')), cache: libsql('file:x', secret('TOKEN')) },
    declarations: { DATABASE_URL: { description: 'The primary' }, TOKEN: { type: 'jwt' } },
  })
  const { ok, checks } = await statuses(shop, { DATABASE_URL: 'postgres://db/shop', TOKEN: 'canary' })
  expect(checks).toEqual([
    { name: 'DATABASE_URL', optional: false, usedBy: ['databases.main.url'], description: 'The primary', status: 'present' },
    { name: 'TOKEN', optional: false, usedBy: ['databases.cache.authToken'], type: 'jwt', status: 'malformed', why: 'It is not a signed token (JWT).' },
  ])
  expect(ok).toBe(false)
})

test('a provider that cannot be asked says nothing about what is there', async () => {
  const failing = (failure: SecretFailure): SecretProvider => ({
    scheme: 'vault', parseRef() {}, resolveMany: async (refs) => new Map(refs.map((ref) => [ref, { failure, why: 'It says no.', fix: 'Sign in.' }])),
  })
  const shop = project('shop', {
    databases: { cache: libsql('file:cache.db', secret('TOKEN', { optional: true })) }, secrets: { TOKEN: 'vault:token' },
  })
  for (const failure of ['unauthenticated', 'forbidden', 'network', 'rate-limited'] as const) {
    const { ok, checks } = await statuses(shop, {}, [failing(failure)])
    expect(checks).toEqual([{
      name: 'TOKEN', optional: true, usedBy: ['databases.cache.authToken'], status: 'unreadable', why: 'It says no.', fix: 'Sign in.',
    }])
    expect(ok).toBe(false)
  }
  expect((await statuses(shop, {}, [failing('field-not-found')])).of).toEqual({ TOKEN: 'optional-missing' })
})

test('credentials of targets are proved, too', async () => {
  const shop = project('shop', {
    databases: { cache: libsql('file:cache.db', secret('SHARED', { optional: true })) },
    targets: [{ name: 'image', type: 'image', plugin: 'image', options: { token: secret('GHCR_TOKEN'), other: secret('SHARED') } }],
  })
  const { of, checks } = await statuses(shop, { GHCR_TOKEN: 'abc' })
  expect(of).toEqual({ GHCR_TOKEN: 'present', SHARED: 'missing' })
  expect(checks[1]?.usedBy).toEqual(['databases.cache.authToken', 'targets.image.other'])
})

describe('.env', () => {
  const shop = project('shop', {
    databases: { main: pg(secret('DATABASE_URL')), extra: pg(secret('EXTRA_URL')) },
    secrets: { EXTRA_URL: 'dotenv:.env#SHARED_URL', UNUSED_BY_LOGIC: 'env:X' },
  })
  const links = project('links', { databases: { main: pg(secret('LINKS_URL')) } })
  const check = async (text: string) => {
    const root = await folder({ '.env': text })
    return checkSecrets([shop], { config: { root, projects: [links, shop] }, secrets: resolver({ root }) })
  }

  test('what no project asks for is a stray, with the name that was likely meant', async () => {
    const { ok, strays } = await check('DATABASE_URL=postgres://db/a\nSHARED_URL=postgres://db/b\nDATABSE_URL=canary\nOLD_KEY=canary\n')
    expect(strays).toEqual([{ name: 'DATABSE_URL', nearest: 'DATABASE_URL' }, { name: 'OLD_KEY' }])
    expect(ok).toBe(false)
  })

  test('names of other projects, of references and of the Bridge itself belong there', async () => {
    const { ok, strays } = await check([
      'DATABASE_URL=postgres://db/a', 'SHARED_URL=postgres://db/b', 'LINKS_URL_FILE=/run/secrets/url', 'UNUSED_BY_LOGIC=x',
      'PORT=3000', 'STK_ENV=staging',
    ].join('\n'))
    expect(strays).toEqual([])
    expect(ok).toBe(true)
  })
})
