import { tmpdir } from 'node:os'
import type { SecretContext, SecretResult } from '@santokit/core'
import { testSecretProvider } from '@santokit/core/testkit'
import { expect, test } from 'vitest'
import { readOptions, type OnePasswordOptions } from '../src/options.ts'
import { onePassword } from '../src/provider.ts'
import type { OnePasswordSdk } from '../src/sdk/way.ts'
import { SUITE, SUITE_WORLD, worldHolding, type FakeItem, type FakeWorld } from './world.ts'

class RateLimitExceededError extends Error {}
class AuthExpiredError extends Error {}
class DesktopAuth {
  constructor(readonly account: string) {}
}

/** `@1password/sdk` over a world: the same calls, answers and error types (its 0.5 declarations). */
function fakeSdk(world: FakeWorld, manner: { readonly token?: string; readonly throws?: Error; readonly never?: () => void } = {}) {
  const asked: string[] = []
  const sdk: OnePasswordSdk = {
    DesktopAuth, RateLimitExceededError, AuthExpiredError,
    async createClient({ auth, integrationName, integrationVersion }) {
      asked.push('createClient')
      if (integrationName === '' || !/^v\d/.test(integrationVersion)) throw new Error('a client needs a name and a version')
      if (manner.token !== undefined && auth !== manner.token) throw new Error('invalid service account token, please make sure you provide a valid token: canary-in-a-message')
      return {
        secrets: {
          async resolveAll(references) {
            asked.push('resolveAll')
            if (manner.throws !== undefined) throw manner.throws
            if (manner.never !== undefined) {
              manner.never()
              return new Promise(() => {})
            }
            return { individualResponses: Object.fromEntries(references.map((reference) => [reference, resolve(world, reference)])) }
          },
        },
      }
    },
  }
  return { sdk, asked }
}

function resolve(world: FakeWorld, reference: string): { content?: { secret: string }; error?: { type: string } } {
  const [vaultName = '', itemName = '', ...rest] = reference.slice('op://'.length).split('/')
  const [section, fieldName = ''] = rest.length === 2 ? rest : [undefined, rest[0]]
  const same = (wanted: string, id: string, label: string): boolean => id === wanted || label.toLowerCase() === wanted.toLowerCase()
  const vault = world.vaults.find(({ id, name }) => same(vaultName, id, name))
  if (vault === undefined) return { error: { type: 'vaultNotFound' } }
  const item: FakeItem | undefined = vault.items.find(({ id, title }) => same(itemName, id, title))
  if (item === undefined) return { error: { type: 'itemNotFound' } }
  const sectionId = item.sections.find(({ id, label }) => section !== undefined && same(section, id, label))?.id
  if (section !== undefined && sectionId === undefined) return { error: { type: 'noMatchingSections' } }
  const field = item.fields.find(({ id, label, section: at }) => same(fieldName, id, label) && (section === undefined || at?.id === sectionId))
  return field === undefined ? { error: { type: 'fieldNotFound' } } : { content: { secret: field.value ?? '' } }
}

const NO_OP = { PATH: '', OP_SERVICE_ACCOUNT_TOKEN: 'ops_token' }
const context = (env: SecretContext['env'] = NO_OP, change: Partial<SecretContext> = {}): SecretContext =>
  ({ root: tmpdir(), environment: 'test', env, interactive: false, signal: new AbortController().signal, progress() {}, warn() {}, ...change })
const over = (sdk: OnePasswordSdk | undefined, options: OnePasswordOptions = {}) =>
  onePassword(readOptions(options), { fetch: () => { throw new Error('no request is expected') }, loadSdk: async () => sdk })
const failureOf = (result: SecretResult | undefined): string => (result === undefined ? 'none' : 'failure' in result ? result.failure : 'a value')

const suite = fakeSdk(SUITE_WORLD)
testSecretProvider({
  test: (name, body) => test(`contract, SDK: ${name}`, body),
  create: () => over(suite.sdk),
  context: { env: NO_OP },
  ...SUITE,
  asked: () => suite.asked.length,
  holding(values) {
    const { world, refs } = worldHolding(values)
    return { provider: over(fakeSdk(world).sdk), refs }
  },
  stuck() {
    let tell = (): void => {}
    const asked = new Promise<void>((done) => { tell = done })
    return { provider: over(fakeSdk(SUITE_WORLD, { never: () => tell() }).sdk), refs: Object.keys(SUITE.present), asked }
  },
})

test('all references are one call', async () => {
  const { sdk, asked } = fakeSdk(SUITE_WORLD)
  await over(sdk).resolveMany([...Object.keys(SUITE.present), ...Object.keys(SUITE.absent)], context())
  expect(asked).toEqual(['createClient', 'resolveAll'])
})

test.each([
  ['a rate limit', { throws: new RateLimitExceededError('canary') }, 'rate-limited'],
  ['an expired sign-in', { throws: new AuthExpiredError('canary') }, 'unauthenticated'],
  ['a bad token', { token: 'another' }, 'unauthenticated'],
  ['anything else', { throws: new Error('canary') }, 'unknown'],
])('%s is told apart, and its message kept back', async (_, manner, failure) => {
  const results = await over(fakeSdk(SUITE_WORLD, manner).sdk).resolveMany(Object.keys(SUITE.present), context())
  expect([...results.values()].map(failureOf)).toEqual(Object.keys(SUITE.present).map(() => failure))
  expect(JSON.stringify([...results])).not.toContain('canary')
})

test('the desktop app is asked through the SDK only with a person there', async () => {
  const { sdk } = fakeSdk(SUITE_WORLD)
  const refs = ['op://prod/mail/key']
  const options = { via: 'sdk', account: 'acme' } as const
  expect(failureOf((await over(sdk, options).resolveMany(refs, context({ PATH: '' }, { interactive: true }))).get('op://prod/mail/key'))).toBe('a value')
  expect(failureOf((await over(sdk, options).resolveMany(refs, context({ PATH: '' }))).get('op://prod/mail/key'))).toBe('unauthenticated')
})

test('an SDK that is wanted and not installed is named', async () => {
  const results = await over(undefined, { via: 'sdk' }).resolveMany(['op://prod/mail/key'], context())
  expect(results.get('op://prod/mail/key')).toMatchObject({ failure: 'not-installed', fix: 'npm install --save-dev @1password/sdk' })
})

test('preflight signs in and reads nothing', async () => {
  const { sdk, asked } = fakeSdk(SUITE_WORLD)
  expect(await over(sdk).preflight?.(context())).toEqual({ identity: 'a service account', mode: '1Password SDK, service account' })
  expect(asked).toEqual(['createClient'])
})
