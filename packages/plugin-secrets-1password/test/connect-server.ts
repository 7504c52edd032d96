import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FakeItem, FakeWorld } from './world.ts'

/** A Connect server as its OpenAPI document (1.7.1) describes it, with a world of its own. What is not described fails the test that asks. */
export interface ConnectServer {
  readonly url: string
  readonly token: string
  /** Paths that were asked for. */
  readonly asked: string[]
  /** Requests that the document does not know. */
  readonly strange: string[]
  /** Answers under way. */
  running(): number
  close(): Promise<void>
}

export interface ConnectManner {
  /** Vaults that exist and that the token may not read. */
  readonly outOfScope?: readonly string[]
  readonly hangs?: boolean
  /** Answers every request with this. */
  readonly status?: number
  readonly redirectTo?: string
  /** Tells of the first request. */
  onAsked?(): void
}

const TOKEN = 'connect-token-for-tests'
const PATH = /^\/v1\/vaults(?:\/(?<vault>[^/?]+)(?:\/items(?:\/(?<item>[^/?]+))?)?)?$/

export async function startConnect(world: FakeWorld, manner: ConnectManner = {}): Promise<ConnectServer> {
  const asked: string[] = []
  const strange: string[] = []
  let running = 0
  const server = createServer((request, response) => {
    running += 1
    response.on('close', () => { running -= 1 })
    asked.push(request.url ?? '')
    manner.onAsked?.()
    if (manner.hangs) return
    if (manner.redirectTo !== undefined) return void response.writeHead(307, { location: manner.redirectTo }).end()
    answer(request, response, world, manner, strange)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: TOKEN,
    asked,
    strange,
    running: () => running,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse, world: FakeWorld, manner: ConnectManner, strange: string[]): void {
  const send = (status: number, body: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const refuse = (status: number, message: string): void => send(status, { status, message })
  if (manner.status !== undefined) return refuse(manner.status, 'canary-in-a-message')
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return refuse(401, 'Invalid token signature')
  const url = new URL(request.url ?? '', 'http://connect')
  const path = PATH.exec(url.pathname)?.groups
  const filter = url.searchParams.get('filter')
  const known = request.method === 'GET' && path !== undefined && [...url.searchParams.keys()].every((key) => key === 'filter') && (filter === null || path['item'] === undefined)
  if (!known) {
    strange.push(`${request.method} ${request.url}`)
    return refuse(400, 'unknown to the stand-in')
  }
  const scope = world.vaults.filter((vault) => !manner.outOfScope?.includes(vault.id))
  if (path['vault'] === undefined) return send(200, scope.map(({ id, name }) => ({ id, name, type: 'USER_CREATED' })))
  const vault = scope.find(({ id }) => id === path['vault'])
  if (vault === undefined) {
    return world.vaults.some(({ id }) => id === path['vault']) ? refuse(403, `vault ${path['vault']} is not in scope`) : refuse(404, `vault ${path['vault']} not found`)
  }
  if (/\/items$/.test(url.pathname)) {
    const title = filter === null ? undefined : /^title eq "([^"]*)"$/.exec(filter)?.[1]
    if (filter !== null && title === undefined) return refuse(400, 'Invalid filter')
    const found = vault.items.filter((item) => title === undefined || item.title.toLowerCase() === title.toLowerCase())
    return send(200, found.map(({ id, title: name }) => ({ id, title: name, vault: { id: vault.id }, category: 'LOGIN' })))
  }
  if (path['item'] === undefined) return send(200, { id: vault.id, name: vault.name, type: 'USER_CREATED' })
  const item = vault.items.find(({ id }) => id === path['item'])
  return item === undefined ? refuse(404, `item ${path['item']} not found`) : send(200, fullItem(item, vault.id))
}

function fullItem(item: FakeItem, vault: string): unknown {
  return { ...item, vault: { id: vault }, category: 'LOGIN' }
}
