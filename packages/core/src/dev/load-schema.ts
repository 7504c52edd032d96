import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Queryable } from '@santokit/bridge'
import type { ResolvedProject } from '../config/resolved.ts'
import { positionAt } from '../diagnostics/frame.ts'
import { StkError, type SourceLocation } from '../diagnostics/error.ts'
import type { DevDatabase } from './embedded-databases.ts'
import { inLoadSession, type LoadSession } from './load-session.ts'
import { failureOffset } from '../schema/sources/load-sql.ts'
import { splitStatements } from '../schema/sources/statements.ts'

export interface LoadOptions {
  readonly project: ResolvedProject
  /** Which of the project's databases to load. Any other is not touched. */
  readonly databases: readonly DevDatabase[]
  /** The repository root, for paths in messages. */
  readonly root: string
  readonly signal?: AbortSignal
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
 * Loads `schema/<alias>.sql` (or `schema/<alias>/*.sql` in the order of their names) and then `seed/<alias>.sql` and
 * `seed/<alias>.mjs` into databases that are empty, and anew into throw-away databases whose files have changed since.
 *
 * One transaction a database: when anything fails, it is as it was.
 *
 * @throws StkError STK5003 at the statement that failed.
 */
export async function loadSchemaAndSeed(options: LoadOptions): Promise<readonly LoadedDatabase[]> {
  const done: LoadedDatabase[] = []
  for (const database of options.databases) {
    options.signal?.throwIfAborted()
    done.push(await loadDatabase(options, database))
  }
  return done
}

async function loadDatabase({ project, root, signal }: LoadOptions, database: DevDatabase): Promise<LoadedDatabase> {
  const files = await sourcesOf(project, database.alias, root)
  const loaded = (action: LoadedDatabase['action']): LoadedDatabase => ({
    alias: database.alias, action, files: files.map(({ file }) => file),
  })
  if (files.length === 0) return loaded('no-schema')
  const hash = createHash('sha256').update(JSON.stringify(files.map(({ file, text }) => [file, text]))).digest('hex')
  return inLoadSession(database, async (session) => {
    const before = await session.remembered()
    if (before === hash) return loaded('unchanged')
    const isEmpty = await session.isEmpty()
    if (!isEmpty && !database.throwaway) return loaded('kept')
    if (!isEmpty) await session.clear()
    for (const file of files) {
      if (file.path.endsWith('.mjs')) await runSeedModule(session, file, project.name)
      else await runScript(session, file, database.driver, project.name, signal)
    }
    await session.remember(hash)
    return loaded(isEmpty ? 'loaded' : 'reloaded')
  })
}

interface SourceFile {
  /** Absolute. */
  readonly path: string
  /** Relative to the repository root, with `/`. */
  readonly file: string
  readonly text: string
}

async function sourcesOf(project: ResolvedProject, alias: string, root: string): Promise<SourceFile[]> {
  const schema = join(project.root, 'schema')
  const parts = (await list(join(schema, alias))).filter((name) => name.endsWith('.sql')).sort()
  const candidates = [
    join(schema, `${alias}.sql`),
    ...parts.map((name) => join(schema, alias, name)),
    join(project.root, 'seed', `${alias}.sql`),
    join(project.root, 'seed', `${alias}.mjs`),
  ]
  const files: SourceFile[] = []
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch(absent)
    if (text !== undefined) files.push({ path, file: relative(root, path).split(sep).join('/'), text })
  }
  return files
}

async function list(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? []
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw error
}

async function runScript(
  session: LoadSession, source: SourceFile, driver: DevDatabase['driver'], project: string, signal: AbortSignal | undefined,
): Promise<void> {
  for (const statement of splitStatements(source.text, driver)) {
    signal?.throwIfAborted()
    await session.run(statement.text).catch((cause: unknown) => {
      const position = positionAt(source.text, failureOffset(statement, cause))
      throw failed(cause, { file: source.file, ...position, text: source.text }, project)
    })
  }
}

async function runSeedModule(session: LoadSession, source: SourceFile, project: string): Promise<void> {
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

function lineInStack(cause: unknown, source: SourceFile): { readonly line?: number; readonly column?: number } {
  const name = source.path.split(sep).at(-1) ?? source.path
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  for (const line of stack.split('\n')) {
    const place = /:(\d+):(\d+)\)?$/.exec(line)
    if (place !== null && line.includes(`${name}?v=`)) return { line: Number(place[1]), column: Number(place[2]) }
  }
  return {}
}
