import type { Access, JsonSchema, LogicEntry, Manifest } from '@santokit/bridge/manifest'
import type { Bundle } from '../../artifact/index.ts'
import type { ResolvedProject } from '../../config/resolved.ts'
import type { ListenerPlace, PluginHost } from '../../plugin/host.ts'
import type { Plugin } from '../../plugin/contract.ts'
import type { Reload } from '../reload-record.ts'
import type { DescribedError } from './describe-error.ts'

/** Everything the explorer's page shows, as it is now. */
export interface ExplorerState {
  readonly santokit: string
  readonly environment: string
  readonly project: string
  /** Every project that is served, each at its own address. */
  readonly projects: readonly { readonly name: string; readonly url: string }[]
  readonly digest?: string
  readonly logic: readonly ExplorerLogic[]
  /** Roles that some access list names. Sorted. */
  readonly roles: readonly string[]
  /** Audiences that the local issuer signs for. Empty with `auth: 'none'`. */
  readonly audiences: readonly string[]
  readonly plugins: readonly ExplorerPlugin[]
  /** Listeners of every hook, each hook's in the order in which they are called. */
  readonly listeners: readonly ListenerPlace[]
  readonly targets: readonly { readonly name: string; readonly type: string; readonly plugin: string }[]
  /** The latest first. */
  readonly reloads: readonly Reload[]
  /** Statements that are served and that the databases do not take. */
  readonly refused: readonly DescribedError[]
  readonly artifacts: readonly { readonly path: string; readonly bytes: number; readonly digest: string }[]
}

export interface ExplorerLogic {
  readonly path: string
  readonly kind: LogicEntry['kind']
  readonly access: Access
  readonly private: boolean
  readonly source: string
  readonly description?: string
  readonly params: JsonSchema
  /** Params in the order in which their author wrote them, where that is known. */
  readonly order?: readonly string[]
  readonly returns?: JsonSchema
  /** Milliseconds. */
  readonly cache?: number
  /** Milliseconds. */
  readonly timeout: number
  readonly sql?: { readonly database: string; readonly text: string; readonly bindings: readonly string[]; readonly result: string; readonly readOnly: boolean }
}

export interface ExplorerPlugin {
  readonly name: string
  readonly enforce?: 'pre' | 'post'
  /** What it offers, in words: `target image`, `secrets op:`, `hook config`. */
  readonly offers: readonly string[]
}

/** Every logic of a manifest, sorted by path. */
export function describeLogic({ logic, limits }: Pick<Manifest, 'logic' | 'limits'>): readonly ExplorerLogic[] {
  return Object.entries(logic).map(([path, entry]) => ({
    path, kind: entry.kind, access: entry.access, private: entry.private, source: entry.source, params: entry.params, timeout: entry.timeout ?? limits.timeout,
    ...(entry.description === undefined ? {} : { description: entry.description }),
    ...(entry.returns === undefined ? {} : { returns: entry.returns }),
    ...(entry.cache === undefined ? {} : { cache: entry.cache.ttl }),
    ...(entry.kind === 'sql' ? { sql: describeSql(entry), order: entry.inputs.map(({ name }) => name) } : {}),
  })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

function describeSql({ database, text, bindings, result, readOnly }: Extract<LogicEntry, { kind: 'sql' }>): ExplorerLogic['sql'] {
  return { database, text, result, readOnly, bindings: bindings.map((binding) => (binding.from === 'param' ? binding.name : `auth.${binding.path.join('.')}`)) }
}

/** Every role that an access list names. Sorted. */
export function rolesOf(manifest: Pick<Manifest, 'logic'> | undefined): readonly string[] {
  const accesses = Object.values(manifest?.logic ?? {}).map((entry) => entry.access)
  return [...new Set(accesses.flatMap((access) => (typeof access === 'string' ? [] : access)))].sort()
}

/**
 * Every audience that the local issuer signs for. A Bridge in development takes any if the project declares no issuer, so there the
 * project's name stands for it. None with `auth: 'none'`: nobody asks for a token.
 */
export function audiencesOf({ name, auth }: Pick<ResolvedProject, 'name' | 'auth'>): readonly string[] {
  if (auth.mode === 'none') return []
  const declared = [...new Set(auth.issuers.flatMap(({ audience }) => audience))]
  return declared.length === 0 ? [name] : declared
}

/** Plugins in the order in which they take part, with what each offers. */
export function describePlugins(host: Pick<PluginHost, 'plugins'>): readonly ExplorerPlugin[] {
  return host.plugins.map((plugin) => ({
    name: plugin.name, ...(plugin.enforce === undefined ? {} : { enforce: plugin.enforce }), offers: offersOf(plugin),
  }))
}

function offersOf({ targets = [], secretProviders = [], schemaEngines = [], commands = {}, config, configResolved }: Plugin): readonly string[] {
  return [
    ...targets.map(({ type }) => `target ${type}`),
    ...secretProviders.map(({ scheme }) => `secrets ${scheme}:`),
    ...schemaEngines.map(({ name }) => `schema engine ${name}`),
    ...Object.keys(commands).map((name) => `command stk ${name}`),
    ...(config === undefined ? [] : ['config']),
    ...(configResolved === undefined ? [] : ['configResolved']),
  ]
}

/** The files of a bundle. Its archive is packed for releases only. */
export function describeArtifacts({ files }: Pick<Bundle, 'files'>): ExplorerState['artifacts'] {
  return files.map(({ path, bytes, digest }) => ({ path, bytes: bytes.length, digest }))
}
