import { freeze } from '../artifact/freeze.ts'
import { StkError } from '../diagnostics/index.ts'
import type { PluginHost } from '../plugin/index.ts'
import { lostInMerging, type Layer } from './layers.ts'
import { isMergeable, mergeLayers } from './merge.ts'
import type { ConfigEnv, UserConfig } from './types.ts'

/**
 * Lets each plugin add to the config, in their order. Each sees what the person wrote and what plugins before it added;
 * it wins over those, and loses to the person.
 *
 * @param layers what the person wrote, the strongest first.
 * @returns the plugins' layers, the strongest first.
 */
export async function pluginLayers(host: PluginHost, layers: readonly Layer[], env: ConfigEnv): Promise<readonly Layer[]> {
  let added: readonly Layer[] = []
  for (const plugin of host.plugins) {
    if (plugin.config === undefined) continue
    const config = freeze(mergeLayers([...layers, ...added].map(({ value }) => value))) as UserConfig
    const work = async (): Promise<Layer | undefined> => checked(plugin.name, await plugin.config?.(config, { ...env }))
    const layer = await host.attribute(plugin.name, 'config', work)
    if (layer !== undefined) added = [layer, ...added]
  }
  return added
}

function checked(plugin: string, value: unknown): Layer | undefined {
  if (value === undefined) return undefined
  const refuse = (why: string, fix: string): StkError => new StkError('STK1003', { why: `The plugin "${plugin}" ${why}`, fix })
  if (!isMergeable(value)) throw refuse('returns something that is no config from config().', 'Return an object of settings, or nothing.')
  if (value.plugins !== undefined) {
    throw refuse(
      'returns `plugins` from config(), when the list is settled already.',
      'Let the function that makes it return a list of plugins; `plugins` takes nested lists.',
    )
  }
  const other = ['extends', 'environments'].find((key) => value[key] !== undefined)
  if (other !== undefined) {
    throw refuse(
      `returns \`${other}\` from config(), when the layers are settled already.`,
      'Return `projects` and `outDir` only. The second argument tells the environment.',
    )
  }
  const layer: Layer = { owner: `plugin ${plugin}`, value }
  const [lost] = lostInMerging(layer)
  if (lost !== undefined) throw lost
  return layer
}
