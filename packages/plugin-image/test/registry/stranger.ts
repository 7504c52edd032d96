import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { IDENTITY, PASSWORD, USERNAME } from './world.ts'
import type { Reply } from './registry.ts'
import { openSender, type Send } from '../../src/registry/connection/sender.ts'

/** Another host than the registry: a storage, or somebody with bad intentions. */
export interface Stranger {
  readonly host: string
  readonly origin: string
  readonly seen: readonly { readonly method: string; readonly url: string; readonly headers: string; readonly body: Buffer }[]
  /** Requests that held a credential in whatever form. */
  readonly leaks: readonly string[]
  close(): Promise<void>
}

const SECRETS = [PASSWORD, IDENTITY, Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64'), 'planted-access-token', 'authorization:', 'cookie:']

export async function startStranger(answer: (method: string, url: URL, body: Buffer) => Reply = () => ({ status: 404 })): Promise<Stranger> {
  const seen: { method: string; url: string; headers: string; body: Buffer }[] = []
  const leaks: string[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${String(value)}`).join('\n')
      const request = { method: incoming.method ?? '', url: incoming.url ?? '', headers, body: Buffer.concat(chunks) }
      seen.push(request)
      const everything = `${request.url}\n${headers}\n${request.body.toString('latin1')}`
      if (SECRETS.some((secret) => everything.includes(secret))) leaks.push(`${request.method} ${request.url}`)
      const { status, headers: given = {}, body = '' } = answer(request.method, new URL(request.url, 'http://stranger'), request.body)
      outgoing.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...given })
      outgoing.end(request.method === 'HEAD' ? undefined : body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}`, seen, leaks,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

/** A sender for a registry on the internet that is served here: `https://registry.example.com` is answered by `origin`. */
export function sendAs(names: { readonly [origin: string]: string }): Send {
  const send = openSender()
  return (url, request) => {
    const served = names[url.origin]
    return send(served === undefined ? url : new URL(url.pathname + url.search, served), request)
  }
}

/** Addresses of the internet that the tests give to names. */
export function lookupPublic(addresses: { readonly [hostname: string]: string } = {}): (hostname: string) => Promise<readonly string[]> {
  return (hostname) => Promise.resolve([addresses[hostname] ?? '93.184.216.34'])
}
