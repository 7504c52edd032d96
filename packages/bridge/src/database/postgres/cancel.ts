import type { EventEmitter } from 'node:events'
import pg from 'pg'

/** The parts of pg's wire connection that cancelling needs; its types leave them out. */
interface WireConnection extends EventEmitter {
  readonly stream: { destroy(): void }
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
}

/** What pg knows of a connected client, beyond its types. */
export interface BackendKey {
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly sslNegotiation?: string
  readonly processID: number
  readonly secretKey: number
}

/**
 * Asks the server to stop what the backend is doing, over a connection of its own (manual, "Canceling Requests in
 * Progress"). Unlike `pg_cancel_backend` it needs no login and means the right backend behind a pooler.
 *
 * @returns when the server has acted on the request, or could not be reached within `timeout` milliseconds. Never rejects.
 */
export function requestCancel(backend: BackendKey, timeout: number): Promise<void> {
  const Connection = pg.Connection as unknown as new (config: object) => WireConnection
  const wire = new Connection({ ssl: backend.ssl || false, sslNegotiation: backend.sslNegotiation })
  return new Promise((resolve) => {
    const timer = setTimeout(() => wire.stream.destroy(), timeout)
    const finish = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const send = (): void => wire.cancel(backend.processID, backend.secretKey)
    wire.on('error', () => wire.stream.destroy())
    // The server closes the connection once the signal is sent: only then is the next statement safe from it.
    wire.on('end', finish)
    if (!backend.ssl) wire.on('connect', send)
    else {
      if (backend.sslNegotiation !== 'direct') wire.on('connect', () => wire.requestSsl())
      wire.on('sslconnect', send)
    }
    if (backend.host.startsWith('/')) wire.connect(`${backend.host}/.s.PGSQL.${backend.port}`)
    else wire.connect(backend.port, backend.host)
  })
}
