import type { DatabaseDriver } from '../database/driver.ts'
import type { DatabaseSettings } from '../database/index.ts'
import type { DatabaseEntry, Manifest } from '../manifest/format.ts'

/**
 * What a Worker of a project is made of. The module that a project is released as says no more than this:
 *
 * ```js
 * import { createWorker } from '@santokit/bridge/worker'
 * import { pg } from '@santokit/bridge/worker/pg'            // only where an alias has the driver pg
 * import { libsql } from '@santokit/bridge/worker/libsql'    // only where an alias has the driver libsql
 * import * as m0 from './bundle/logic/orders/close.mjs'      // each module file that a logic entry of the manifest names
 *
 * export default createWorker({
 *   manifest: { … },                                         // the content of manifest.json
 *   modules: { 'logic/orders/close.mjs': m0 },               // by `entry.module`, the path below `bundle/`
 *   drivers: { pg, libsql },
 *   hyperdrive: { main: 'HYPERDRIVE' },                      // alias → name of the binding
 * })
 * ```
 *
 * Bundle it as one ES module with the conditions `workerd`, `worker`, `browser`; leave `node:*` and `cloudflare:*` as they are.
 * It needs the compatibility flag `nodejs_compat` and a compatibility date from {@link LEAST_COMPATIBILITY_DATE} on.
 * What is not imported costs no byte.
 */
export interface WorkerProject {
  /** Trusted: whoever packages the Worker has checked it, and the files it lists, against their digests. */
  readonly manifest: Manifest
  /** Module logic by the path that its entry in the manifest has. */
  readonly modules?: Readonly<Record<string, { readonly default?: unknown }>>
  readonly drivers?: WorkerDrivers
  /** The Hyperdrive binding that an alias of driver `pg` is reached through, in place of its URL, whose secret is then not asked for. */
  readonly hyperdrive?: Readonly<Record<string, string>>
}

/** The drivers that the project's aliases need. */
export type WorkerDrivers = { readonly [Driver in DatabaseEntry['driver']]?: OpenCallDatabase<Extract<DatabaseEntry, { readonly driver: Driver }>> }

/**
 * Opens an alias for one call: sockets belong to the request that opened them. Nothing connects yet.
 *
 * @throws DatabaseError if the URL is malformed or cannot be used from a Worker. The message does not contain it.
 */
export type OpenCallDatabase<Entry extends DatabaseEntry = DatabaseEntry> =
  (alias: string, entry: Entry, settings: WorkerDatabaseSettings) => DatabaseDriver

export interface WorkerDatabaseSettings extends DatabaseSettings {
  /** The URL is a Hyperdrive binding's. */
  readonly hyperdrive: boolean
}

/**
 * The environment of a Worker: secrets and settings as texts (`DATABASE_URL`, `LOG_LEVEL`, `LOG_PARAMS`, `STK_DEV`, …), Hyperdrive
 * bindings, and `CF_VERSION_METADATA` (`version_metadata`), which `/health` reports where there is one.
 */
export type WorkerEnvironment = Readonly<Record<string, unknown>>

/** What workerd calls. */
export interface Worker {
  fetch(request: Request, env: WorkerEnvironment): Promise<Response>
}

/** The first date whose workerd has everything that is used here. */
export const LEAST_COMPATIBILITY_DATE = '2025-10-01'
