import { createServer, request, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CallNote } from './bridge-log.ts'

/** A fixed address before a Bridge that is replaced at every save. */
export interface Front {
  readonly url: string
  /** Where requests go from now on. Those under way finish where they are. */
  pointTo(url: string): void
  close(): Promise<void>
}

export interface FrontOptions {
  /** The port to listen on; the next free one if it is taken. 0 for any. */
  readonly port: number
  /** Answers everything below `/_stk`. */
  readonly explorer: RequestListener
  /** What the Bridge noted of a call, for the header `server-timing`. */
  readonly call: (requestId: string) => CallNote | undefined
}

/** Opens a front on loopback. */
export async function openFront({ port, explorer, call }: FrontOptions): Promise<Front> {
  let backend: URL | undefined
  const server = createServer((incoming, outgoing) => {
    if (/^\/_stk(?:[/?#]|$)/.test(incoming.url ?? '')) explorer(incoming, outgoing)
    else if (backend === undefined) answerNotReady(outgoing)
    else forward(incoming, outgoing, { backend, call })
  })
  await listen(server, port)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pointTo(url) {
      backend = new URL(url)
    },
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, { backend, call }: Pick<FrontOptions, 'call'> & { readonly backend: URL }): void {
  const passed = request(
    { host: backend.hostname, port: backend.port, method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      // The Bridge notes a call before it answers it.
      const note = call(String(answer.headers['x-request-id']))
      const timing = note === undefined ? {} : { 'server-timing': `bridge;dur=${note.ms}, db;dur=${note.dbMs}` }
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...timing })
      answer.pipe(outgoing)
    },
  )
  passed.on('error', () => (outgoing.headersSent ? outgoing.destroy() : answerNotReady(outgoing)))
  outgoing.on('close', () => passed.destroy())
  incoming.pipe(passed)
}

function answerNotReady(outgoing: ServerResponse): void {
  outgoing.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' })
  outgoing.end(JSON.stringify({
    type: 'about:blank', title: 'Not ready', status: 503, code: 'not_ready', detail: 'This project has not built yet: see the terminal, or /_stk here.',
  }))
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  for (let candidate = port; ; candidate++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(candidate, '127.0.0.1', () => {
          server.off('error', reject)
          resolve()
        })
      })
      return
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!taken || port === 0 || candidate >= port + 100) throw error
    }
  }
}
