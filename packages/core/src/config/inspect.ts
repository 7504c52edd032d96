import { isSecretRef } from '../secrets/secret-ref.ts'
import { displayPath } from './find.ts'
import { isMergeable } from './merge.ts'
import { formatPath, type ConfigPath } from './path.ts'
import type { ResolvedConfig, ResolvedProject, ResolvedTarget } from './resolved.ts'

/** One setting as `stk inspect` shows it. */
export interface InspectedValue {
  /** As it would be written: `projects.shop.limits.body`. */
  readonly path: string
  /** Durations in milliseconds, sizes in bytes, paths from the root; a secret as `secret(NAME)`. */
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
  /** Who gave it, if no layer did. */
  readonly fallback: string
}

/** Every value of a config, under the path by which a person would set it. A list of scalars is one value. */
export function settingsOf(config: Pick<ResolvedConfig, 'root' | 'outDir' | 'projects'>): readonly SettingAt[] {
  return [
    { path: ['outDir'], value: displayPath(config.root, config.outDir), fallback: 'default' },
    ...config.projects.flatMap((project) => [
      ...leavesOf(asWritten(config.root, project), ['projects', project.name], 'default'),
      ...project.targets.flatMap((target) => optionsOf(target, ['projects', project.name, 'targets', target.name])),
    ]),
  ]
}

/** A target's options as its plugin understood them: what nobody wrote, the plugin has added or derived. */
function optionsOf({ type, options, plugin }: ResolvedTarget, path: ConfigPath): readonly SettingAt[] {
  const read = isMergeable(options) ? leavesOf(options, path, `plugin ${plugin}`) : []
  return [{ path: [...path, 'type'], value: type, fallback: 'default' }, ...read]
}

/** A project in the shape it is written in, without its targets. */
function asWritten(root: string, { name: _, targets: __, declarations: ___, root: folder, auth, limits, ...settings }: ResolvedProject): unknown {
  const { bodyBytes, responseBytes, ...rest } = limits
  return {
    ...settings,
    root: displayPath(root, folder),
    auth: auth.mode === 'none' ? 'none' : { issuers: auth.issuers },
    limits: { body: bodyBytes, response: responseBytes, ...rest },
  }
}

function leavesOf(value: unknown, path: ConfigPath, fallback: string): readonly SettingAt[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.some(isMergeable)) return value.flatMap((item, index) => leavesOf(item, [...path, index], fallback))
  if (!isMergeable(value)) return [{ path, value, fallback }]
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key], fallback))
}
