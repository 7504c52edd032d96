import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createVerifier, type Verifier } from './index.ts'

let server: Server
let issuer: string
let answer: RequestListener = () => {}
let clock = 0
let verifier: Verifier

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  verifier = createVerifier({
    mode: 'issuers',
    issuers: [{ issuer, audience: ['shop'], algorithms: ['ES256'], claims: { roles: 'https://acme.example/roles' }, clockTolerance: 5 }],
  }, { now: () => Date.now() + clock })
})

afterAll(async () => {
  verifier.close()
  await new Promise((resolve) => server.close(resolve))
})

/** Starts, or starts anew, an OpenID provider with one signing key. */
async function serve(kid: string): Promise<void> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key: JWK = { ...await exportJWK(privateKey), kid, alg: 'ES256', use: 'sig' }
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [{
      client_id: 'robot', client_secret: 'robot-secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      id_token_signed_response_alg: 'ES256',
    }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'read', audience: new URL(resource).hostname, accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: () => ({ 'https://acme.example/roles': ['admin', 'staff'] }),
  })
  answer = provider.callback() as RequestListener
}

async function newToken(audience = 'shop'): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('robot:robot-secret')}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: `https://${audience}` }),
  })
  const { access_token: token } = await response.json() as { access_token: string }
  expect(token).toMatch(/\..*\./)
  return token
}

test('tokens of an OpenID provider make callers, through key rotation and an outage', async () => {
  await serve('first')
  const token = await newToken()
  const caller = await verifier.verify(token)
  expect(caller).toMatchObject({ sub: 'robot', roles: ['admin', 'staff'], claims: { iss: issuer, aud: 'shop', client_id: 'robot' } })
  expect(await verifier.verify(token)).toBe(caller)
  await expect(verifier.verify(await newToken('elsewhere'))).rejects.toThrow('another audience')

  await serve('second')
  const rotated = await newToken()
  expect((await verifier.verify(rotated)).sub).toBe('robot')
  await expect(verifier.verify(token), 'signed with a key that is gone').rejects.toMatchObject({ kind: 'invalid_token' })

  const another = await newToken()
  answer = (_request, response) => void response.writeHead(503).end()
  clock = 20 * 60_000
  expect((await verifier.verify(another)).sub).toBe('robot')
})
