import { AsyncLocalStorage } from 'node:async_hooks'
import type { Client } from '@libsql/client'
import { DatabaseError, type CallEnd } from '../driver.ts'

/** Where a database lives, which decides how many may use it at once. */
export type LibsqlPlace = 'memory' | 'file' | 'remote'

/** How long SQLite may block the process while another process writes, in milliseconds. The rest is waited for aside. */
const BUSY_TIMEOUT = 20

/**
 * Reads where a URL points to.
 *
 * @throws DatabaseError that does not contain it.
 */
export function placeOf(alias: string, url: string): LibsqlPlace {
  if (/^(file:)?:memory:/.test(url)) return 'memory'
  if (url.startsWith('file:')) return 'file'
  if (/^(libsql|https?|wss?):\/\//.test(url)) return 'remote'
  const known = 'libsql://, https://, http://, wss://, ws:// or file:'
  throw new DatabaseError('failed', `The URL of database "${alias}" must begin with ${known}.`)
}

/** Opens a client for a URL. */
export type OpenClient = (place: LibsqlPlace, url: string, settings: ClientSettings) => Promise<Client>

/** Loads the client that the URL needs, and opens it. */
export const openClient: OpenClient = async (place, url, settings) => {
  if (place === 'remote') {
    const { createClient } = /^wss?:/.test(url) ? await import('@libsql/client/web') : await import('@libsql/client/http')
    const { authToken, timeout } = settings
    return createClient({ url, authToken, intMode: 'bigint', concurrency: 0, fetch: fetchWithin(timeout) })
  }
  const { createClient } = await importNative()
  const client = createClient({ url, intMode: 'bigint', timeout: BUSY_TIMEOUT, concurrency: settings.connections })
  // Readers and a writer then do not wait for one another. The file remembers it.
  if (place === 'file') await client.execute('pragma journal_mode = wal')
  return client
}

export interface ClientSettings {
  readonly authToken?: string
  /** Milliseconds for one request to a remote database; 0 for no limit. */
  readonly timeout: number
  /** Connections to a file. */
  readonly connections: number
}

/**
 * The client for files is a native addon, so it cannot be part of a bundled Bridge: behind a variable, bundlers leave
 * the import as it is, to be found in `node_modules` where a project has such a database.
 */
function importNative(): Promise<typeof import('@libsql/client/sqlite3')> {
  const specifier = '@libsql/client/sqlite3'
  return import(/* @vite-ignore */ specifier) as Promise<typeof import('@libsql/client/sqlite3')>
}

/** For which call a request is made: the client passes nothing on to its `fetch`. */
const calls = new AsyncLocalStorage<CallEnd>()

/**
 * Has the requests to a remote database that `work` makes end with its call. Not for what is inside of a transaction: the server
 * would keep that open, and its locks, until it misses the next request.
 */
export function endingWith<T>(end: CallEnd, work: () => Promise<T>): Promise<T> {
  return calls.run(end, work)
}

/** Fetches with the whole answer in hand within `timeout` milliseconds (0 for no limit), and before its call ends. */
export function fetchWithin(timeout: number): typeof fetch {
  return async (input, init) => {
    const end = calls.getStore()
    // Not `AbortSignal.timeout`: a request that follows one does not keep it from being collected as garbage.
    const controller = new AbortController()
    const late = (): void => controller.abort(new DOMException('No answer in time.', 'TimeoutError'))
    const timer = timeout === 0 ? undefined : setTimeout(late, timeout)
    const onEnd = (reason: Error): void => controller.abort(reason)
    end?.onEnd(onEnd)
    try {
      const response = await fetch(input, { ...init, signal: controller.signal })
      const { status, statusText, headers } = response
      return new Response(await response.arrayBuffer(), { status, statusText, headers })
    } finally {
      clearTimeout(timer)
      end?.offEnd(onEnd)
    }
  }
}
