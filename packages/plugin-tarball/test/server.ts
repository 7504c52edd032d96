import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a stand-in sees it. */
export interface Request {
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface RunningServer {
  readonly origin: string
  readonly requests: readonly Request[]
  /** Answers the next requests that match with this instead; `after` lets the request take effect first. */
  fail(times: number, matches: (request: Request) => boolean, reply: Reply | 'hang up', after?: boolean): void
  close(): Promise<void>
}

/** Serves on a free port of this computer and remembers every request. */
export async function startServer(answer: (request: Request) => Reply): Promise<RunningServer> {
  const requests: Request[] = []
  const faults: { times: number; matches: (request: Request) => boolean; reply: Reply | 'hang up'; after: boolean }[] = []
  const server = createServer((incoming, outgoing) => {
    readRequest(incoming, server).then((request) => {
      requests.push(request)
      const fault = faults.find((candidate) => candidate.times > 0 && candidate.matches(request))
      if (fault !== undefined) fault.times--
      const real = fault === undefined || fault.after ? answer(request) : undefined
      const reply = fault?.reply ?? real
      if (reply === 'hang up' || reply === undefined) return void incoming.socket.destroy()
      const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body ?? Buffer.alloc(0)
      outgoing.writeHead(reply.status, { 'content-length': String(body.length), ...reply.headers })
      outgoing.end(request.method === 'HEAD' ? undefined : body)
    }, (error: unknown) => {
      outgoing.writeHead(500)
      outgoing.end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: originOf(server),
    requests,
    fail: (times, matches, reply, after = false) => { faults.push({ times, matches, reply, after }) },
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

async function readRequest(incoming: IncomingMessage, server: Server): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return {
    at: performance.now(),
    method: incoming.method ?? '',
    url: new URL(incoming.url ?? '', originOf(server)),
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks),
  }
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
