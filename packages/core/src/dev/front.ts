import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A fixed address before a Bridge that is replaced at every save. */
export interface Front {
  readonly url: string
  /** Where requests go from now on. Those under way finish where they are. */
  pointTo(url: string): void
  close(): Promise<void>
}

/**
 * Opens a front on loopback.
 *
 * @param port the port to listen on; the next free one if it is taken. 0 for any.
 */
export async function openFront(port: number): Promise<Front> {
  let backend: URL | undefined
  const server = createServer((incoming, outgoing) => {
    if (backend === undefined) answerNotReady(outgoing)
    else forward(incoming, outgoing, backend)
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

function forward(incoming: IncomingMessage, outgoing: ServerResponse, backend: URL): void {
  const passed = request(
    { host: backend.hostname, port: backend.port, method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    },
  )
  passed.on('error', () => (outgoing.headersSent ? outgoing.destroy() : answerNotReady(outgoing)))
  outgoing.on('close', () => passed.destroy())
  incoming.pipe(passed)
}

function answerNotReady(outgoing: ServerResponse): void {
  outgoing.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' })
  outgoing.end(JSON.stringify({ type: 'about:blank', title: 'Not ready', status: 503, code: 'not_ready', detail: 'This project has not built yet: see the terminal.' }))
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
