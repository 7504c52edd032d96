import { BootError } from '../boot-error.ts'
import { DatabaseError, type DatabaseDriver } from '../database/driver.ts'
import { createLog } from '../log.ts'
import type { Log } from '../logic.ts'
import { moduleLogic, sqlLogic } from '../logic-table.ts'
import { type DatabaseEntry, type Manifest, MANIFEST_VERSION } from '../manifest/format.ts'
import { assertAuthAllowed, openVerifier } from '../project-auth.ts'
import type { Runtime, RuntimeMetrics } from '../runtime.ts'
import { collectSecrets, type Secrets, settingValue } from '../settings/secrets.ts'
import { PerCallDriver } from './call-database.ts'
import { WorkerCalls } from './calls.ts'
import type { OpenCallDatabase, WorkerDatabaseSettings, WorkerEnvironment, WorkerProject } from './contract.ts'
import { type AnswerStore, DataCentreCache } from './result-cache.ts'
import { readWorkerSettings, textOf } from './settings.ts'

/** What a Worker's platform gives. */
export interface WorkerPlatform {
  /** Takes a line of the log. */
  readonly sink: (line: string) => void
  /** Keeps the request that runs now alive until `work` settles. */
  readonly later: (work: Promise<unknown>) => void
  readonly store: AnswerStore
}

/** On a Worker there is no process that could be asked how much it did. */
const NO_METRICS: RuntimeMetrics = { calls: { count() {}, families: () => [] }, auth: { listen() {}, families: () => [] } }

/**
 * The runtime of a Worker's project. Opens nothing: what is opened belongs to a call.
 *
 * @throws BootError
 */
export function createWorkerRuntime(project: WorkerProject, env: WorkerEnvironment, { sink, later, store }: WorkerPlatform): Runtime {
  const { manifest, modules = {} } = project
  assertVersion(manifest)
  const settings = readWorkerSettings(env)
  assertAuthAllowed(manifest, settings)
  const logAbout = (about: Readonly<Record<string, unknown>>): Log => createLog(sink, settings.logLevel, about)
  const log = logAbout({})
  const databases = openDatabases(project, env)
  const logic = Object.entries(manifest.logic).map(([path, entry]) => entry.kind === 'sql'
    ? sqlLogic(path, entry, manifest, databases)
    : moduleLogic(path, entry, manifest, Object.hasOwn(modules, entry.module) ? modules[entry.module] : undefined))
  return {
    manifest, settings, databases, sink, log, logAbout,
    metrics: NO_METRICS,
    logic: new Map(logic.map((one) => [one.path, one])),
    verifier: openVerifier(manifest, settings, log, NO_METRICS),
    cache: new DataCentreCache(store, later),
    calls: new WorkerCalls(manifest.limits.concurrency, later),
  }
}

function assertVersion({ manifestVersion }: Manifest): void {
  if (manifestVersion === MANIFEST_VERSION) return
  throw new BootError(
    'manifest_version', `This Bridge reads manifest version ${MANIFEST_VERSION}; the project has ${JSON.stringify(manifestVersion)}.`,
    'Package the Worker with the Santokit version that built the bundle.',
  )
}

function openDatabases({ manifest, drivers = {}, hyperdrive = {} }: WorkerProject, env: WorkerEnvironment): Map<string, DatabaseDriver> {
  const secrets = readSecrets(manifest, hyperdrive, env)
  return new Map(Object.entries(manifest.databases).map(([alias, entry]) => {
    const open = drivers[entry.driver] as OpenCallDatabase | undefined
    if (open === undefined) {
      throw new BootError(
        'database_setting', `Database "${alias}" needs the driver ${entry.driver}, which the Worker does not have.`,
        `Import it from @santokit/bridge/worker/${entry.driver}, and pass it on in \`drivers\`.`,
      )
    }
    const settings = hyperdrive[alias] === undefined
      ? settingsOf(alias, entry, secrets)
      : { url: hyperdriveUrl(alias, hyperdrive[alias], env), hyperdrive: true }
    // Opened once for nothing: a URL that is no good is found out here, and not by the first call.
    openOrRefuse(() => open(alias, entry, settings), alias)
    return [alias, new PerCallDriver(alias, () => open(alias, entry, settings))]
  }))
}

/** The URL of an alias that is reached through Hyperdrive is nobody's secret but Hyperdrive's. */
function readSecrets(manifest: Manifest, hyperdrive: Readonly<Record<string, string>>, env: WorkerEnvironment): Secrets {
  const replaced = new Set(Object.keys(hyperdrive).map((alias) => `databases.${alias}.url`))
  const databases = Object.fromEntries(Object.entries(manifest.databases).filter(([alias]) => hyperdrive[alias] === undefined))
  const secrets = manifest.secrets.filter(({ usedBy }) => usedBy.length === 0 || usedBy.some((place) => !replaced.has(place)))
  return collectSecrets({ secrets, databases }, (name) => textOf(env, name), (name) =>
    `Set each as a secret of the Worker: \`stk secrets push\`, or \`wrangler secret put ${name}\`.`)
}

function settingsOf(alias: string, entry: DatabaseEntry, secrets: Secrets): WorkerDatabaseSettings {
  const url = settingValue(entry.url, secrets)
  if (url === undefined) {
    throw new BootError('database_setting', `Database "${alias}" has no URL.`, `Set the secret that databases.${alias}.url names.`)
  }
  const authToken = entry.driver === 'libsql' && entry.authToken ? settingValue(entry.authToken, secrets) : undefined
  return { url, hyperdrive: false, ...(authToken === undefined ? {} : { authToken }) }
}

function hyperdriveUrl(alias: string, binding: string, env: WorkerEnvironment): string {
  const { connectionString } = (env[binding] ?? {}) as { readonly connectionString?: unknown }
  if (typeof connectionString === 'string') return connectionString
  throw new BootError(
    'database_setting', `Database "${alias}" is reached through the Hyperdrive binding ${binding}, which the Worker does not have.`,
    `Bind it: name its id under \`hyperdrive\` of the target.`,
  )
}

function openOrRefuse(open: () => unknown, alias: string): void {
  try {
    open()
  } catch (error) {
    throw new BootError(
      'database_setting', `Database "${alias}" cannot be opened: ${error instanceof DatabaseError ? error.message : 'unknown failure'}`,
      `Check the value behind databases.${alias}.url.`, { cause: error },
    )
  }
}
