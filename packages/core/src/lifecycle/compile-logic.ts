import { readFileSync } from 'node:fs'
import {
  canonicalJson, digestOf, type Access, type CacheEntry, type Digest, type JsonSchema, type LogicEntry, type SqlLogicEntry,
} from '@santokit/bridge/manifest'
import { join, relative } from 'pathe'
import { VERSION } from '../version.ts'
import type { ArtifactFile } from '../artifact/index.ts'
import type { ResolvedConfig, ResolvedProject } from '../config/resolved.ts'
import { isStkError, StkError, throwAll } from '../diagnostics/index.ts'
import { parseDuration, readSqlSource, resolveAccess, scanLogic, unmatchedPermissions, type LogicFile } from '../logic/index.ts'
import { bundleModules, evaluateModules, modulePath, type EvaluatedModule, type Evaluation } from '../modules/index.ts'
import type { BuildCache } from './build-cache.ts'
import type { DevelopmentBuild } from './context.ts'

export interface CompiledLogic {
  /** By path, in order. */
  readonly entries: ReadonlyMap<string, LogicEntry>
  /** The modules that {@link entries} name, and their chunks. Paths below `bundle/`. */
  readonly files: readonly ArtifactFile[]
}

/**
 * Finds and compiles all logic of a project. What did not change since the last build comes from `cache`.
 *
 * @throws StkError with every problem in the project's logic at once.
 */
export async function compileLogic(
  project: ResolvedProject,
  config: Pick<ResolvedConfig, 'root'>,
  cache: BuildCache,
  signal: AbortSignal,
  development?: DevelopmentBuild,
): Promise<CompiledLogic> {
  const found = await scanLogic(project.root, config.root)
  const sql = found.filter((file) => file.kind === 'sql')
  const modules = found.filter((file) => file.kind === 'module')
  const [statements, bundled] = await Promise.allSettled([
    compileStatements(sql, project, config.root, cache),
    compileModules(modules, config.root, cache, signal, development),
  ])
  throwAll([statements, bundled].flatMap((result) => (result.status === 'rejected' ? problems(result.reason) : [])))
  if (statements.status === 'rejected' || bundled.status === 'rejected') throw new Error('unreachable')

  const own = [...statements.value, ...bundled.value.entries]
  const paths = own.map(([path]) => path)
  throwAll(unmatchedPermissions(paths, project.permissions).map((pattern) => new StkError('STK2013', {
    why: `The permission "${pattern}" of project "${project.name}" matches no logic.`,
    configPath: `projects.${project.name}.permissions.${pattern}`,
    fix: 'Correct the pattern or remove it: a permission that protects nothing hides a mistake.',
  })))
  const entries = own
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, entry]) => [path, withPermission(path, entry, project)] as const)
  return { entries: new Map(entries), files: bundled.value.files }
}

type NamedEntry = readonly [path: string, entry: LogicEntry]

async function compileStatements(
  files: readonly LogicFile[],
  project: ResolvedProject,
  root: string,
  cache: BuildCache,
): Promise<NamedEntry[]> {
  const drivers = Object.fromEntries(Object.entries(project.databases).map(([alias, { driver }]) => [alias, { driver }]))
  const scope = { databases: drivers }
  const salt = canonicalJson([VERSION, scope])
  const known = (await cache.read<Record<string, SqlLogicEntry>>('sql')) ?? {}
  const used: Record<string, SqlLogicEntry> = {}
  let changed = false
  const failures: StkError[] = []
  const entries: NamedEntry[] = []
  for (const file of files) {
    try {
      const source = readSqlSource(file, root)
      const key = digestOf(JSON.stringify([salt, source.path, source.source, source.text, source.twin?.text]))
      // The compiler is loaded once something has to be compiled.
      const entry = known[key] ?? (await import('../logic/compile.ts')).compileSql(source, scope)
      changed ||= !(key in known)
      used[key] = entry
      entries.push([source.path, entry])
    } catch (error) {
      failures.push(...problems(error))
    }
  }
  throwAll(failures)
  if (changed || Object.keys(known).length !== Object.keys(used).length) await cache.write('sql', used)
  return entries
}

interface ModulesCache {
  readonly key: Digest
  /** Paths are relative to the root. */
  readonly inputs: Readonly<Record<string, Digest>>
  readonly files: readonly { readonly path: string; readonly code: string }[]
  readonly evaluations: Readonly<Record<string, Evaluation>>
}

async function compileModules(
  files: readonly LogicFile[],
  root: string,
  cache: BuildCache,
  signal: AbortSignal,
  development: DevelopmentBuild | undefined,
): Promise<{ readonly entries: NamedEntry[]; readonly files: readonly ArtifactFile[] }> {
  if (files.length === 0) return { entries: [], files: [] }
  const key = digestOf(canonicalJson([VERSION, files.map((file) => [file.path, file.source])]))
  const name = development === undefined ? 'modules' : 'modules-dev'
  const known = await cache.read<ModulesCache>(name)
  const fresh = known !== undefined && known.key === key && inputsUnchanged(known.inputs, root)
  if (fresh) for (const file of Object.keys(known.inputs)) development?.onInput(join(root, file))
  const result = fresh ? known : await bundleAndEvaluate(key, files, root, signal, development)
  const entries = moduleEntries(files, result.evaluations, root)
  if (!fresh) await cache.write(name, result)
  return { entries, files: result.files.map(({ path, code }) => moduleFile(path, code)) }
}

async function bundleAndEvaluate(
  key: Digest, files: readonly LogicFile[], root: string, signal: AbortSignal, development: DevelopmentBuild | undefined,
): Promise<ModulesCache> {
  const bundled = await bundleModules(files, root, development && { ...development, folder: join(root, '.santokit/cache/packages') })
  const modules = files.map((file) => modulePath(file.path))
  const evaluations = await evaluateModules(bundled.files, modules, signal)
  return {
    key,
    inputs: Object.fromEntries([...bundled.inputs].map(([file, digest]) => [relative(root, file), digest])),
    files: bundled.files.map(({ path, bytes }) => ({ path, code: new TextDecoder().decode(bytes) })),
    evaluations: Object.fromEntries(evaluations),
  }
}

function inputsUnchanged(inputs: Readonly<Record<string, Digest>>, root: string): boolean {
  return Object.entries(inputs).every(([file, digest]) => {
    try {
      return digestOf(readFileSync(`${root}/${file}`, 'utf8')) === digest
    } catch {
      return false
    }
  })
}

function moduleFile(path: string, code: string): ArtifactFile {
  const bytes = new TextEncoder().encode(code)
  return { path, bytes, digest: digestOf(bytes) }
}

function moduleEntries(files: readonly LogicFile[], evaluations: Readonly<Record<string, Evaluation>>, root: string): NamedEntry[] {
  const failures: StkError[] = []
  const entries = files.flatMap((file): NamedEntry[] => {
    const evaluation = evaluations[modulePath(file.path)]
    const place = { where: { file: relative(root, file.file) } }
    if (evaluation === undefined || !evaluation.ok) {
      failures.push(loadFailure(evaluation, place))
      return []
    }
    try {
      return [[file.path, moduleEntry(file, evaluation.logic)]]
    } catch (error) {
      failures.push(...problems(error).map((problem) => problem.with(place)))
      return []
    }
  })
  throwAll(failures)
  return entries
}

function loadFailure(evaluation: Extract<Evaluation, { ok: false }> | undefined, place: { readonly where: { readonly file: string } }): StkError {
  const why = evaluation?.problem ?? 'It did not load.'
  if (evaluation?.reason === 'not-logic') {
    return new StkError('STK2008', { ...place, why, fix: 'export default defineLogic({ … }), or begin the name of a shared module with "_" outside logic/.' })
  }
  if (evaluation?.reason === 'schema') return new StkError('STK2008', { ...place, why })
  return new StkError('STK2007', {
    ...place, why,
    fix: 'Move what needs a database, a secret or the network from module scope into the handler: a build has none of them.',
  })
}

const NO_PARAMS: JsonSchema = { type: 'object', properties: {}, additionalProperties: false }

function moduleEntry(file: LogicFile, logic: EvaluatedModule): LogicEntry {
  const access = parseAccess(logic.access ?? 'authenticated')
  if (logic.cache !== undefined && logic.cache !== null && access !== 'public') {
    throw new StkError('STK2012', { why: `"${file.path}" has a cache but is not public.`, fix: "Set access: 'public', or remove cache." })
  }
  return {
    kind: 'module',
    access,
    private: file.private,
    source: file.source,
    ...(typeof logic.description === 'string' ? { description: logic.description } : {}),
    params: logic.params === undefined ? NO_PARAMS : withoutDialect(logic.params),
    ...(logic.returns === undefined ? {} : { returns: withoutDialect(logic.returns) }),
    ...(logic.cache === undefined || logic.cache === null ? {} : { cache: parseCache(logic.cache) }),
    ...(logic.timeout === undefined || logic.timeout === null ? {} : { timeout: parseTime(logic.timeout, 'timeout') }),
    module: modulePath(file.path),
  }
}

function parseAccess(value: unknown): Access {
  if (value === 'public' || value === 'authenticated') return value
  if (Array.isArray(value) && value.length > 0 && value.every((role) => typeof role === 'string' && role !== '')) return value as string[]
  throw new StkError('STK2008', { why: `Its access is ${JSON.stringify(value)}.`, fix: "Use 'public', 'authenticated' or a list of roles." })
}

function parseCache(value: unknown): CacheEntry {
  if (typeof value !== 'object' || value === null) return { ttl: parseTime(value, 'cache') }
  const { ttl, staleWhileRevalidate } = value as { ttl?: unknown; staleWhileRevalidate?: unknown }
  return {
    ttl: parseTime(ttl, 'cache.ttl'),
    ...(staleWhileRevalidate === undefined ? {} : { staleWhileRevalidate: parseTime(staleWhileRevalidate, 'cache.staleWhileRevalidate') }),
  }
}

function parseTime(value: unknown, name: string): number {
  const ms = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined
  if (ms === undefined || ms <= 0) throw new StkError('STK2008', { why: `Its ${name} is ${JSON.stringify(value)}.`, fix: "Use a duration such as '30s'." })
  return ms
}

/** The dialect is the same everywhere in a manifest and would only repeat. */
function withoutDialect({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  return schema
}

function withPermission(path: string, entry: LogicEntry, project: ResolvedProject): LogicEntry {
  // A glob speaks of what clients can call. Private logic is protected by having no door, so only its exact name means it.
  const access = entry.private ? project.permissions[path] ?? entry.access : resolveAccess(path, entry.access, project.permissions)
  if (access !== 'public' && entry.cache !== undefined) {
    throw new StkError('STK2012', {
      why: `"${path}" is cached, and the project's permissions make it ${JSON.stringify(access)}: one caller would be given another's answer.`,
      fix: 'Remove the cache, or the permission.',
      where: { file: relative(project.root, join(project.root, entry.source)) },
    })
  }
  return { ...entry, access }
}

/** The StkErrors within a failure, its companions included. Anything else is not ours to explain and is thrown on. */
function problems(error: unknown): StkError[] {
  if (!isStkError(error)) throw error
  const { others = [], ...details } = error.details
  return [new StkError(error.code, details), ...others]
}
