import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Queryable } from '@santokit/bridge'
import type { ResolvedProject } from '../config/resolved.ts'
import { positionAt } from '../diagnostics/frame.ts'
import { StkError, type SourceLocation } from '../diagnostics/error.ts'
import type { DevDatabase } from './embedded-databases.ts'
import type { OpenHcl } from './load-hcl.ts'
import { inLoadSession, type LoadSession } from './load-session.ts'
import type { SchemaDatabase } from '../schema/contract.ts'
import { noLoader, subjectOf } from '../schema/open-schemas.ts'
import { findSchemaSources } from '../schema/sources/find-sources.ts'
import { failureOffset } from '../schema/sources/load-sql.ts'
import { splitStatements } from '../schema/sources/statements.ts'
import { SecretValue } from '../secrets/secret-value.ts'

export interface LoadOptions {
  readonly project: ResolvedProject
  /** Which of the project's databases to load. Any other is not touched. */
  readonly databases: readonly DevDatabase[]
  /** The repository root, for paths in messages. */
  readonly root: string
  readonly signal?: AbortSignal
  /** Loads HCL files, see {@link hclLoader}. Without it they are an error. */
  readonly openHcl?: OpenHcl
}

/** What was done to one database. */
export interface LoadedDatabase {
  readonly alias: string
  /**
   * `loaded` into an empty database · `reloaded` after its files changed · `unchanged` since it was loaded ·
   * `kept` because it is somebody's own and not empty · `no-schema` to load
   */
  readonly action: 'loaded' | 'reloaded' | 'unchanged' | 'kept' | 'no-schema'
  /** Schema and seed files, in the order they are loaded, relative to the repository root. */
  readonly files: readonly string[]
}

/** What a `seed/<alias>.mjs` exports as its default. */
export type Seed = (context: { readonly db: Queryable }) => Promise<void> | void

/**
 * Loads `schema/<alias>.sql` or `.hcl` (or those in `schema/<alias>/` in the order of their paths) and then `seed/<alias>.sql` and
 * `seed/<alias>.mjs` into databases that are empty, and anew into throw-away databases whose files have changed since.
 *
 * One transaction a database: when anything fails, it is as it was. HCL is loaded by an engine in a session of its own, so that
 * a throw-away database is left empty when HCL, or a seed after it, fails; the next call loads it again.
 *
 * @throws StkError STK5003 at the statement that failed; STK6001, STK6002 and STK6003 for HCL, and for HCL and SQL mixed.
 */
export async function loadSchemaAndSeed(options: LoadOptions): Promise<readonly LoadedDatabase[]> {
  const done: LoadedDatabase[] = []
  for (const database of options.databases) {
    options.signal?.throwIfAborted()
    done.push(await loadDatabase(options, database))
  }
  return done
}

async function loadDatabase(options: LoadOptions, database: DevDatabase): Promise<LoadedDatabase> {
  const { project, root, openHcl = noHcl } = options
  const schema = await findSchemaSources(project.root, database.alias, root)
  const seeds = await seedsOf(project, database.alias, root)
  const files = [...schema.map(({ path, text }) => ({ file: path, text })), ...seeds]
  const loaded = (action: LoadedDatabase['action']): LoadedDatabase => ({
    alias: database.alias, action, files: files.map(({ file }) => file),
  })
  if (files.length === 0) return loaded('no-schema')
  const hash = createHash('sha256').update(JSON.stringify(files.map(({ file, text }) => [file, text]))).digest('hex')
  const isHcl = schema[0]?.kind === 'hcl'
  const outcome = await inLoadSession(database, async (session) => {
    const before = await session.remembered()
    if (before === hash) return { action: 'unchanged' } as const
    const isEmpty = await session.isEmpty()
    if (!isEmpty && !database.throwaway) return { action: 'kept' } as const
    // Asked for before anything is cleared.
    const loadHcl = isHcl ? await openHcl(subjectOf(project, database, schema)) : undefined
    if (!isEmpty || (loadHcl !== undefined && database.throwaway)) await session.clear()
    const action = isEmpty ? 'loaded' : 'reloaded'
    if (loadHcl !== undefined) return { action, loadHcl } as const
    for (const { path, text } of schema) await runScript(session, { file: path, text }, database.driver, options)
    await runSeeds(session, seeds, database.driver, options)
    await session.remember(hash)
    return { action } as const
  })
  if (outcome.loadHcl !== undefined) await loadThroughEngine(outcome.loadHcl, database, async (session) => {
    await runSeeds(session, seeds, database.driver, options)
    await session.remember(hash)
  })
  return loaded(outcome.action)
}

/** Leaves nothing behind when it fails, so that what is half there is never served. */
async function loadThroughEngine(
  loadHcl: (database: SchemaDatabase) => Promise<void>, database: DevDatabase, seed: (session: LoadSession) => Promise<void>,
): Promise<void> {
  try {
    await loadHcl({ driver: database.driver, url: new SecretValue(database.url) })
    await inLoadSession(database, seed)
  } catch (error) {
    if (database.throwaway) await inLoadSession(database, (session) => session.clear())
    throw error
  }
}

const noHcl: OpenHcl = (subject) => Promise.reject(noLoader(subject))
interface SourceFile {
  /** Relative to the repository root, with `/`. */
  readonly file: string
  readonly text: string
}

interface SeedFile extends SourceFile {
  /** Absolute. */
  readonly path: string
}

async function seedsOf(project: ResolvedProject, alias: string, root: string): Promise<readonly SeedFile[]> {
  const files: SeedFile[] = []
  for (const path of ['sql', 'mjs'].map((kind) => join(project.root, 'seed', `${alias}.${kind}`))) {
    const text = await readFile(path, 'utf8').catch(absent)
    if (text !== undefined) files.push({ path, file: relative(root, path).split(sep).join('/'), text })
  }
  return files
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw error
}

async function runSeeds(session: LoadSession, seeds: readonly SeedFile[], driver: DevDatabase['driver'], options: LoadOptions): Promise<void> {
  for (const file of seeds) {
    if (file.path.endsWith('.mjs')) await runSeedModule(session, file, options.project.name)
    else await runScript(session, file, driver, options)
  }
}

async function runScript(session: LoadSession, { file, text }: SourceFile, driver: DevDatabase['driver'], { project, signal }: LoadOptions): Promise<void> {
  for (const statement of splitStatements(text, driver)) {
    signal?.throwIfAborted()
    await session.run(statement.text).catch((cause: unknown) => {
      const position = positionAt(text, failureOffset(statement, cause))
      throw failed(cause, { file, ...position, text }, project.name)
    })
  }
}

async function runSeedModule(session: LoadSession, source: SeedFile, project: string): Promise<void> {
  const where: SourceLocation = { file: source.file }
  // The query makes an edited file a new module.
  const version = createHash('sha256').update(source.text).digest('hex').slice(0, 12)
  const module = await importModule(`${pathToFileURL(source.path).href}?v=${version}`).catch((cause: unknown) => {
    throw failed(cause, where, project)
  })
  if (typeof module.default !== 'function') {
    throw new StkError('STK5003', {
      why: `${source.file} has no default export that is a function.`, where, project,
      fix: 'export default async ({ db }) => { await db.exec(\'insert into …\') }',
    })
  }
  try {
    await (module.default as Seed)({ db: session.db })
  } catch (cause) {
    throw failed(cause, { ...where, ...lineInStack(cause, source), text: source.text }, project)
  }
}

async function importModule(url: string): Promise<{ readonly default?: unknown }> {
  return (await import(url)) as { readonly default?: unknown }
}

function failed(cause: unknown, where: SourceLocation, project: string): StkError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const detail = (cause as { detail?: unknown } | null)?.detail
  return new StkError('STK5003', { why: typeof detail === 'string' ? `${message} (${detail})` : message, where, project, cause })
}

function lineInStack(cause: unknown, source: SeedFile): { readonly line?: number; readonly column?: number } {
  const name = source.path.split(sep).at(-1) ?? source.path
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  for (const line of stack.split('\n')) {
    const place = /:(\d+):(\d+)\)?$/.exec(line)
    if (place !== null && line.includes(`${name}?v=`)) return { line: Number(place[1]), column: Number(place[2]) }
  }
  return {}
}
