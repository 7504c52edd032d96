import type { Verifier } from './auth/index.ts'
import { BootError } from './boot-error.ts'
import { ResultCache } from './cache/result-cache.ts'
import { type DatabaseDriver, openDatabase } from './database/index.ts'
import type { LoadedBundle } from './load/index.ts'
import { createLog, describeError, type LogSink } from './log.ts'
import type { Log, LogicDefinition, Schema } from './logic.ts'
import { brokenLogic, moduleLogic, sqlLogic } from './logic-table.ts'
import { createMetrics, type Metrics } from './observe/index.ts'
import type { Manifest, ModuleLogicEntry, SqlLogicEntry } from './manifest/format.ts'
import type { CheckInputs } from './params/index.ts'
import { assertAuthAllowed, openVerifier } from './project-auth.ts'
import { RunningCalls } from './running-calls.ts'
import { type Environment, readSecrets, type RuntimeSettings, settingValue } from './settings/index.ts'

/** A project, ready to be called. Nothing in it is replaced while it serves. */
export interface Runtime {
  readonly manifest: Manifest
  readonly settings: RuntimeSettings
  readonly logic: ReadonlyMap<string, Logic>
  readonly databases: ReadonlyMap<string, DatabaseDriver>
  readonly verifier: Verifier
  readonly cache: Pick<ResultCache, 'get' | 'stats'>
  readonly calls: Pick<RunningCalls, 'count' | 'begin' | 'beginBackground' | 'end' | 'stop'>
  /** Where every line of the log goes. */
  readonly sink: LogSink
  readonly metrics: RuntimeMetrics
  readonly log: Log
  /** A log whose lines carry `about`. */
  logAbout(about: Readonly<Record<string, unknown>>): Log
}

/** Who counts what. A platform that nobody reads it from may have somebody who does not. */
export interface RuntimeMetrics {
  readonly calls: Pick<Metrics['calls'], 'count' | 'families'>
  readonly auth: Pick<Metrics['auth'], 'listen' | 'families'>
}

export type Logic = SqlLogic | ModuleLogic

export interface SqlLogic {
  readonly kind: 'sql'
  readonly path: string
  readonly entry: SqlLogicEntry
  readonly timeout: number
  readonly check: CheckInputs
  readonly driver: DatabaseDriver
}

export interface ModuleLogic {
  readonly kind: 'module'
  readonly path: string
  readonly entry: ModuleLogicEntry
  readonly timeout: number
  readonly definition: LoadedDefinition
}

/** A definition whose schemas are no longer known to the type system. */
export type LoadedDefinition = Pick<LogicDefinition<Schema, Schema>, 'handler'> & {
  readonly params?: Schema
  readonly returns?: Schema
}

const CACHE_BYTES = 32 * 1024 * 1024

export interface RuntimeOptions {
  readonly bundle: LoadedBundle
  readonly settings: RuntimeSettings
  readonly env: Environment
  readonly sink: LogSink
}

/**
 * Opens the project's databases and loads its modules.
 *
 * @throws BootError
 */
export async function createRuntime({ bundle, settings, env, sink }: RuntimeOptions): Promise<Runtime> {
  const { manifest } = bundle
  assertNodeVersion(manifest.runtime.node, process.versions.node)
  assertAuthAllowed(manifest, settings)
  const logAbout = (about: Readonly<Record<string, unknown>>): Log => createLog(sink, settings.logLevel, about)
  const log = logAbout({})
  const databases = await openDatabases(manifest, env)
  const metrics = createMetrics(Object.keys(manifest.logic), manifest.auth.issuers.map(({ issuer }) => issuer))
  return {
    manifest, settings, databases, metrics, sink, log, logAbout,
    logic: await loadLogic(bundle, databases),
    verifier: openVerifier(manifest, settings, log, metrics),
    cache: new ResultCache({ maxBytes: CACHE_BYTES }),
    calls: new RunningCalls(manifest.limits.concurrency),
  }
}

/** Releases what {@link createRuntime} opened. Calls that still run are ended. Never rejects. */
export async function closeRuntime(runtime: Runtime): Promise<void> {
  runtime.calls.stop()
  runtime.verifier.close()
  await Promise.all([...runtime.databases].map(async ([alias, driver]) => {
    try {
      await driver.close()
    } catch (error) {
      runtime.log.warn('a database does not close', { database: alias, error: describeError(error) })
    }
  }))
}

/** Reads `>=20.19` and the like; a range it cannot read is left to whoever wrote it. */
function assertNodeVersion(range: string, running: string): void {
  const [, least] = /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(range.trim()) ?? []
  if (least === undefined) return
  const wanted = least.split('.').map(Number)
  const found = running.split('.').map(Number)
  const differing = wanted.findIndex((part, at) => part !== found[at])
  if (differing === -1 || (found[differing] ?? 0) > (wanted[differing] ?? 0)) return
  throw new BootError('node_version', `The bundle needs Node ${range}; this is ${running}.`, 'Run the Bridge on a newer Node.')
}

async function openDatabases(manifest: Manifest, env: Environment): Promise<Map<string, DatabaseDriver>> {
  const secrets = readSecrets(manifest, env)
  const databases = new Map<string, DatabaseDriver>()
  for (const [alias, entry] of Object.entries(manifest.databases)) {
    const url = settingValue(entry.url, secrets)
    if (url === undefined) {
      throw new BootError('database_setting', `Database "${alias}" has no URL.`, `Set the secret that databases.${alias}.url names.`)
    }
    const authToken = entry.driver === 'libsql' && entry.authToken ? settingValue(entry.authToken, secrets) : undefined
    try {
      databases.set(alias, await openDatabase(alias, entry, { url, ...(authToken === undefined ? {} : { authToken }) }))
    } catch (error) {
      throw new BootError(
        'database_setting', `Database "${alias}" cannot be opened: ${error instanceof Error ? error.message : 'unknown failure'}`,
        `Check the value behind databases.${alias}.url.`, { cause: error },
      )
    }
  }
  return databases
}

async function loadLogic(bundle: LoadedBundle, databases: ReadonlyMap<string, DatabaseDriver>): Promise<Map<string, Logic>> {
  const { manifest } = bundle
  const loaded = await Promise.all(Object.entries(manifest.logic).map(async ([path, entry]): Promise<Logic> => entry.kind === 'module'
    ? moduleLogic(path, entry, manifest, await importModule(path, bundle.moduleUrl(entry.module)))
    : sqlLogic(path, entry, manifest, databases)))
  return new Map(loaded.map((logic) => [logic.path, logic]))
}

async function importModule(path: string, url: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(/* @vite-ignore */ url) as { readonly default?: unknown }
  } catch (error) {
    const { name, message } = describeError(error)
    throw brokenLogic(path, `Its module throws while it is loaded: ${String(name ?? 'Error')}: ${String(message)}`, error)
  }
}
