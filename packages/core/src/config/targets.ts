import { nearest, StkError } from '../diagnostics/index.ts'
import type { PluginHost } from '../plugin/index.ts'
import { explainIssues } from './issues.ts'
import { layerToBlame, type Layer } from './layers.ts'
import { formatPath } from './path.ts'
import { invalid } from './refusal.ts'
import type { ResolvedTarget } from './resolved.ts'
import type { CheckedProject } from './schema.ts'

/** Target types whose plugin is published by Santokit, as `@santokit/plugin-<type>`. */
const OFFICIAL = ['image', 'cfworker', 'tarball']

/** What resolving goes by, and the errors it finds on its way. */
export interface Resolution {
  readonly root: string
  /** The strongest first. */
  readonly layers: readonly Layer[]
  readonly host: PluginHost
  readonly errors: StkError[]
}

/**
 * Finds each target's plugin and lets it read the options.
 *
 * Adds one STK1007 for an unknown type and one STK1003 for each option that the plugin refuses.
 */
export async function resolveTargets(
  project: string, targets: CheckedProject['targets'], { host, layers, errors }: Resolution,
): Promise<readonly ResolvedTarget[]> {
  const resolved: ResolvedTarget[] = []
  for (const [name, { type, ...written }] of Object.entries(targets)) {
    const path = ['projects', project, 'targets', name]
    const offer = host.target(type ?? name)
    if (offer === undefined) {
      errors.push((type === undefined ? untyped(path, name, host, layers) : unknownType(path, type, host, layers)).with({ project, target: name }))
      continue
    }
    const { target, plugin } = offer
    const hook = `target ${target.type}: options`
    const parsed = await host.attribute(plugin, hook, () => target.options.safeParseAsync(written))
    if (parsed.success) {
      resolved.push({ name, type: target.type, options: parsed.data, plugin })
      continue
    }
    const reading = { schema: target.options, value: written, noun: `option of target type "${target.type}"` }
    for (const { path: below, problem, fix } of explainIssues(parsed.error.issues, reading)) {
      const at = [...path, ...below]
      errors.push(invalid(layerToBlame(layers, at), at, problem, fix, { attribution: { plugin, hook }, project, target: name }))
    }
  }
  return resolved.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** A target that gives no type, under a name that is none. */
function untyped(path: readonly string[], name: string, host: PluginHost, layers: readonly Layer[]): StkError {
  const there = host.targetTypes()
  const near = nearest(name, there)
  const known = there.length === 0 ? [] : [near === undefined ? `Say its type: ${there.join(', ')}.` : `Say its type: '${near}'.`]
  return refusal(path, layers, `says no type, and its name "${name}" is not one either`, [...known, ...pluginFor(name)])
}

function unknownType(path: readonly string[], type: string, host: PluginHost, layers: readonly Layer[]): StkError {
  const there = host.targetTypes()
  const near = nearest(type, there)
  const problem = `is "${type}", which no plugin offers`
  if (near !== undefined) return refusal([...path, 'type'], layers, `${problem}. Did you mean "${near}"?`, [`Write '${near}'.`, ...pluginFor(type)])
  return refusal([...path, 'type'], layers, problem, [...pluginFor(type), ...(there.length === 0 ? [] : [`There is: ${there.join(', ')}.`])])
}

function pluginFor(type: string): readonly string[] {
  const official = nearest(type, OFFICIAL)
  if (official === undefined) return ['Add the plugin that offers it to `plugins`.']
  return [`npm install --save-dev @santokit/plugin-${official}, and add it to \`plugins\`.`]
}

function refusal(path: readonly string[], layers: readonly Layer[], problem: string, fix: readonly string[]): StkError {
  const layer = layerToBlame(layers, path)
  return new StkError('STK1007', {
    why: `${formatPath(path)} in ${layer?.owner ?? 'the config'} ${problem}.`.replace(/\?\.$/, '?'),
    fix,
    configPath: formatPath(path),
    where: layer?.locate?.(path),
  })
}
