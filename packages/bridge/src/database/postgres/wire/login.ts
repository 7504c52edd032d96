import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import pg from 'pg'
import { requestCancel, type BackendKey } from '../cancel.ts'
import { WireConnection } from './connection.ts'

/** How long connecting may take, in milliseconds. */
const CONNECT_TIMEOUT = 5_000

/** A connection that is logged in. */
export interface Login {
  readonly wire: WireConnection
  /** Of the backend, as the server gave it. */
  readonly processId: number
  /**
   * Asks the server to stop what the backend is doing.
   *
   * @returns when the server has acted on it, or could not be reached within `timeout` milliseconds. Never rejects.
   */
  cancel(timeout: number): Promise<void>
}

/** The parts of a client of pg that its types leave out. */
interface ConnectedClient extends BackendKey {
  readonly connection: { readonly stream: Duplex }
}

/**
 * Connects and logs in through `pg`, which knows addresses, TLS and every way to authenticate. After that its part is done:
 * the server is silent until it is asked something, and from here on only we ask.
 *
 * @throws pg's error.
 */
export async function login(url: string): Promise<Login> {
  const client = new pg.Client({
    connectionString: url,
    // Its own choice of a socket asks first whether this is Cloudflare, by what makes Node 20 load its whole `fetch`.
    stream: () => new Socket(),
    connectionTimeoutMillis: CONNECT_TIMEOUT, keepAlive: true, fallback_application_name: 'santokit',
  } as pg.ClientConfig)
  // The client goes on hearing of the socket's end; unheard itself, its error would end the process.
  client.on('error', () => {})
  await client.connect()
  const connected = client as unknown as ConnectedClient
  const { stream } = connected.connection
  // Only what parses: a socket's other listeners are what closes it.
  stream.removeAllListeners('data')
  return { wire: new WireConnection(stream), processId: connected.processID, cancel: (timeout) => requestCancel(connected, timeout) }
}
