import { tmpdir } from 'node:os'
import type { SecretContext, SecretProvider, SecretResult } from '@santokit/core'
import { testSecretProvider } from '@santokit/core/testkit'
import { afterAll, afterEach, expect, test } from 'vitest'
import { readOptions } from '../src/options.ts'
import { onePassword } from '../src/provider.ts'
import { startConnect, type ConnectManner, type ConnectServer } from './connect-server.ts'
import { idOf, SUITE, SUITE_WORLD, worldHolding, type FakeWorld } from './world.ts'

const opened: ConnectServer[] = []
afterEach(async () => {
  const strange = opened.flatMap((server) => server.strange)
  for (const server of opened.splice(0)) await server.close()
  expect(strange).toEqual([])
})

async function open(world: FakeWorld = SUITE_WORLD, manner: ConnectManner = {}): Promise<ConnectServer> {
  const server = await startConnect(world, manner)
  opened.push(server)
  return server
}

const provider = (): SecretProvider => onePassword(readOptions({}))
const envOf = ({ url, token }: ConnectServer) => ({ OP_CONNECT_HOST: url, OP_CONNECT_TOKEN: token })
const context = (env: SecretContext['env']): SecretContext =>
  ({ root: tmpdir(), environment: 'test', env, interactive: false, signal: new AbortController().signal, progress() {}, warn() {} })
const failureOf = (result: SecretResult | undefined): string => (result === undefined ? 'none' : 'failure' in result ? result.failure : 'a value')
const outcomes = async (env: SecretContext['env'], refs: readonly string[]): Promise<readonly string[]> => {
  const results = await provider().resolveMany(refs, context(env))
  return refs.map((ref) => failureOf(results.get(ref)))
}

const suiteServer = await startConnect(SUITE_WORLD)
afterAll(() => suiteServer.close())
testSecretProvider({
  test: (name, body) => test(`contract, Connect: ${name}`, body),
  create: provider,
  context: { env: envOf(suiteServer) },
  ...SUITE,
  asked: () => suiteServer.asked.length,
  async holding(values) {
    const { world, refs } = worldHolding(values)
    const server = await startConnect(world)
    return { provider: provider(), refs, context: { env: envOf(server) }, cleanup: () => server.close() }
  },
  async stuck() {
    let tell = (): void => {}
    const asked = new Promise<void>((resolve) => { tell = resolve })
    const server = await startConnect(SUITE_WORLD, { hangs: true, onAsked: () => tell() })
    return { provider: provider(), refs: Object.keys(SUITE.present), context: { env: envOf(server) }, asked, cleanup: () => server.close() }
  },
})

test('two hundred references in twenty items cost a list of vaults and two requests an item', async () => {
  const { world, refs } = worldHolding(Array.from({ length: 1000 }, (_, index) => `value-${index}-value`))
  const server = await open(world)
  expect(new Set(await outcomes(envOf(server), refs))).toEqual(new Set(['a value']))
  expect(server.asked).toHaveLength(1 + 20 * 2)
})

test('a vault that the token may not read is forbidden, one that is not there is not found', async () => {
  const server = await open(SUITE_WORLD, { outOfScope: [idOf('vaultprod')] })
  expect(await outcomes(envOf(server), [`op://${idOf('vaultprod')}/mail/key`, `op://${idOf('vaultnone')}/mail/key`, 'op://prod/mail/key'])).toEqual(['forbidden', 'vault-not-found', 'vault-not-found'])
})

test('two items of one title, or two fields of one label, are ambiguous', async () => {
  const [vault] = SUITE_WORLD.vaults
  const [, mail] = vault?.items ?? []
  if (vault === undefined || mail === undefined) throw new Error('the world has changed')
  const twins: FakeWorld = { vaults: [{ ...vault, items: [mail, { ...mail, id: idOf('other') }, { ...mail, id: idOf('twice'), title: 'twice', fields: [...mail.fields, ...mail.fields] }] }] }
  const server = await open(twins)
  expect(await outcomes(envOf(server), ['op://prod/mail/key', `op://prod/${idOf('other')}/key`, 'op://prod/twice/key'])).toEqual(['ambiguous', 'a value', 'ambiguous'])
})

test('a one-time password is its code, where the server gives one', async () => {
  const world: FakeWorld = { vaults: [{ id: idOf('v'), name: 'prod', items: [{
    id: idOf('i'), title: 'mail', sections: [], fields: [{ id: 'code', label: 'code', type: 'OTP', value: 'otpauth://totp/x', totp: '123456' }, { id: 'key', label: 'key', type: 'CONCEALED', value: 'value-of-key' }],
  }] }] }
  const server = await open(world)
  const results = await provider().resolveMany(['op://prod/mail/code?attribute=otp', 'op://prod/mail/key?attribute=otp', 'op://prod/mail/key?ssh-format=openssh'], context(envOf(server)))
  const [code, ...others] = [...results.values()]
  expect(code !== undefined && 'value' in code ? code.value.reveal() : code).toBe('123456')
  expect(others.map(failureOf)).toEqual(['malformed-ref', 'malformed-ref'])
})

test.each([[401, 'unauthenticated', 1], [429, 'rate-limited', 1], [500, 'network', 1], [503, 'network', 1], [418, 'unknown', 1]])('an answer of %i is %s', async (status, failure, requests) => {
  const server = await open(SUITE_WORLD, { status })
  const results = await provider().resolveMany(['op://prod/mail/key', 'op://prod/shop db/url'], context(envOf(server)))
  expect([...results.values()].map(failureOf)).toEqual([failure, failure])
  expect(server.asked).toHaveLength(requests)
  expect(JSON.stringify([...results])).not.toContain('canary')
})

test('a wrong token is unauthenticated, and a server that is not there a network failure', async () => {
  const server = await open()
  expect(await outcomes({ OP_CONNECT_HOST: server.url, OP_CONNECT_TOKEN: 'another' }, ['op://prod/mail/key'])).toEqual(['unauthenticated'])
  await server.close()
  opened.splice(opened.indexOf(server), 1)
  expect(await outcomes(envOf(server), ['op://prod/mail/key'])).toEqual(['network'])
})

test('the token goes to no other server', async () => {
  const other = await open()
  const server = await open(SUITE_WORLD, { redirectTo: `${other.url}/v1/vaults` })
  expect(await outcomes(envOf(server), ['op://prod/mail/key'])).toEqual(['unknown'])
  expect(other.asked).toEqual([])
})

test.each(['ftp://connect', 'connect:8080/x', '', 'http://user:password@connect'])('an OP_CONNECT_HOST of "%s" asks nobody', async (host) => {
  const [outcome] = await outcomes({ OP_CONNECT_HOST: host, OP_CONNECT_TOKEN: 'x', PATH: '' }, ['op://prod/mail/key'])
  expect(['network', 'not-installed']).toContain(outcome)
})

test('preflight says how many vaults the token reaches', async () => {
  const server = await open()
  expect(await provider().preflight?.(context(envOf(server)))).toEqual({ identity: 'a token for 1 vault', mode: `Connect at ${server.url}` })
  expect(server.asked).toEqual(['/v1/vaults'])
})
