import { createHmac, randomBytes, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IssuerEntry } from '../manifest/format.ts'
import { AuthError, createVerifier, type Verifier, type VerifierOptions } from './index.ts'

const START = Date.parse('2024-05-06T07:08:09Z')
const MINUTE = 60_000

let server: Server
let issuer: string
let now: number
let events: { readonly type: string; readonly [field: string]: unknown }[]
/** What the issuer answers; a test changes it. */
let site: { keys: JWK[]; status: number; issuer?: string; jwksUri?: string; body?: string; requests: string[] }
const verifiers: Verifier[] = []

const rsa = await generateKeyPair('RS256', { extractable: true })
const ec = await generateKeyPair('ES256', { extractable: true })
const ed = await generateKeyPair('EdDSA', { extractable: true })
const rsaJwk: JWK = { ...await exportJWK(rsa.publicKey), kid: 'rsa', alg: 'RS256', use: 'sig' }
const ecJwk: JWK = { ...await exportJWK(ec.publicKey), kid: 'ec' }
const edJwk: JWK = { ...await exportJWK(ed.publicKey), kid: 'ed' }

beforeEach(async () => {
  now = START
  events = []
  site = { keys: [rsaJwk, ecJwk, edJwk], status: 200, requests: [] }
  server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterEach(async () => {
  for (const verifier of verifiers.splice(0)) verifier.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function answer(request: IncomingMessage, response: ServerResponse): void {
  site.requests.push(request.url ?? '')
  if (request.url === '/moved') return void response.writeHead(200).end(JSON.stringify({ keys: site.keys }))
  const discovery = { issuer: site.issuer ?? issuer, jwks_uri: site.jwksUri ?? `${issuer}keys` }
  const body = request.url === '/keys' ? (site.body ?? JSON.stringify({ keys: site.keys })) : JSON.stringify(discovery)
  response.writeHead(site.status, { location: '/moved', 'content-type': 'application/json' }).end(body)
}

function open(entry: Partial<IssuerEntry> = {}, options: VerifierOptions = {}): Verifier {
  const verifier = createVerifier({
    mode: 'issuers',
    issuers: [{ issuer, audience: ['shop'], algorithms: ['RS256', 'ES256', 'EdDSA'], claims: { roles: 'roles' }, clockTolerance: 5, ...entry }],
  }, { now: () => now, onEvent: (event) => void events.push(event), ...options })
  verifiers.push(verifier)
  return verifier
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

interface Making {
  readonly claims?: JWTPayload
  readonly header?: Record<string, unknown>
  readonly key?: CryptoKey | KeyObject | Uint8Array
}

function make({ claims = {}, header = {}, key = rsa.privateKey }: Making = {}): Promise<string> {
  const payload = { iss: issuer, aud: 'shop', sub: 'u1', exp: seconds(START) + 3600, ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'rsa', ...header }).sign(key)
}

async function refusal(verifier: Verifier, token: string): Promise<string> {
  const error: unknown = await Promise.resolve(verifier.verify(token)).then(() => 'accepted', (reason: unknown) => reason)
  expect(error).toBeInstanceOf(AuthError)
  return `${(error as AuthError).kind}: ${(error as AuthError).reason}`
}

const keyFetches = (): number => site.requests.filter((path) => path === '/keys').length

test('RSA, elliptic curve and Edwards curve signatures are verified', async () => {
  const verifier = open()
  expect((await verifier.verify(await make())).sub).toBe('u1')
  expect((await verifier.verify(await make({ header: { alg: 'ES256', kid: 'ec', typ: 'at+jwt' }, key: ec.privateKey }))).sub).toBe('u1')
  expect((await verifier.verify(await make({ header: { alg: 'EdDSA', kid: 'ed', typ: 'JWT' }, key: ed.privateKey }))).sub).toBe('u1')
  expect(site.requests).toEqual(['/.well-known/openid-configuration', '/keys'])
})

test('claims are taken exactly', async () => {
  const verifier = open()
  const at = seconds(START)
  expect(await refusal(verifier, await make({ claims: { iss: issuer.slice(0, -1) } }))).toContain('not trusted')
  expect(await refusal(verifier, await make({ claims: { iss: 'https://evil.example/' } }))).toContain('not trusted')
  expect(await refusal(verifier, await make({ claims: { aud: 'other' } }))).toContain('another audience')
  expect(await refusal(verifier, await make({ claims: { aud: undefined } }))).toContain('another audience')
  expect(await refusal(verifier, await make({ claims: { exp: undefined } }))).toContain('exp')
  expect(await refusal(verifier, await make({ claims: { exp: at - 6 } }))).toContain('ERR_JWT_EXPIRED')
  expect(await refusal(verifier, await make({ claims: { nbf: at + 6 } }))).toContain('nbf')
  expect(await refusal(verifier, await make({ claims: { sub: 7 as never } }))).toContain('subject')
  expect(await verifier.verify(await make({ claims: { exp: at - 4, nbf: at + 4, aud: ['other', 'shop'] } }))).toMatchObject({ sub: 'u1' })
  expect((await verifier.verify(await make({ claims: { sub: undefined } }))).sub).toBeNull()
})

test('no algorithm but the listed asymmetric ones counts', async () => {
  const verifier = open()
  const none = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ iss: issuer, aud: 'shop', exp: seconds(START) + 60 }))}.`.replaceAll('=', '')
  expect(await refusal(verifier, none)).toContain('Not a signed JWT')
  expect(await refusal(verifier, `${none}AAAA`)).toContain('"none" is not accepted')
  const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey))
  expect(await refusal(verifier, await make({ header: { alg: 'HS256' }, key: secret }))).toContain('"HS256" is not accepted')
  const { privateKey: key } = await generateKeyPair('RS512')
  expect(await refusal(verifier, await make({ header: { alg: 'RS512' }, key }))).toContain('"RS512" is not accepted')
  const lax = open({ algorithms: ['HS256', 'none', 'RS256'] })
  expect(await refusal(lax, await make({ header: { alg: 'HS256' }, key: secret }))).toContain('"HS256" is not accepted')
  expect(await refusal(verifier, await make({ header: { alg: 'ES256', kid: 'rsa' }, key: ec.privateKey }))).toContain('not for algorithm')
})

test('keys that a token brings or points to are ignored', async () => {
  const attacker = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(attacker.publicKey)
  const verifier = open()
  for (const header of [{ jwk }, { jku: 'https://evil.example/keys' }, { x5u: 'https://evil.example/cert' }, { jwk, kid: undefined }]) {
    expect(await refusal(verifier, await make({ header, key: attacker.privateKey }))).toMatch(/^invalid_token/)
  }
  expect(site.requests).toEqual(['/.well-known/openid-configuration', '/keys'])
})

test('a token has one form and no extensions', async () => {
  const verifier = open()
  const token = await make()
  const [header = '', payload = '', signature = ''] = token.split('.')
  for (const other of [
    '', '..', `${token}=`, `${token}.`, ` ${token}`, `${header}.${payload}`, `${header}\n.${payload}.${signature}`,
    `${header}.${payload}.${signature}A`, `${header}.${payload}.!${signature.slice(1)}`,
    `${btoa('[]')}.${payload}.${signature}`, `${header}.${btoa('"x"')}.${signature}`.replaceAll('=', ''),
  ]) expect(await refusal(verifier, other)).toMatch(/^invalid_token/)
  const flipped = signature.slice(0, 10) + (signature[10] === 'A' ? 'B' : 'A') + signature.slice(11)
  expect(await refusal(verifier, `${header}.${payload}.${flipped}`)).toContain('SIGNATURE')
  expect(await refusal(verifier, await make({ claims: { big: 'x'.repeat(8_200) } }))).toContain('longer than')
  expect(await refusal(verifier, await make({ header: { typ: 'logout+jwt' } }))).toContain('of type')
  const critical = await new CompactSign(Buffer.from(JSON.stringify({ iss: issuer, aud: 'shop', exp: seconds(START) + 60 })))
    .setProtectedHeader({ alg: 'RS256', kid: 'rsa', crit: ['b64'], b64: true }).sign(rsa.privateKey)
  expect(await refusal(verifier, critical)).toContain('critical')
})

test('weak, symmetric, private, foreign and ambiguous keys are not used', async () => {
  const forSecret = randomBytes(32)
  const weak = { kty: 'RSA', n: Buffer.concat([Buffer.from([0x80]), randomBytes(127)]).toString('base64url'), e: 'AQAB', kid: 'short' }
  site.keys = [
    rsaJwk,
    { kty: 'oct', k: forSecret.toString('base64url'), kid: 'oct' },
    weak, { ...rsaJwk, kid: 'one', e: 'AQ' }, { ...rsaJwk, kid: 'three', e: 'Aw' },
    { ...ecJwk, kid: 'twice' }, { ...edJwk, kid: 'twice' },
    { ...rsaJwk, kid: 'enc', use: 'enc' }, { ...rsaJwk, kid: 'ops', key_ops: ['encrypt'] },
    { ...await exportJWK(ec.privateKey), kid: 'private' },
    { ...rsaJwk, kid: 'odd', alg: 'RSA-OAEP' }, { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA', kid: 'curve' },
  ]
  const verifier = open()
  expect((await verifier.verify(await make())).sub).toBe('u1')
  expect(events.filter(({ type }) => type === 'key_ignored').map(({ kid }) => kid)).toEqual(
    ['oct', 'short', 'one', 'three', 'twice', 'twice', 'enc', 'ops', 'private', 'odd', 'curve'])
  for (const kid of ['one', 'enc', 'ops']) expect(await refusal(verifier, await make({ header: { kid } }))).toContain('no usable key')
  expect(await refusal(verifier, await make({ header: { alg: 'ES256', kid: 'twice' }, key: ec.privateKey }))).toContain('no usable key')
  // The only usable key serves a token without a key id, and a symmetric signature is refused whatever the set holds.
  expect((await verifier.verify(await make({ header: { kid: undefined } }))).sub).toBe('u1')
  const hmac = `${Buffer.from('{"alg":"HS256","kid":"oct"}').toString('base64url')}.${(await make()).split('.')[1]}`
  expect(await refusal(verifier, `${hmac}.${createHmac('sha256', forSecret).update(hmac).digest('base64url')}`)).toContain('not accepted')
})

test('a token without a key id is refused where there are several keys', async () => {
  expect(await refusal(open(), await make({ header: { kid: undefined } }))).toContain('has 3 keys')
})

test('roles come from an array or a blank-separated string, by name or by path', async () => {
  const roles = async (claim: string, claims: JWTPayload) => (await open({ claims: { roles: claim } }).verify(await make({ claims }))).roles
  expect(await roles('roles', { roles: ['admin', 7, 'staff'] })).toEqual(['admin', 'staff'])
  expect(await roles('scope', { scope: ' read  write ' })).toEqual(['read', 'write'])
  expect(await roles('https://acme.example/roles', { 'https://acme.example/roles': ['a'] })).toEqual(['a'])
  expect(await roles('realm_access.roles', { realm_access: { roles: ['b'] } })).toEqual(['b'])
  expect(await roles('a.b', { a: { b: ['path'] }, 'a.b': ['name'] })).toEqual(['name'])
  expect(await roles('constructor.name', {})).toEqual([])
  expect(await roles('roles', { roles: { admin: true } })).toEqual([])
})

test('a caller cannot be changed, for other calls share it', async () => {
  const caller = await open().verify(await make({ claims: { roles: ['a'], org: { id: 1 } } }))
  expect(() => (caller.roles as string[]).push('admin')).toThrow(TypeError)
  expect(() => Object.assign(caller.claims.org as object, { id: 2 })).toThrow(TypeError)
})

test('a verified token is remembered, but not past its expiry nor past its key', async () => {
  const verifier = open({ clockTolerance: 0 })
  const short = await make({ claims: { exp: seconds(START) + 10 } })
  const caller = await verifier.verify(short)
  expect(await verifier.verify(short)).toBe(caller)
  now += 11_000
  expect(await refusal(verifier, short)).toContain('EXPIRED')

  const long = await make()
  const remembered = await verifier.verify(long)
  now += 6 * MINUTE
  expect(await verifier.verify(long)).not.toBe(remembered)
  site.keys = [ecJwk]
  await verifier.verify(await make({ header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey }))
  now += 5 * MINUTE
  // Due for renewal: this call is still served with the old keys, and fetches the new ones aside.
  await verifier.verify(await make({ header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey, claims: { jti: '2' } }))
  await expect.poll(keyFetches).toBe(2)
  await expect.poll(() => events.at(-1)).toMatchObject({ type: 'keys_fetched', changed: true })
  expect(await refusal(verifier, long)).toContain('no usable key')
})

test('a new key is found, and unknown keys do not make the issuer suffer', async () => {
  site.keys = [rsaJwk]
  const verifier = open()
  await verifier.verify(await make())
  site.keys = [rsaJwk, ecJwk]
  const rotated = await make({ header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey })
  expect((await verifier.verify(rotated)).sub).toBe('u1')
  expect(keyFetches()).toBe(2)
  now += MINUTE
  const strangers = await Promise.all(Array.from({ length: 50 }, (_, n) => make({ header: { kid: `stranger-${n}` } })))
  for (const outcome of await Promise.all(strangers.map((token) => refusal(verifier, token)))) expect(outcome).toContain('no usable key')
  expect(await refusal(verifier, await make({ header: { kid: 'one more' } }))).toContain('no usable key')
  expect(keyFetches()).toBe(3)
  now += MINUTE
  expect(await refusal(verifier, await make({ header: { kid: 'later' } }))).toContain('no usable key')
  expect(keyFetches()).toBe(4)
})

test('the last good keys serve while the issuer is down, and are asked for with growing pauses', async () => {
  const verifier = open()
  await verifier.verify(await make())
  site.status = 503
  now += 11 * MINUTE
  for (let n = 0; n < 20; n++) expect((await verifier.verify(await make({ claims: { jti: `${n}` } }))).sub).toBe('u1')
  await expect.poll(() => events.at(-1)).toMatchObject({ type: 'keys_unavailable', failures: 1, serving: 3 })
  expect(site.requests).toHaveLength(3)
  now += 500
  await verifier.verify(await make({ claims: { jti: 'within the pause' } }))
  expect(site.requests).toHaveLength(3)
  expect(await refusal(verifier, await make({ header: { kid: 'perhaps new' } }))).toMatch(/^issuer_unavailable/)
  now += 24 * 60 * MINUTE
  expect(await refusal(verifier, await make({ claims: { exp: seconds(now) + 60 } }))).toMatch(/^issuer_unavailable/)
  site.status = 200
  now += MINUTE
  expect((await verifier.verify(await make({ claims: { exp: seconds(now) + 60 } }))).sub).toBe('u1')
})

test('keys that were never had are asked for once by all who wait, and then not before the pause is over', async () => {
  site.status = 500
  const verifier = open()
  const token = await make()
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => refusal(verifier, token)))
  for (const outcome of outcomes) expect(outcome).toMatch(/^issuer_unavailable/)
  expect(await refusal(verifier, token)).toMatch(/^issuer_unavailable/)
  expect(site.requests).toHaveLength(1)
  site.status = 200
  now += 2_000
  expect((await verifier.verify(token)).sub).toBe('u1')
})

test('an answer that is not plainly the issuer\'s key set is not taken', async () => {
  const token = await make()
  const outcomes: [() => void, string][] = [
    [() => (site.status = 302), 'answered 302'],
    [() => (site.issuer = 'https://evil.example/'), 'is of issuer'],
    [() => (site.jwksUri = 'http://keys.example/keys'), 'not https'],
    [() => (site.jwksUri = 'file:///etc/passwd'), 'not https'],
    [() => (site.body = '{"keys": 5}'), 'not a JWK set'],
    [() => (site.body = '<html>'), 'did not answer JSON'],
    [() => (site.body = `{"keys": [], "pad": "${'x'.repeat(300_000)}"}`), 'larger than'],
    [() => (site.keys = []), 'no usable key'],
  ]
  for (const [change, reason] of outcomes) {
    site = { keys: [rsaJwk], status: 200, requests: [] }
    change()
    expect(await refusal(open(), token)).toMatch(/^issuer_unavailable/)
    expect(events.at(-1)).toMatchObject({ type: 'keys_unavailable', reason: expect.stringContaining(reason) as string })
    expect(site.requests).not.toContain('/moved')
  }
})

test('issuers must be https, or loopback; keys may be given by address', async () => {
  expect(() => open({ issuer: 'http://issuer.example/' })).toThrow('not https')
  expect(() => open({ issuer: 'https://issuer.example/', jwksUri: 'http://127.0.0.1/keys' })).toThrow('not https')
  expect(() => open({ issuer: 'nonsense' })).toThrow('not a URL')
  expect((await open({ jwksUri: `${issuer}keys` }).verify(await make())).sub).toBe('u1')
  expect(site.requests).toEqual(['/keys'])
})

test('a development issuer is on loopback, and serves the audiences of the others', async () => {
  const remote = { issuer: 'https://issuer.example/' }
  expect(() => open(remote, { devIssuer: 'https://dev.example' })).toThrow('loopback')
  expect(() => open(remote, { devIssuer: 'http://localhost.evil.example' })).toThrow('loopback')
  const verifier = open(remote, { devIssuer: issuer })
  expect((await verifier.verify(await make({ claims: { roles: ['admin'] } }))).roles).toEqual(['admin'])
  expect(await refusal(verifier, await make({ claims: { aud: 'other' } }))).toContain('another audience')
  const alone = createVerifier({ mode: 'none', issuers: [] }, { devIssuer: issuer, now: () => now })
  expect((await alone.verify(await make({ claims: { aud: 'anything' } }))).sub).toBe('u1')
  expect(await refusal(createVerifier({ mode: 'issuers', issuers: [] }, {}), await make())).toContain('not trusted')
})
