import { createHmac, createPublicKey, createSign, KeyObject, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AuthError, createVerifier, type Verifier } from './index.ts'

/** What is known to have broken verifiers of tokens (RFC 8725), tried on this one. */

let server: Server
let issuer: string
let verifier: Verifier
let claims: Record<string, unknown>
const asked: string[] = []
const own = await generateKeyPair('RS256', { extractable: true })
const attacker = await generateKeyPair('RS256', { extractable: true })
const ownJwk: JWK = { ...await exportJWK(own.publicKey), kid: 'own' }
const attackerJwk: JWK = await exportJWK(attacker.publicKey)

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url)
    response.end(JSON.stringify({ keys: [ownJwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  claims = { iss: issuer, aud: 'shop', sub: 'u1', exp: Math.floor(Date.now() / 1000) + 3600 }
  verifier = createVerifier({
    mode: 'issuers',
    issuers: [{ issuer, audience: ['shop'], jwksUri: `${issuer}keys`, algorithms: ['RS256', 'PS256'], claims: { roles: 'roles' }, clockTolerance: 5 }],
  })
})

afterAll(async () => {
  verifier.close()
  await new Promise((resolve) => { server.close(resolve); server.closeAllConnections() })
})

const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token with exactly these texts, signed with RS256 by the issuer itself: only its form can be wrong. */
function signedText(header: string, payload: string): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${createSign('RSA-SHA256').update(input).sign(KeyObject.from(own.privateKey), 'base64url')}`
}

async function refusal(token: string): Promise<string> {
  const error: unknown = await Promise.resolve(verifier.verify(token)).then(() => 'accepted', (reason: unknown) => reason)
  expect(error).toBeInstanceOf(AuthError)
  expect((error as AuthError).kind).toBe('invalid_token')
  return (error as AuthError).reason
}

test('what the attacks below start from is accepted', async () => {
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(own.privateKey)
  expect((await verifier.verify(token)).sub).toBe('u1')
})

test('no spelling of none is an algorithm', async () => {
  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ', '', 'null', null, 0, ['none'], { none: 1 }]) {
    for (const signature of ['', 'AA', encode('x')]) await refusal(`${encode({ alg, kid: 'own' })}.${encode(claims)}.${signature}`)
  }
})

test('a public key is no secret, in any of its forms', async () => {
  const pem = await exportSPKI(own.publicKey)
  const { n = '' } = ownJwk
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  const pkcs1 = createPublicKey(pem).export({ type: 'pkcs1', format: 'pem' })
  const secrets = [pem, pem.trim(), `${pem}\n`, pkcs1, der, n, Buffer.from(n, 'base64url'), JSON.stringify(ownJwk), '']
  for (const [alg, hash] of [['HS256', 'sha256'], ['HS384', 'sha384'], ['HS512', 'sha512']] as const) {
    for (const secret of secrets) {
      const input = `${encode({ alg, kid: 'own' })}.${encode(claims)}`
      expect(await refusal(`${input}.${createHmac(hash, secret).update(input).digest('base64url')}`)).toContain('not accepted')
    }
  }
})

test('a key that comes with the token is not the issuer\'s, wherever it stands', async () => {
  const before = asked.length
  const certificate = Buffer.from(await exportSPKI(attacker.publicKey)).toString('base64')
  for (const header of [
    { jwk: attackerJwk }, { jwk: { ...attackerJwk, kid: 'own' } }, { jku: `${issuer}attacker` }, { x5u: `${issuer}attacker` }, { x5c: [certificate] },
    { jku: 'file:///etc/passwd' }, { x5t: 'AA', x5c: [certificate], jwk: attackerJwk },
  ]) {
    await refusal(await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own', ...header } as never).sign(attacker.privateKey))
  }
  expect(asked.slice(before)).toEqual([])
})

test('a key id is a name and nothing else', async () => {
  for (const kid of [
    '../../../../dev/null', '/dev/null', 'own\0', 'own ', ' own', 'OWN', "own' or '1'='1", "x' union select 'secret' --", '__proto__', 'constructor',
    'toString', 'hasOwnProperty', 'own/../own', '%6fwn', '\u{1d428}wn', '; rm -rf /', '${jndi:ldap://x}', 'http://127.0.0.1/keys', 'x'.repeat(5000),
  ]) {
    expect(await refusal(await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(attacker.privateKey)), kid).toContain('no usable key')
  }
  for (const kid of [null, 1, true, ['own'], { own: 1 }]) expect(await refusal(`${encode({ alg: 'RS256', kid })}.${encode(claims)}.AAAA`)).toContain('not a string')
})

test('a key id in a refusal is short and printable', async () => {
  const reason = await refusal(await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: '\n\u001b[31m'.repeat(1000) }).sign(attacker.privateKey))
  expect(reason.length).toBeLessThan(2000)
  expect(reason).not.toMatch(/[\n\u001b]/)
})

test('a claim or a header that stands there twice is refused, however it is spelt', async () => {
  const good = JSON.stringify(claims).slice(1, -1)
  const header = '{"alg":"RS256","kid":"own"}'
  expect((await verifier.verify(signedText(header, `{${good}}`))).sub).toBe('u1')
  for (const payload of [
    `{"sub":"root",${good}}`, `{${good},"sub":"root"}`, `{${good},"s\\u0075b":"root"}`, `{"iss":"https://evil.example/",${good}}`, `{${good},"exp":1}`,
    `{${good},"a":{"b":1,"b":2}}`, `{${good},"roles":[],"roles":["admin"]}`,
  ]) expect(await refusal(signedText(header, payload)), payload).toContain('twice')
  for (const doubled of ['{"alg":"none","alg":"RS256","kid":"own"}', '{"alg":"RS256","kid":"x","kid":"own"}', '{"alg":"RS256","\\u006bid":"own","kid":"own"}']) {
    expect(await refusal(signedText(doubled, `{${good}}`)), doubled).toContain('twice')
  }
})

test('times are numbers', async () => {
  for (const exp of ['9999999999', null, Infinity, NaN, [9999999999], { $gt: 0 }, true, -1]) {
    await refusal(await new SignJWT({ ...claims, exp: exp as never }).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(own.privateKey).catch(() =>
      signedText('{"alg":"RS256","kid":"own"}', JSON.stringify({ ...claims, exp }))))
  }
  for (const nbf of ['0', true, 9999999999]) {
    await refusal(signedText('{"alg":"RS256","kid":"own"}', JSON.stringify({ ...claims, nbf })))
  }
})

test('an issuer and an audience are exactly what they are', async () => {
  const header = '{"alg":"RS256","kid":"own"}'
  for (const changed of [
    { iss: issuer.toUpperCase() }, { iss: `${issuer}/` }, { iss: `${issuer}#` }, { iss: [issuer] }, { iss: null }, { iss: ` ${issuer}` },
    { aud: 'SHOP' }, { aud: 'shop ' }, { aud: ['sho', 'p'] }, { aud: [['shop']] }, { aud: { shop: true } }, { aud: null }, { aud: [] }, { aud: 'shop,other' },
  ]) await refusal(signedText(header, JSON.stringify({ ...claims, ...changed })))
})

test('a token cut, grown or changed anywhere is refused', async () => {
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(own.privateKey)
  await fc.assert(fc.asyncProperty(
    fc.nat(token.length - 1), fc.constantFrom('A', 'b', '9', '-', '_', '.', '=', '+', '/', ' ', '\n', '\0', '%', ''), fc.boolean(),
    async (at, char, inserted) => {
      const other = `${token.slice(0, at)}${char}${token.slice(inserted ? at : at + 1)}`
      if (other !== token) await refusal(other)
    },
  ), { numRuns: 500 })
})

test('no text is a token, and none takes long to refuse', async () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(fc.base64String({ maxLength: 50 }), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.')),
    fc.tuple(fc.json(), fc.json()).map(([header, payload]) => `${encode(header)}.${encode(payload)}.AAAA`),
  )
  await fc.assert(fc.asyncProperty(texts, async (text) => { await refusal(text) }), { numRuns: 300 })
  for (const huge of ['a'.repeat(1e6), '.'.repeat(1e6), `${encode('['.repeat(3000))}.e30.AA`, `${encode('{"a":'.repeat(1000))}.e30.AA`, randomBytes(1e6).toString('base64url')]) {
    await refusal(huge)
  }
})

test('an ECDSA signature of zeros is none', async () => {
  const ec = await generateKeyPair('ES256', { extractable: true })
  const keys = JSON.stringify({ keys: [{ ...await exportJWK(ec.publicKey), kid: 'ec' }] })
  const psychic = createVerifier({
    mode: 'issuers', issuers: [{ issuer, audience: ['shop'], jwksUri: `${issuer}keys`, algorithms: ['ES256'], claims: { roles: 'roles' }, clockTolerance: 5 }],
  }, { fetch: async () => new Response(keys) })
  for (const signature of [Buffer.alloc(64), Buffer.alloc(64, 0xff), Buffer.from('300602010002010 0'.replace(' ', ''), 'hex'), Buffer.alloc(63), Buffer.alloc(65)]) {
    const token = `${encode({ alg: 'ES256', kid: 'ec' })}.${encode(claims)}.${signature.toString('base64url')}`
    await expect(psychic.verify(token)).rejects.toMatchObject({ kind: 'invalid_token' })
  }
  psychic.close()
})
