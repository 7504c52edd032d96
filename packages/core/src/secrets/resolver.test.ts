import { expect, test } from 'vitest'
import { StkError } from '../diagnostics/index.ts'
import type { SecretProvider, SecretResult } from '../plugin/contract.ts'
import { folder, project, resolver } from './fixture.ts'
import { SecretValue } from './secret-value.ts'

/** A vault that counts how it is asked. */
function vault(values: Readonly<Record<string, string>>, scheme = 'vault') {
  const asked: (readonly string[])[] = []
  let disposed = 0
  const provider: SecretProvider = {
    scheme,
    parseRef() {},
    async resolveMany(refs) {
      asked.push(refs)
      return new Map(refs.map((ref): [string, SecretResult] => {
        const value = values[ref]
        return [ref, value === undefined ? { failure: 'item-not-found', why: 'It is not in the vault.' } : { value: new SecretValue(value) }]
      }))
    },
    async dispose() {
      disposed++
    },
  }
  return { provider, asked, disposals: () => disposed }
}

const reveal = (result: SecretResult | undefined): string | undefined =>
  (result !== undefined && 'value' in result ? result.value.reveal() : undefined)

test('asks each provider once for all its references, each of them once', async () => {
  const one = vault({ 'vault:a': 'A', 'vault:b': 'B' })
  const two = vault({ 'safe:c': 'C' }, 'safe')
  const shop = project('shop', { secrets: { A: 'vault:a', ALSO_A: 'vault:a', B: 'vault:b', C: 'safe:c' } })
  const results = await resolver({}, [one.provider, two.provider]).resolve(shop, ['A', 'ALSO_A', 'B', 'C', 'A'])
  expect([...results].map(([name, result]) => [name, reveal(result)])).toEqual([['A', 'A'], ['ALSO_A', 'A'], ['B', 'B'], ['C', 'C']])
  expect(one.asked).toEqual([['vault:a', 'vault:b']])
  expect(two.asked).toEqual([['safe:c']])
})

test('remembers answers for the run, failures included, across projects and while they are under way', async () => {
  const { provider, asked } = vault({ 'vault:a': 'A' })
  const secrets = resolver({}, [provider])
  const both = { A: 'vault:a', NONE: 'vault:none' }
  await Promise.all([secrets.resolve(project('shop', { secrets: both }), ['A', 'NONE']), secrets.resolve(project('links', { secrets: both }), ['NONE', 'A'])])
  const again = await secrets.resolve(project('links', { secrets: both }), ['A', 'NONE'])
  expect(reveal(again.get('A'))).toBe('A')
  expect(again.get('NONE')).toMatchObject({ failure: 'item-not-found' })
  expect(asked).toHaveLength(1)
})

test('a name without a reference is read from the environment, then from .env', async () => {
  const root = await folder({ '.env': 'IN_BOTH=file\nIN_FILE=file\nBLANK_IN_ENV=file\n' })
  const secrets = resolver({ root, env: { IN_BOTH: 'env', BLANK_IN_ENV: '', BLANK: '' } })
  const results = await secrets.resolve(project('shop'), ['IN_BOTH', 'IN_FILE', 'BLANK_IN_ENV', 'BLANK', 'NOWHERE'])
  expect(['IN_BOTH', 'IN_FILE', 'BLANK_IN_ENV'].map((name) => reveal(results.get(name)))).toEqual(['env', 'file', 'file'])
  expect(results.get('BLANK')).toMatchObject({ failure: 'empty' })
  expect(results.get('NOWHERE')).toMatchObject({ failure: 'item-not-found', why: expect.stringContaining('neither') })
})

test('a file is read where NAME_FILE names one, as the Bridge does', async () => {
  const root = await folder({ '.env': 'IN_FILE_FILE=mounted/token\nTWICE=x', 'mounted/token': 'mounted\n' })
  const secrets = resolver({ root, env: { IN_ENV_FILE: 'mounted/token', TWICE: 'x', TWICE_FILE: 'mounted/token', LOST_FILE: 'mounted/none' } })
  const results = await secrets.resolve(project('shop'), ['IN_ENV', 'IN_FILE', 'TWICE', 'LOST'])
  expect([reveal(results.get('IN_ENV')), reveal(results.get('IN_FILE'))]).toEqual(['mounted', 'mounted'])
  // What is set twice, or names a file that is not there, is a mistake: what comes after it is not looked at.
  expect([results.get('TWICE'), results.get('LOST')]).toMatchObject([{ failure: 'ambiguous' }, { failure: 'malformed-ref' }])
})

test('a .env that cannot be read is not taken for one that is not there', async () => {
  const root = await folder({ '.env/a-folder': '' })
  expect((await resolver({ root }).resolve(project('shop'), ['A'])).get('A')).toMatchObject({ failure: 'malformed-ref', why: '.env is not a file.' })
})

test('where a reference is given, nothing else is looked at', async () => {
  const root = await folder({ '.env': 'A=file' })
  const { provider } = vault({})
  const shop = project('shop', { secrets: { A: 'vault:a' } })
  expect((await resolver({ root, env: { A: 'env' } }, [provider]).resolve(shop, ['A'])).get('A')).toMatchObject({ failure: 'item-not-found' })
})

test('an empty value is a failure, whichever provider gives it', async () => {
  const { provider } = vault({ 'vault:a': '' })
  const results = await resolver({}, [provider]).resolve(project('shop', { secrets: { A: 'vault:a' } }), ['A'])
  expect(results.get('A')).toMatchObject({ failure: 'empty' })
})

test('a provider that answers nothing, or breaks down, fails its own names only and its message is not passed on', async () => {
  const silent: SecretProvider = { scheme: 'silent', parseRef() {}, resolveMany: async () => new Map() }
  const broken: SecretProvider = { scheme: 'broken', parseRef() {}, resolveMany: async () => { throw new TypeError('cannot use canary-value') } }
  const shop = project('shop', { secrets: { A: 'silent:a', B: 'broken:b' } })
  const results = await resolver({ env: { C: 'fine' } }, [silent, broken]).resolve(shop, ['A', 'B', 'C'])
  expect(results.get('A')).toMatchObject({ failure: 'unknown' })
  expect(results.get('B')).toEqual({ failure: 'unknown', why: 'The provider of "broken:" broke down (TypeError).' })
  expect(reveal(results.get('C'))).toBe('fine')
})

test('refuses all references that cannot be understood at once, and says where each stands', async () => {
  const shop = project('shop', { secrets: { A: 'hunter2-canary', B: 'dotnev:.env#B', C: 'env:not a name', D: 'op://vault/item/field', E: 's3cret:pass' } })
  const error = await resolver({}).resolve(shop, ['A', 'B', 'C', 'D', 'E']).catch((thrown) => thrown)
  const all = [error, ...error.details.others]
  expect(all.map(({ code, details }) => [code, details.configPath])).toEqual([
    ['STK3002', 'projects.shop.secrets.A'],
    ['STK3003', 'projects.shop.secrets.B'],
    ['STK3002', 'projects.shop.secrets.C'],
    ['STK3003', 'projects.shop.secrets.D'],
    ['STK3003', 'projects.shop.secrets.E'],
  ])
  expect(all[1].details.fix).toBe('Did you mean "dotenv:"?')
  expect(all[3].details.fix[0]).toBe('npm install --save-dev @santokit/plugin-secrets-1password')
  // What is neither a scheme nor near to one may be a value.
  expect(JSON.stringify(all.map(({ message, details }) => [message, details]))).not.toMatch(/hunter2|s3cret/)
})

test('what was interrupted is thrown on, and asked no more', async () => {
  let calls = 0
  const abort = new AbortController()
  const slow: SecretProvider = {
    scheme: 'slow',
    parseRef() {},
    async resolveMany(refs) {
      calls++
      abort.abort(new Error('interrupted'))
      return new Map(refs.map((ref) => [ref, { value: new SecretValue('late') }]))
    },
  }
  const secrets = resolver({ signal: abort.signal }, [slow])
  const shop = project('shop', { secrets: { A: 'slow:a', B: 'slow:b' } })
  await expect(secrets.resolve(shop, ['A'])).rejects.toThrow('interrupted')
  await expect(secrets.resolve(shop, ['A', 'B'])).rejects.toThrow('interrupted')
  expect(calls).toBe(1)
})

test('what a provider refuses as a whole is shown as it says, and is not tried again', async () => {
  let calls = 0
  const limited: SecretProvider = {
    scheme: 'limited', parseRef() {}, async resolveMany() { calls++; throw new StkError('STK3001', { why: 'Too many requests.' }) },
  }
  const secrets = resolver({}, [limited])
  const shop = project('shop', { secrets: { A: 'limited:a' } })
  await expect(secrets.resolve(shop, ['A'])).rejects.toThrow('Too many requests.')
  await expect(secrets.resolve(shop, ['A'])).rejects.toThrow('Too many requests.')
  expect(calls).toBe(1)
})

test('says who is signed in, for the providers that were asked', async () => {
  const asked = { ...vault({ 'vault:a': 'A' }).provider, preflight: async () => ({ identity: 'ci@acme', mode: 'token' }) }
  const unasked = { ...vault({}, 'safe').provider, preflight: async () => ({ identity: 'nobody', mode: 'none' }) }
  const broken = { ...vault({ 'weak:a': 'A' }, 'weak').provider, preflight: async () => { throw new RangeError('canary-value') } }
  const secrets = resolver({}, [asked, unasked, broken])
  await secrets.resolve(project('shop', { secrets: { A: 'vault:a', B: 'weak:a' } }), ['A', 'B', 'C'])
  expect(await secrets.identities()).toEqual([
    { scheme: 'vault', identity: 'ci@acme', mode: 'token' },
    { scheme: 'weak', failure: 'unknown', why: 'The provider of "weak:" broke down (RangeError).' },
  ])
})

test('disposes of the providers it used, and of no other', async () => {
  const used = vault({ 'vault:a': 'A' })
  const unused = vault({}, 'safe')
  const secrets = resolver({}, [used.provider, unused.provider])
  await secrets.resolve(project('shop', { secrets: { A: 'vault:a' } }), ['A'])
  await secrets.dispose()
  await secrets.dispose()
  expect([used.disposals(), unused.disposals()]).toEqual([1, 0])
})
