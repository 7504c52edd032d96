import { parse, parseAllDocuments } from 'yaml'
import { expect, test } from 'vitest'
import { libsql, pg, project } from './fixture.ts'
import { parseDotenv } from './dotenv.ts'
import { secret } from './secret-ref.ts'
import { SECRETS_TEMPLATE_FORMATS, secretsTemplate } from './template.ts'

const shop = project('shop', {
  databases: {
    main: pg(secret('DATABASE_URL')),
    cache: libsql(secret('CACHE_URL'), secret('CACHE_TOKEN', { optional: true })),
    reports: pg(secret('REPORTS_URL')),
  },
  secrets: { REPORTS_URL: 'op://prod/canary-vault/url' },
  targets: [{ name: 'image', type: 'image', plugin: 'image', options: { token: secret('GHCR_TOKEN') } }],
})
const links = project('links', { databases: { main: pg(secret('DATABASE_URL')) } })
const empty = project('empty')

test('dotenv: each name once, with what uses it; what is kept elsewhere is only mentioned', () => {
  expect(secretsTemplate([shop, links, empty], 'dotenv')).toBe(`\
# Copy to .env, fill in, and keep it out of git. Quote a value that holds a # or a blank.

# empty
# (needs no secret)

# links
# databases.main.url
DATABASE_URL=

# shop
# databases.cache.authToken (optional)
CACHE_TOKEN=
# databases.cache.url
CACHE_URL=
# databases.main.url
# DATABASE_URL stands above, under links
# databases.reports.url
# REPORTS_URL is read from where the config says
# targets.image.token
GHCR_TOKEN=
`)
  expect([...parseDotenv(secretsTemplate([shop, links], 'dotenv')).keys()].sort()).toEqual(['CACHE_TOKEN', 'CACHE_URL', 'DATABASE_URL', 'GHCR_TOKEN'])
})

test('what was said of a secret stands above it, in every format', () => {
  const told = project('told', {
    databases: { main: libsql(secret('CACHE_URL'), secret('CACHE_TOKEN', { optional: true })) },
    declarations: { CACHE_URL: { type: 'url', description: 'From the wiki' }, CACHE_TOKEN: { type: 'jwt' } },
  })
  for (const format of SECRETS_TEMPLATE_FORMATS) {
    const lines = secretsTemplate([told], format).split('\n').map((line) => line.trim())
    const at = lines.indexOf('# From the wiki')
    expect(lines.slice(at - 2, at + 2)).toEqual(['# databases.main.authToken (jwt, optional)', expect.stringMatching(/^CACHE_TOKEN/), '# From the wiki', '# databases.main.url (url)'])
  }
})

test('docker-env: bare names, which docker passes on', () => {
  const lines = secretsTemplate([shop], 'docker-env').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines).toEqual(['CACHE_TOKEN', 'CACHE_URL', 'DATABASE_URL', 'REPORTS_URL'])
})

test('k8s-secret: one Secret a project, to be filled in', () => {
  const documents = parseAllDocuments(secretsTemplate([shop, empty], 'k8s-secret')).map((document) => document.toJS())
  expect(documents).toEqual([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'empty-secrets' }, type: 'Opaque', stringData: {} },
    {
      apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shop-secrets' }, type: 'Opaque',
      stringData: { CACHE_TOKEN: '', CACHE_URL: '', DATABASE_URL: '', REPORTS_URL: '' },
    },
  ])
})

test('compose: a required name that is not set stops it, an optional one does not', () => {
  expect(parse(secretsTemplate([shop, empty], 'compose'))).toEqual({
    services: {
      empty: { environment: {} },
      shop: {
        environment: {
          CACHE_TOKEN: '${CACHE_TOKEN:-}',
          CACHE_URL: '${CACHE_URL:?CACHE_URL is not set}',
          DATABASE_URL: '${DATABASE_URL:?DATABASE_URL is not set}',
          REPORTS_URL: '${REPORTS_URL:?REPORTS_URL is not set}',
        },
      },
    },
  })
})

test.each(SECRETS_TEMPLATE_FORMATS)('%s: the order of projects and aliases does not matter, and no reference is given away', (format) => {
  const turned = project('shop', { ...shop, databases: Object.fromEntries(Object.entries(shop.databases).reverse()) })
  const text = secretsTemplate([shop, links], format)
  expect(secretsTemplate([links, turned], format)).toBe(text)
  expect(text).not.toContain('canary')
})

test.each(['docker-env', 'k8s-secret', 'compose'] as const)('%s: a Bridge is not given the credentials of a release', (format) => {
  expect(secretsTemplate([shop], format)).not.toContain('GHCR_TOKEN')
})
