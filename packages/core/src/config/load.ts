import { dirname } from 'node:path'
import { collectPlugins, createPluginHost, type PluginHost } from '../plugin/index.ts'
import type { Plugin } from '../plugin/contract.ts'
import { chooseEnvironment, environmentLayers } from './environment.ts'
import { loadConfigFiles } from './files.ts'
import { findConfig } from './find.ts'
import type { Layer } from './layers.ts'
import { isMergeable, mergeLayers } from './merge.ts'
import { valueAt } from './path.ts'
import { pluginLayers } from './plugin-layers.ts'
import { projectFolder, resolveConfig } from './resolve.ts'
import type { ResolvedConfig } from './resolved.ts'
import type { ConfigEnv } from './types.ts'
import { readYaml, type YamlFiles } from './yaml.ts'

export interface LoadOptions {
  /** Where the search for a config file begins. Absolute. */
  readonly cwd: string
  /** `--config`: a file, or a folder that holds one. Relative to `cwd`. */
  readonly file?: string
  /** `--env`; without it `STK_ENV`, then `production`. */
  readonly environment?: string
  /** The verb that runs. */
  readonly command: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Plugins that need not be listed. They come first, and a listed one of the same name takes their place. */
  readonly builtins?: readonly Plugin[]
  /** Whether this process loads a config once. It is faster then, and packages are read once; `stk dev` loads again and again. */
  readonly isOnly?: boolean
}

export interface LoadedConfig {
  readonly config: ResolvedConfig
  readonly host: PluginHost
}

/**
 * Finds the config, runs it, merges its layers, lets plugins add to it, checks it, and tells plugins what came out.
 *
 * From the strongest to the weakest: the environment, the config file, what it extends, YAML files beside the projects,
 * plugins, defaults. Calling it again reads every file anew.
 *
 * @throws StkError with exit code 2 for what is wrong with the config, STK1010 when a plugin fails.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const file = findConfig(options.cwd, options.file)
  const root = dirname(file)
  const env: ConfigEnv = { command: options.command, environment: chooseEnvironment(options.environment, options.env) }

  const { files, sources } = await loadConfigFiles(file, env, options.isOnly)
  const written = environmentLayers(files, env.environment)
  const host = createPluginHost(collectPlugins([
    ...files.map(({ owner, value }) => ({ owner, plugins: value.plugins })),
    { owner: 'Santokit', plugins: options.builtins },
  ]))

  const seen = await readProjects(root, written)
  const added = await pluginLayers(host, [...written, ...seen.layers], env)
  // Again, because a plugin may have brought a project, or said where one is.
  const yaml = added.length === 0 ? seen : await readProjects(root, [...written, ...added])

  const identity = { root, file, ...env, sources: [...sources, ...yaml.sources].toSorted() }
  const config = await resolveConfig(identity, [...written, ...yaml.layers, ...added], host)
  for (const plugin of host.plugins) {
    if (plugin.configResolved !== undefined) await host.attribute(plugin.name, 'configResolved', () => plugin.configResolved?.(config))
  }
  return { config, host }
}

/** The YAML files of every project that the layers speak of. */
async function readProjects(root: string, layers: readonly Layer[]): Promise<YamlFiles> {
  const { projects } = mergeLayers(layers.map(({ value }) => value))
  const names = isMergeable(projects) ? Object.keys(projects) : []
  const folderOf = (name: string): string => projectFolder(root, name, valueAt(projects, [name, 'root']))
  const read = await Promise.all(names.map((name) => readYaml(name, folderOf(name), root)))
  return { layers: read.flatMap((one) => one.layers), sources: read.flatMap((one) => one.sources) }
}
