import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { SecretProvider } from '../plugin/contract.ts'
import { checkSecrets } from './check.ts'
import { folder, libsql, pg, project, resolver } from './fixture.ts'
import { secret } from './secret-ref.ts'
import { SecretValue } from './secret-value.ts'
import { SECRETS_TEMPLATE_FORMATS, secretsTemplate } from './template.ts'

const CANARIES = ['postgres://app:canary%40env@db/shop', 'canary "dotenv" token', 'canary-in-a-file', 'canary from the vault', 'canary not a url']

/** Every way in which a thing ends up where people read. */
function appearances(thing: unknown): string {
  const error = thing instanceof Error ? [thing.message, thing.stack, thing.cause] : []
  let concatenated = ''
  if (thing instanceof Map) for (const [key, result] of thing) concatenated += `${key} ${String(result.value)} ${'' + result.value} ${[result.value].join()}`
  const shown = [
    `${String(thing)}`, JSON.stringify(thing), JSON.stringify(thing instanceof Map ? [...thing] : thing),
    inspect(thing, { depth: 20, showHidden: true, getters: true }), concatenated, ...error.map((part) => inspect(part)),
  ]
  return shown.join('\n')
}

function expectNoCanary(thing: unknown): void {
  const shown = appearances(thing)
  for (const canary of CANARIES) {
    for (const form of [canary, encodeURIComponent(canary), JSON.stringify(canary).slice(1, -1), Buffer.from(canary).toString('base64')]) {
      expect(shown.includes(form), 'a planted value can be seen').toBe(false)
    }
  }
  expect(/canary/i.test(shown), 'part of a planted value can be seen').toBe(false)
}

test('no planted value can be seen in results, reports, templates or errors', async () => {
  const [env = '', dotenv = '', file = '', stored = '', notUrl = ''] = CANARIES
  const root = await folder({ '.env': `CACHE_TOKEN='${dotenv}'\nSTRAY="${dotenv}"\n`, 'token': `${file}\n` })
  const vault: SecretProvider = {
    scheme: 'vault',
    parseRef() {},
    async resolveMany(refs) {
      if (refs.includes('vault:breaks')) throw new Error(`unexpected token in "${stored}"`, { cause: stored })
      return new Map(refs.map((ref) => [ref, { value: new SecretValue(stored) }]))
    },
  }
  const shop = project('shop', {
    databases: {
      main: pg(secret('DATABASE_URL')), wrong: pg(secret('WRONG_URL')), third: pg(secret('VAULT_URL')), cache: libsql('file:x', secret('CACHE_TOKEN')),
    },
    targets: [{ name: 'image', type: 'image', plugin: 'image', options: { token: secret('GHCR_TOKEN') } }],
    secrets: { GHCR_TOKEN: 'file:token', VAULT_URL: 'vault:url' },
  })
  const world = { root, env: { DATABASE_URL: env, WRONG_URL: notUrl } }
  const names = ['DATABASE_URL', 'WRONG_URL', 'VAULT_URL', 'CACHE_TOKEN', 'GHCR_TOKEN']

  const results = await resolver(world, [vault]).resolve(shop, names)
  expect([...results.values()].filter((result) => 'value' in result)).toHaveLength(names.length)
  expectNoCanary(results)
  for (const result of results.values()) expectNoCanary(result)

  expectNoCanary(await checkSecrets([shop], { config: { root, projects: [shop] }, secrets: resolver(world, [vault]) }))
  for (const format of SECRETS_TEMPLATE_FORMATS) expectNoCanary(secretsTemplate([shop], format))
  expectNoCanary(await resolver(world, [vault]).resolve({ ...shop, secrets: { GHCR_TOKEN: 'vault:breaks' } }, names))

  // A value pasted where a reference belongs.
  for (const pasted of CANARIES) {
    for (const format of SECRETS_TEMPLATE_FORMATS) expectNoCanary(secretsTemplate([{ ...shop, secrets: { DATABASE_URL: pasted } }], format))
    const refused = await resolver(world, [vault]).resolve({ ...shop, secrets: { GHCR_TOKEN: pasted } }, names).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Error)
    expectNoCanary(refused)
  }
})
