import { isSecretRef } from '../secrets/secret-ref.ts'
import { displayPath } from './find.ts'
import { isMergeable } from './merge.ts'
import { formatPath, type ConfigPath } from './path.ts'
import type { ResolvedConfig, ResolvedProject } from './resolved.ts'

/** One setting as `stk inspect` shows it. */
export interface InspectedValue {
  /** As it would be written: `projects.shop.limits.body`. */
  readonly path: string
  /** Milliseconds, bytes and absolute defaults as they are used; a secret as `secret(NAME)`. */
  readonly value: unknown
  /** Who set it: `santokit.config.ts`, `extends ./base.ts`, `environment staging`, a YAML file, `plugin image` or `default`. */
  readonly origin: string
}

/** The resolved config with, for each value, who set it. Sorted by path. */
export function inspectConfig(config: ResolvedConfig): readonly InspectedValue[] {
  return settingsOf(config)
    .map(({ path, value }) => ({
      path: formatPath(path),
      value: isSecretRef(value) ? `secret(${value.secret})` : value,
      origin: config.origins.get(formatPath(path)) ?? 'default',
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

interface SettingAt {
  readonly path: ConfigPath
  readonly value: unknown
}

/** Every value of a config, under the path by which a person would set it. A list of scalars is one value. */
export function settingsOf(config: Pick<ResolvedConfig, 'root' | 'outDir' | 'projects'>): readonly SettingAt[] {
  return [
    { path: ['outDir'], value: displayPath(config.root, config.outDir) },
    ...config.projects.flatMap((project) => leavesOf(asWritten(config.root, project), ['projects', project.name])),
  ]
}

/** A project in the shape it is written in. */
function asWritten(root: string, { name: _, root: folder, auth, limits, targets, ...settings }: ResolvedProject): unknown {
  const { bodyBytes, ...rest } = limits
  return {
    ...settings,
    root: displayPath(root, folder),
    auth: auth.mode === 'none' ? 'none' : { issuers: auth.issuers },
    limits: { body: bodyBytes, ...rest },
    targets: Object.fromEntries(targets.map(({ name, type, options }) => [name, { ...(isMergeable(options) ? options : {}), type }])),
  }
}

function leavesOf(value: unknown, path: ConfigPath): readonly SettingAt[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.some(isMergeable)) return value.flatMap((item, index) => leavesOf(item, [...path, index]))
  if (!isMergeable(value)) return [{ path, value: value }]
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]))
}
