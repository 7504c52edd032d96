import { createVerifier, type Verifier } from './auth/index.ts'
import { BootError } from './boot-error.ts'
import { ResultCache } from './cache/result-cache.ts'
import { type DatabaseDriver, openDatabase } from './database/index.ts'
import type { LoadedBundle } from './load/index.ts'
import { createLog, describeError, type LogSink } from './log.ts'
import type { Log, LogicDefinition, Schema } from './logic.ts'
import { createMetrics, type Metrics } from './observe/index.ts'
import type { Manifest, ModuleLogicEntry, SqlLogicEntry } from './manifest/format.ts'
import { type CheckInputs, compileInputs } from './params/index.ts'
import { RunningCalls } from './running-calls.ts'
import { type Environment, readSecrets, type ServerSettings, settingValue } from './settings/index.ts'

/** A project, ready to be called. Nothing in it is replaced while it serves. */
export interface Runtime {
  readonly manifest: Manifest
  readonly settings: ServerSettings
  readonly logic: ReadonlyMap<string, Logic>
  readonly databases: ReadonlyMap<string, DatabaseDriver>
  readonly verifier: Verifier
  readonly cache: ResultCache
  readonly calls: RunningCalls
  /** Where every line of the log goes. */
  readonly sink: LogSink
  readonly metrics: Metrics
  readonly log: Log
  /** A log whose lines carry `about`. */
  logAbout(about: Readonly<Record<string, unknown>>): Log
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
  readonly settings: ServerSettings
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

function assertAuthAllowed(manifest: Manifest, settings: ServerSettings): void {
  if (manifest.auth.mode !== 'none' || settings.dev) return
  throw new BootError(
    'auth_disabled', "The project has auth: 'none', so anybody could call everything.",
    'Name an issuer under `auth.issuers`. On your own machine, set STK_DEV=1.',
  )
}

function openVerifier(manifest: Manifest, settings: ServerSettings, log: Log, metrics: Metrics): Verifier {
  try {
    return createVerifier(manifest.auth, {
      ...(settings.devIssuer === undefined ? {} : { devIssuer: settings.devIssuer }),
      onEvent: (event) => {
        const { type, ...fields } = event
        metrics.auth.listen(event)
        log[type === 'keys_fetched' ? 'info' : 'warn'](type, fields)
      },
    })
  } catch (error) {
    const why = error instanceof Error ? error.message : 'An issuer cannot be used.'
    throw new BootError('auth_setting', why, 'Correct `auth.issuers` and build the bundle again.', { cause: error })
  }
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
  const entries = Object.entries(manifest.logic)
  const loaded = await Promise.all(entries.map(async ([path, entry]): Promise<Logic> => {
    const timeout = entry.timeout ?? manifest.limits.timeout
    if (entry.kind === 'module') {
      return { kind: 'module', path, entry, timeout, definition: await importDefinition(path, bundle.moduleUrl(entry.module)) }
    }
    const driver = databases.get(entry.database)
    if (!driver) throw broken(path, `It uses database "${entry.database}", which the manifest does not have.`)
    return { kind: 'sql', path, entry, timeout, driver, check: compileCheck(path, entry) }
  }))
  return new Map(loaded.map((logic) => [logic.path, logic]))
}

function compileCheck(path: string, entry: SqlLogicEntry): CheckInputs {
  try {
    return compileInputs(entry.inputs)
  } catch (error) {
    throw broken(path, error instanceof Error ? error.message : 'Its parameters cannot be read.', error)
  }
}

async function importDefinition(path: string, url: string): Promise<LoadedDefinition> {
  let module: { readonly default?: unknown }
  try {
    module = await import(/* @vite-ignore */ url) as typeof module
  } catch (error) {
    const { name, message } = describeError(error)
    throw broken(path, `Its module throws while it is loaded: ${String(name ?? 'Error')}: ${String(message)}`, error)
  }
  const definition = module.default
  if (!isDefinition(definition)) throw broken(path, 'The default export of its module is not a `defineLogic` value.')
  return definition
}

function isDefinition(value: unknown): value is LoadedDefinition {
  if (typeof value !== 'object' || value === null) return false
  const { handler, params, returns } = value as Record<string, unknown>
  return typeof handler === 'function' && [params, returns].every((schema) => schema === undefined || isSchema(schema))
}

/** Some libraries' schemas are functions. */
function isSchema(value: unknown): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value
}

function broken(path: string, why: string, cause?: unknown): BootError {
  return new BootError('logic_broken', `The logic ${path} cannot be served. ${why}`, 'Build the bundle again with `stk bundle`.', { cause })
}
