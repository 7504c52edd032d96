import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { AuthEntry } from '../src/manifest/index.ts'

/** An identity provider on loopback with one key. */
export interface TestIssuer {
  readonly auth: AuthEntry
  /** A signed token for `sub`, with further claims. */
  token(sub: string, claims?: Record<string, unknown>): Promise<string>
  stop(): Promise<void>
}

export async function startIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = { keys: [{ ...await exportJWK(publicKey), kid: 'key-1', alg: 'ES256', use: 'sig' }] }
  let issuer = ''
  const server = createServer(({ url }, response) => {
    const discovery = { issuer, jwks_uri: `${issuer}jwks` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(url === '/jwks' ? keys : discovery))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    auth: {
      mode: 'issuers',
      issuers: [{
        issuer, audience: ['shop'], jwksUri: `${issuer}jwks`, algorithms: ['ES256'], claims: { roles: 'roles' }, clockTolerance: 5,
      }],
    },
    token: (sub, claims = {}) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
      .setIssuer(issuer).setAudience('shop').setSubject(sub).setIssuedAt().setExpirationTime('5m').sign(privateKey),
    async stop() {
      await new Promise((resolve) => { server.close(resolve); server.closeAllConnections() })
    },
  }
}
