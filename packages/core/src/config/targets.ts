import { nearest, StkError, type StkErrorDetails } from '../diagnostics/index.ts'
import type { PluginHost } from '../plugin/index.ts'
import { explainIssues } from './issues.ts'
import { layerToBlame, type Layer } from './layers.ts'
import { formatPath } from './path.ts'
import { invalid } from './refusal.ts'
import type { ResolvedTarget } from './resolved.ts'
import type { CheckedProject } from './schema.ts'

/** Target types whose plugin is published by Santokit, as `@santokit/plugin-<type>`. */
const OFFICIAL = ['image', 'cfworker', 'tarball']

/**
 * Finds each target's plugin and lets it read the options.
 *
 * @param layers the strongest first.
 * @param errors takes one STK1007 for an unknown type and one STK1003 for each option that the plugin refuses.
 */
export async function resolveTargets(
  project: string, targets: CheckedProject['targets'], host: PluginHost, layers: readonly Layer[], errors: StkError[],
): Promise<readonly ResolvedTarget[]> {
  const resolved: ResolvedTarget[] = []
  for (const [name, { type = name, ...written }] of Object.entries(targets)) {
    const path = ['projects', project, 'targets', name]
    const offer = host.target(type)
    if (offer === undefined) {
      errors.push(unknownType(type, targets[name]?.type === undefined, path, host, layers, { project, target: name }))
      continue
    }
    const { target, plugin } = offer
    const hook = `target ${type}: options`
    const parsed = await host.attribute(plugin, hook, () => target.options.safeParseAsync(written))
    if (parsed.success) {
      resolved.push({ name, type, options: parsed.data, plugin })
      continue
    }
    const faults = explainIssues(parsed.error.issues, { schema: target.options, value: written, noun: `option of target type "${type}"` })
    errors.push(...faults.map(({ path: below, problem, fix }) => {
      const at = [...path, ...below]
      return invalid(layerToBlame(layers, at), at, problem, fix, { attribution: { plugin, hook }, project, target: name })
    }))
  }
  return resolved.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function unknownType(
  type: string, implied: boolean, path: readonly string[], host: PluginHost, layers: readonly Layer[], more: Pick<StkErrorDetails, 'project' | 'target'>,
): StkError {
  const at = implied ? path : [...path, 'type']
  const layer = layerToBlame(layers, at)
  const there = host.targetTypes()
  const near = nearest(type, there)
  const official = OFFICIAL.includes(type) ? type : near === undefined ? nearest(type, OFFICIAL) : undefined
  return new StkError('STK1007', {
    why: `${formatPath(at)} in ${layer?.owner ?? 'the config'} ${implied ? `says no type, and its name "${type}" is not one either` : `is "${type}", which no plugin offers`}.`
      + (near === undefined ? '' : ` Did you mean "${near}"?`),
    fix: [
      ...(near === undefined ? [] : [implied ? `Say which: type: '${near}'.` : `Write '${near}'.`]),
      ...(official === undefined ? [] : [`npm install --save-dev @santokit/plugin-${official}, and add it to \`plugins\`.`]),
      ...(near === undefined && official === undefined ? [there.length === 0 ? 'Add the plugin that offers it to `plugins`.' : `There is: ${there.join(', ')}. Or add the plugin that offers it to \`plugins\`.`] : []),
    ],
    configPath: formatPath(at),
    where: layer?.locate?.(at),
    ...more,
  })
}
