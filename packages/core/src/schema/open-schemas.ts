import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ResolvedConfig, ResolvedProject } from '../config/resolved.ts'
import { StkError, suggestion, type Report } from '../diagnostics/index.ts'
import type { PluginHost } from '../plugin/host.ts'
import type { SecretResolver } from '../secrets/resolver.ts'
import { isSecretRef, type MaybeSecret } from '../secrets/secret-ref.ts'
import { SecretValue } from '../secrets/secret-value.ts'
import type { Execution } from './apply/execute.ts'
import type { SchemaContext, SchemaDatabase, SchemaEngine, SchemaSource, SchemaSubject } from './contract.ts'
import { fileOf } from './database/libsql.ts'
import type { Planning } from './plan/plan-schema.ts'
import { findSchemaSources } from './sources/find-sources.ts'

/** What working on schemas needs of the world. */
export interface SchemaWorld {
  readonly config: ResolvedConfig
  readonly host: PluginHost
  readonly secrets: SecretResolver
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly report: Report
}

/** One alias that has a schema, ready to be planned and changed. */
export interface OpenSchema extends Planning {
  readonly limits: Execution['limits']
}

/**
 * The aliases of these projects that have schema files.
 *
 * @param aliases names; all of them if none is given.
 * @throws StkError STK6014 when there is none, or none of a name; STK6003.
 */
export async function findSchemas(world: Pick<SchemaWorld, 'config'>, projects: readonly ResolvedProject[], aliases: readonly string[] = []): Promise<readonly SchemaSubject[]> {
  const known = [...new Set(projects.flatMap((project) => Object.keys(project.databases)))]
  for (const alias of aliases) {
    if (!known.includes(alias)) throw new StkError('STK6014', { why: `There is no database "${alias}".`, fix: suggestion(alias, known) })
  }
  const subjects: SchemaSubject[] = []
  for (const project of projects) {
    for (const [alias, { driver }] of Object.entries(project.databases)) {
      if (aliases.length > 0 && !aliases.includes(alias)) continue
      const sources = await findSchemaSources(project.root, alias, world.config.root)
      if (sources.length === 0) continue
      subjects.push(subjectOf(project, { alias, driver }, sources))
    }
  }
  if (subjects.length > 0) return subjects
  const [alias = 'main'] = aliases.length > 0 ? aliases : known
  throw new StkError('STK6014', {
    why: known.length === 0 ? 'No database is declared.' : 'No database has a schema file.',
    fix: `Write what its schema is to be into schema/${alias}.sql of the project.`,
  })
}

/** What the files and the config say of one alias. */
export function subjectOf(project: ResolvedProject, { alias, driver }: Pick<SchemaSubject, 'alias' | 'driver'>, sources: readonly SchemaSource[]): SchemaSubject {
  const { schemas, exclude = [] } = project.schema?.databases[alias] ?? {}
  return { project: project.name, alias, driver, sources, schemas: driver === 'pg' ? schemas ?? ['public'] : [], exclude }
}

/**
 * Finds the engine and the way into the database.
 *
 * @throws StkError STK6001, STK3001
 */
export async function openSchema(subject: SchemaSubject, world: SchemaWorld): Promise<OpenSchema> {
  const project = world.config.projects.find(({ name }) => name === subject.project)
  if (project === undefined) throw new StkError('STK1004', { why: `The config has no project "${subject.project}".` })
  const { lockTimeout = 5000, statementTimeout = 0 } = project.schema?.databases[subject.alias] ?? {}
  return {
    subject,
    engine: engineFor(subject, world.host),
    database: await databaseOf(project, subject, world),
    limits: { lockTimeout, statementTimeout },
    ctx: contextOf(subject, world),
  }
}

/** The first engine that can plan a subject, with its failures and time put down to its plugin. @throws StkError STK6001 */
export function engineFor(subject: SchemaSubject, host: PluginHost): SchemaEngine {
  const found = findEngine(subject, host)
  if (found === undefined) throw noEngine(subject, host, `Comparing the schema of ${subject.project}.${subject.alias}`, 'plan')
  return found
}

/** The first engine that can load a subject whose files are not SQL. @throws StkError STK6001 */
export function findLoader(subject: SchemaSubject, host: PluginHost): SchemaEngine & Required<Pick<SchemaEngine, 'load'>> {
  const found = findEngine(subject, host, ({ load }) => load !== undefined)
  if (found?.load === undefined) throw noLoader(subject, host)
  return { ...found, load: found.load }
}

/** What to say where nothing loads a subject whose files are not SQL. */
export function noLoader(subject: SchemaSubject, host?: PluginHost): StkError {
  return noEngine(subject, host, `Loading ${pathsOf(subject)}`, 'load', 'Or say it in SQL, which needs no engine here.')
}

function noEngine(subject: SchemaSubject, host: PluginHost | undefined, what: string, verb: 'plan' | 'load', ...more: readonly string[]): StkError {
  const offered = host?.schemaEngines().map(({ engine }) => engine.name) ?? []
  return new StkError('STK6001', {
    why: offered.length === 0
      ? `${what} takes a schema engine, and no plugin offers one.`
      : `${offered.length === 1 ? `The engine ${offered[0] ?? ''} cannot` : `None of ${offered.join(', ')} can`} ${verb} ${pathsOf(subject)} for ${subject.driver}.`,
    fix: ['npm install --save-dev @santokit/plugin-schema-atlas', 'Then list it in the config: plugins: [atlas()]', ...more],
    project: subject.project,
  })
}

function pathsOf({ sources }: SchemaSubject): string {
  return sources.map(({ path }) => path).join(', ')
}

/** The same, or `undefined`. @param wanted what it has to be able to do besides. */
export function findEngine(subject: SchemaSubject, host: PluginHost, wanted: (engine: SchemaEngine) => boolean = () => true): SchemaEngine | undefined {
  const found = host.schemaEngines().find(({ engine }) => engine.supports(subject) && wanted(engine))
  if (found === undefined) return undefined
  const { engine, plugin } = found
  const attribute = <T>(method: string, work: () => Promise<T>): Promise<T> => host.attribute(plugin, `schema engine ${engine.name}: ${method}`, work)
  const { preflight, load } = engine
  return {
    name: engine.name,
    supports: (other) => engine.supports(other),
    ...(preflight === undefined ? {} : { preflight: (ctx) => attribute('preflight', () => preflight.call(engine, ctx)) }),
    plan: (database, other, ctx) => attribute('plan', () => engine.plan(database, other, ctx)),
    ...(load === undefined ? {} : { load: (database, other, ctx) => attribute('load', () => load.call(engine, database, other, ctx)) }),
  }
}

/** The way into one database, as `stk` itself takes it: with the schema's own role, where there is one. @throws StkError STK3001 */
export async function databaseOf(project: ResolvedProject, { alias, driver }: Pick<SchemaSubject, 'alias' | 'driver'>, world: Pick<SchemaWorld, 'config' | 'secrets'>): Promise<SchemaDatabase> {
  const entry = project.databases[alias]
  const own = project.schema?.databases[alias]
  const url = await valueOf(own?.url ?? entry?.url ?? '', project, world)
  if (url === undefined) throw new StkError('STK3001', { why: `The database "${alias}" has no URL.`, project: project.name })
  const token = own?.authToken ?? (entry?.driver === 'libsql' ? entry.authToken : undefined)
  const authToken = token === undefined ? undefined : await valueOf(token, project, world)
  return { driver, url: fromRoot(url, driver, world.config.root), ...(authToken === undefined ? {} : { authToken }) }
}

/** A relative file begins at the repository root, wherever `stk` was called. */
function fromRoot(url: SecretValue, driver: SchemaDatabase['driver'], root: string): SecretValue {
  const file = fileOf({ driver, url })
  return file === undefined || isAbsolute(file) ? url : new SecretValue(pathToFileURL(resolve(root, file)).href)
}

async function valueOf(value: MaybeSecret, project: ResolvedProject, { secrets }: Pick<SchemaWorld, 'secrets'>): Promise<SecretValue | undefined> {
  if (!isSecretRef(value)) return new SecretValue(value)
  const result = (await secrets.resolve(project, [value.secret])).get(value.secret)
  if (result !== undefined && 'value' in result) return result.value
  if (value.optional === true) return undefined
  throw new StkError('STK3001', {
    why: `${value.secret}: ${result?.why ?? 'it is not set.'}`,
    fix: result?.fix ?? `export ${value.secret}=…, or say where it is kept: projects.${project.name}.secrets.${value.secret}`,
    project: project.name,
  })
}

/** What an engine sees of the world while it works on a subject. */
export function contextOf({ project, alias }: SchemaSubject, { config, env, signal, report }: Pick<SchemaWorld, 'config' | 'env' | 'signal' | 'report'>): SchemaContext {
  return {
    root: config.root,
    environment: config.environment,
    env,
    signal,
    progress: (message) => report({ type: 'phase:progress', phase: 'schema', project, target: alias, message }),
    warn: (message) => report({ type: 'note', level: 'warn', project, target: alias, message }),
  }
}
