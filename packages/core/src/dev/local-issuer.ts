import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'

/** What a test token says about its bearer. Any further claim is passed on as it is. */
export interface TokenClaims {
  readonly sub: string
  /** Written to the claim `roles`. */
  readonly roles?: readonly string[]
  /** One of the audiences that the project's config declares. */
  readonly audience: string
  /**
   * As jose writes spans: `'10m'`, `'-1s'` for a token that has expired.
   * @default '1h'
   */
  readonly expiresIn?: string
  readonly [claim: string]: unknown
}

/** An OpenID-style issuer on this machine, for development and tests. */
export interface LocalIssuer {
  /** The `iss` of its tokens; the discovery document lies below it. */
  readonly url: string
  /** Signs a token (ES256). */
  mint(claims: TokenClaims): Promise<string>
  close(): Promise<void>
}

/**
 * Starts an issuer on loopback with a discovery document and a key set. Its key is made here and never stored, so a token
 * dies with the process that minted it.
 *
 * @param options.port default: any free one.
 */
export async function startLocalIssuer(options: { readonly port?: number } = {}): Promise<LocalIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' }
  const documents = new Map<string, unknown>()
  const server = createServer((request, response) => {
    const document = documents.get(request.url ?? '')
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? { error: 'not_found' }))
  })
  const port = await listen(server, options.port ?? 0)
  const url = `http://127.0.0.1:${port}`
  documents.set('/.well-known/openid-configuration', {
    issuer: url,
    jwks_uri: `${url}/jwks`,
    id_token_signing_alg_values_supported: ['ES256'],
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
  })
  documents.set('/jwks', { keys: [key] })

  return {
    url,
    mint({ sub, roles = [], audience, expiresIn = '1h', ...claims }) {
      return new SignJWT({ ...claims, roles: [...roles] } as JWTPayload)
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'JWT' })
        .setIssuer(url)
        .setSubject(sub)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(privateKey)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
