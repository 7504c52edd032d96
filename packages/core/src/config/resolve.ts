import { isAbsolute, join, relative, resolve } from 'node:path'
import { freeze } from '../artifact/freeze.ts'
import { StkError, throwAll } from '../diagnostics/index.ts'
import type { PluginHost } from '../plugin/index.ts'
import { takeDeclarations, type DeclarationFault } from '../secrets/declarations.ts'
import { checkConfig } from './check.ts'
import { cacheFolder, displayPath, isFolder } from './find.ts'
import { settingsOf } from './inspect.ts'
import { explainIssues } from './issues.ts'
import { layerToBlame, setterOf, type Layer } from './layers.ts'
import { isMergeable, mergeLayers, type Tree } from './merge.ts'
import { formatPath } from './path.ts'
import { invalid } from './refusal.ts'
import type { ResolvedConfig, ResolvedProject } from './resolved.ts'
import type { CheckedProject } from './schema.ts'
import { resolveTargets, type Resolution } from './targets.ts'

/** What is known of a config beside its settings. */
export type ConfigIdentity = Pick<ResolvedConfig, 'root' | 'file' | 'environment' | 'command' | 'sources'>

/**
 * Merges the layers, checks what comes out, fills defaults in, and freezes it.
 *
 * @param layers the strongest first.
 * @throws StkError STK1003, STK1007 and STK1013, all that there are.
 */
export async function resolveConfig(identity: ConfigIdentity, layers: readonly Layer[], host: PluginHost): Promise<ResolvedConfig> {
  const { root } = identity
  const written = mergeLayers(layers.map(({ value }) => value))
  const { settings: merged, declarations, faults } = takeProjectDeclarations(written)
  throwAll(faults.map(({ path, problem, fix }) => invalid(layerToBlame(layers, path), path, problem, fix)))
  const checked = await checkConfig(merged, `${identity.file} ${identity.environment}`, cacheFolder(root))
  if ('error' in checked) {
    throwAll(explainIssues(checked.error.issues, { schema: checked.schema, value: merged, noun: 'setting' })
      .map(({ path, problem, fix }) => invalid(layerToBlame(layers, path), path, problem, fix)))
    throw checked.error
  }
  const errors: StkError[] = []
  const names = Object.keys(checked.config.projects).toSorted()
  const projects: ResolvedProject[] = []
  const found = { root, layers, host, errors }
  for (const name of names) {
    projects.push({ ...(await resolveProject(name, checked.config.projects[name] as CheckedProject, found)), ...declarations.get(name) })
  }
  const outDir = folderBelow(checked.config.outDir, ['outDir'], found)
  throwAll(errors)
  const config = { ...identity, outDir, projects, origins: new Map<string, string>() }
  for (const { path, fallback } of settingsOf(config)) config.origins.set(formatPath(path), setterOf(layers, path)?.owner ?? fallback)
  return freeze(config)
}

interface ProjectDeclarations {
  readonly settings: Tree
  /** By project; nothing for one whose secrets say no more than their names. */
  readonly declarations: ReadonlyMap<string, Pick<ResolvedProject, 'declarations'>>
  readonly faults: readonly DeclarationFault[]
}

/** Takes what is said about secrets out of every project, since names are all that its schema and plugins are given. */
function takeProjectDeclarations(written: Tree): ProjectDeclarations {
  if (!isMergeable(written.projects)) return { settings: written, declarations: new Map(), faults: [] }
  const taken = Object.entries(written.projects).map(([name, settings]) => ({ name, ...takeDeclarations(settings) }))
  const said = taken.filter(({ declarations }) => Object.keys(declarations).length > 0)
  return {
    settings: { ...written, projects: Object.fromEntries(taken.map(({ name, settings }) => [name, settings])) },
    declarations: new Map(said.map(({ name, declarations }) => [name, { declarations }])),
    faults: taken.flatMap(({ name, faults }) => faults.map((fault) => ({ ...fault, path: ['projects', name, ...fault.path] }))),
  }
}

/** Where a project is, before its settings are checked: its YAML files are among them. */
export function projectFolder(root: string, name: string, written: unknown): string {
  return resolve(root, typeof written === 'string' && written !== '' ? written : join('projects', name))
}

async function resolveProject(name: string, checked: CheckedProject, resolution: Resolution): Promise<ResolvedProject> {
  const { root: written, targets, ...settings } = checked
  const { root, layers, errors } = resolution
  const path = ['projects', name, 'root']
  const folder = written === undefined ? projectFolder(root, name, written) : folderBelow(written, path, resolution)
  if (!isFolder(folder)) {
    const at = written === undefined ? path.slice(0, -1) : path
    errors.push(new StkError('STK1013', {
      why: `The project "${name}" has no folder ${displayPath(root, folder)}.`,
      fix: [`mkdir -p ${join(displayPath(root, folder), 'logic')}`, `Say where it is: projects.${name}.root.`],
      configPath: formatPath(at),
      where: layerToBlame(layers, at)?.locate?.(at),
      project: name,
    }))
  }
  const resolved = await resolveTargets(name, targets, resolution)
  // Frozen by itself, so that the freezing of the whole stops here: options belong to the plugin.
  return { name, root: folder, ...settings, targets: Object.freeze(resolved.map((target) => Object.freeze(target))) }
}

/** A folder inside the repository, and not all of it. */
function folderBelow(written: string, path: readonly string[], { root, layers, errors }: Resolution): string {
  const folder = resolve(root, written)
  const below = relative(root, folder)
  if (below === '' || below.split(/[\\/]/)[0] === '..' || isAbsolute(below)) {
    const where = below === '' ? 'that folder itself' : 'outside of it'
    errors.push(invalid(layerToBlame(layers, path), path, `must be a folder below that of the config file; it is ${where}`))
  }
  return folder
}
