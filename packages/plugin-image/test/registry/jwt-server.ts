import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { importPKCS8, SignJWT } from 'jose'
import { PASSWORD, USERNAME } from './world.ts'

export interface JwtServer {
  readonly realm: string
  /** The scopes of each request for a token. */
  readonly asked: readonly (readonly string[])[]
  /** Who signs the tokens, once it is known. */
  use(key: string, certificate: string): void
  close(): Promise<void>
}

/** A token server as distribution wants it ("Token Authentication Implementation"): tokens signed with RS256, the certificate in `x5c`. */
export async function startJwtServer(): Promise<JwtServer> {
  const asked: string[][] = []
  let signer: { readonly key: string; readonly x5c: string } | undefined
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', 'http://tokens')
    const scopes = url.searchParams.getAll('scope')
    asked.push(scopes)
    if (incoming.headers.authorization !== `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}` || signer === undefined) {
      outgoing.writeHead(401).end()
      return
    }
    void sign(signer, url.searchParams.get('service') ?? '', scopes).then((token) => {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token, expires_in: 300 }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    asked,
    use(key, certificate) { signer = { key, x5c: certificate.replace(/-----[A-Z ]+-----|\s/g, '') } },
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

async function sign({ key, x5c }: { readonly key: string; readonly x5c: string }, service: string, scopes: readonly string[]): Promise<string> {
  const access = scopes.flatMap((scope) => scope.split(' ')).map((scope) => {
    const [type = '', name = '', actions = ''] = scope.split(':')
    return { type, name, actions: actions.split(',') }
  })
  return new SignJWT({ access })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', x5c: [x5c] })
    .setIssuer('tests').setAudience(service).setSubject(USERNAME).setIssuedAt().setNotBefore('-10s').setExpirationTime('5m').setJti(randomUUID())
    .sign(await importPKCS8(key, 'RS256'))
}
