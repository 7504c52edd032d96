// An issuer with one RS256 key, and a token for each of its users.
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { USERS } from './scenarios.mjs'

export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const keys = { keys: [{ ...await exportJWK(publicKey), kid: 'bench', alg: 'RS256', use: 'sig' }] }
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(keys)))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${server.address().port}/`
  const sign = (user) => new SignJWT({ role: 'bench_member', roles: ['member'] }).setProtectedHeader({ alg: 'RS256', kid: 'bench' })
    .setIssuer(issuer).setAudience('bench').setSubject(`user-${user}`).setIssuedAt().setExpirationTime('6h').sign(privateKey)
  const tokens = await Promise.all(Array.from({ length: USERS }, (_, index) => sign(index + 1)))
  return { issuer, jwks: `${issuer}jwks`, tokens, stop: () => { server.close(); server.closeAllConnections() } }
}
