import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLocalIssuer, type LocalIssuer } from './local-issuer.ts'

let issuer: LocalIssuer
beforeAll(async () => {
  issuer = await startLocalIssuer()
})
afterAll(() => issuer.close())

async function verify(token: string, audience: string) {
  const discovered = (await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()) as { issuer: string; jwks_uri: string }
  return jwtVerify(token, createRemoteJWKSet(new URL(discovered.jwks_uri)), {
    issuer: discovered.issuer, audience, algorithms: ['ES256'], requiredClaims: ['exp', 'sub'],
  })
}

test('a minted token verifies through discovery and carries subject, roles and further claims', async () => {
  const token = await issuer.mint({ sub: 'ann', roles: ['admin'], audience: 'shop', email: 'ann@example.com' })
  const { payload } = await verify(token, 'shop')
  expect(payload).toMatchObject({ sub: 'ann', roles: ['admin'], email: 'ann@example.com', iss: issuer.url, aud: 'shop' })
})

test('a token for one audience is refused by another', async () => {
  const token = await issuer.mint({ sub: 'ann', audience: 'shop' })
  await expect(verify(token, 'links')).rejects.toThrow(/aud/)
})

test('an expired token can be minted, to see it refused', async () => {
  const token = await issuer.mint({ sub: 'ann', audience: 'shop', expiresIn: '-1m' })
  await expect(verify(token, 'shop')).rejects.toThrow(/exp/)
})

test('the key set holds no private part', async () => {
  const { keys } = (await (await fetch(`${issuer.url}/jwks`)).json()) as { keys: Record<string, unknown>[] }
  expect(keys).toHaveLength(1)
  expect(keys[0]).not.toHaveProperty('d')
})

test('two issuers do not accept each other\'s tokens', async () => {
  const other = await startLocalIssuer()
  try {
    await expect(verify(await other.mint({ sub: 'ann', audience: 'shop' }), 'shop')).rejects.toThrow()
  } finally {
    await other.close()
  }
})
