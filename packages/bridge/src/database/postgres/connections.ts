import pg from 'pg'
import { untilAborted } from '../abort.ts'
import { DatabaseError } from '../driver.ts'
import { Slots } from '../slots.ts'
import type { PostgresEntry } from '../../manifest/format.ts'
import { toConnectError } from './errors.ts'
import { Session } from './session.ts'
import type { WireConnection } from './wire-query.ts'

/** How long connecting may take, in milliseconds. */
const CONNECT_TIMEOUT = 5_000
/** How long an unused connection is kept, in milliseconds. */
const IDLE_TIMEOUT = 30_000

/** An alias's connections: a bounded pool behind a bounded queue. */
export class Connections {
  readonly #pool: pg.Pool
  readonly #slots: Slots
  #closing: Promise<void> | undefined

  constructor(private readonly alias: string, entry: PostgresEntry, url: string) {
    this.#slots = new Slots(alias, entry.pool.max, entry.pool.queue)
    this.#pool = new pg.Pool({
      connectionString: url,
      max: entry.pool.max,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      idleTimeoutMillis: IDLE_TIMEOUT,
      keepAlive: true,
      fallback_application_name: 'santokit',
      onConnect: async (client: pg.ClientBase) => {
        await client.query(sessionSettings(entry))
      },
    } as pg.PoolConfig)
    // A connection that dies while nobody uses it leaves the pool by itself; unheard, its error would end the process.
    this.#pool.on('error', () => {})
    // The same for one that dies in use: the statement that runs is told.
    this.#pool.on('connect', (client) => void client.on('error', () => {}))
  }

  get stats(): { readonly open: number; readonly idle: number; readonly waiting: number; readonly max: number } {
    return { open: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#slots.waiting, max: this.#slots.max }
  }

  /**
   * Takes a connection, waiting in the queue for it. `release()` it in every case.
   *
   * @throws DatabaseError `overloaded`, `unavailable`, `timeout` or `cancelled`.
   */
  async take(signal: AbortSignal): Promise<Session> {
    await this.#slots.enter(signal)
    return this.#connect(signal, () => this.#slots.leave())
  }

  /** Takes the next connection that is free, past the queue: whether the database answers must be known under load too. */
  async takeFirst(signal: AbortSignal): Promise<Session> {
    return this.#connect(signal, () => {})
  }

  /** Waits for connections in use, and closes all. */
  close(): Promise<void> {
    this.#closing ??= this.#slots.close().then(() => this.#pool.end())
    return this.#closing
  }

  async #connect(signal: AbortSignal, released: () => void): Promise<Session> {
    const connecting = this.#liveClient().then(
      (client) => new Session(client, released),
      (error: unknown) => {
        released()
        throw toConnectError(error, this.alias)
      },
    )
    return untilAborted(connecting, signal).catch((error: unknown) => {
      // Given up while it connected: the connection goes to the pool when it stands.
      connecting.then((session) => session.release(), () => {})
      throw error
    })
  }

  /** A connection that can be written to. One that died a moment ago is passed over; nothing has been sent on it. */
  async #liveClient(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.#pool.connect()
      if (isWritable(client)) return client
      client.release(true)
    }
  }
}

/** Makes text forms and limits independent of what the server or the role is set to. One statement: one round trip. */
function sessionSettings(entry: PostgresEntry): string {
  return [
    `set statement_timeout = ${Math.trunc(entry.statementTimeout)}`,
    `set timezone = 'UTC'`,
    `set datestyle = 'ISO, YMD'`,
    `set intervalstyle = 'iso_8601'`,
    `set bytea_output = 'hex'`,
    `set extra_float_digits = 1`,
  ].join('; ')
}

function isWritable(client: pg.PoolClient): boolean {
  const { stream } = (client as unknown as { connection: WireConnection }).connection
  return stream.writable && !stream.readableEnded
}

/** Reads a connection string without connecting. @throws Error that does not contain it. */
export function checkPostgresUrl(alias: string, url: string): void {
  let protocol: string
  try {
    protocol = new URL(url).protocol
  } catch {
    throw new DatabaseError('failed', `The URL of database "${alias}" is not a URL.`)
  }
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new DatabaseError('failed', `The URL of database "${alias}" must begin with postgres:// or postgresql://.`)
  }
}
