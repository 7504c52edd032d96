import { StkError, throwAll } from '../diagnostics/index.ts'
import { named, pluginFaults } from './check.ts'
import type { Plugin } from './contract.ts'

/** One layer's `plugins`, as written. */
export interface PluginLayer {
  /** Who lists them: `santokit.config.ts`, `extends ./base.ts`. */
  readonly owner: string
  readonly plugins: unknown
}

/**
 * Makes one list of plugins out of what the layers list: flattened, without the falsy ones, each checked.
 *
 * The layers' plugins follow one another from the weakest to the strongest. A stronger layer's plugin replaces a weaker
 * one's of the same name; within a layer a name may be there once.
 *
 * @param layers the strongest first.
 * @throws StkError STK1014, STK1008 and STK1003, all that there are.
 */
export function collectPlugins(layers: readonly PluginLayer[]): readonly Plugin[] {
  const errors: StkError[] = []
  const taken = new Set<string>()
  const lists = layers.map((layer) => {
    const plugins = checkLayer(layer, errors).filter(({ name }) => !taken.has(name))
    for (const { name } of plugins) taken.add(name)
    return plugins
  })
  throwAll(errors)
  return lists.toReversed().flat()
}

function checkLayer({ owner, plugins }: PluginLayer, errors: StkError[]): readonly Plugin[] {
  if (plugins !== undefined && !Array.isArray(plugins)) {
    errors.push(new StkError('STK1014', {
      why: `\`plugins\` in ${owner} is ${named(plugins)}, not a list.`, fix: 'Write plugins: [ … ].', configPath: 'plugins',
    }))
    return []
  }
  const listed = flatten(plugins ?? [], [])
  const good = listed.filter(({ path, value }): boolean => {
    const found = pluginFaults(value, path, owner)
    errors.push(...found)
    return found.length === 0
  }).map(({ value }) => value as Plugin)
  for (const [index, { name }] of good.entries()) {
    if (good.findIndex((other) => other.name === name) === index) continue
    errors.push(new StkError('STK1008', {
      why: `${owner} lists two plugins of the name "${name}".`,
      fix: 'Take one away. One plugin serves any number of projects and targets.',
      configPath: 'plugins',
      attribution: { plugin: name, hook: 'config' },
    }))
  }
  return good
}

interface Listed {
  readonly path: string
  readonly value: unknown
}

function flatten(list: readonly unknown[], at: readonly number[]): readonly Listed[] {
  return list.flatMap((value, index) => {
    const path = [...at, index]
    if (Array.isArray(value)) return flatten(value, path)
    return isFalsy(value) ? [] : [{ path: `plugins${path.map((position) => `[${position}]`).join('')}`, value }]
  })
}

/** What `condition && plugin()` gives when the condition does not hold. */
function isFalsy(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '' || value === 0
}
