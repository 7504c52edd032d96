import type { ResolvedConfig, ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { StkError, suggestion } from '../diagnostics/index.ts'

/** A project and one of its targets. */
export interface ProjectTarget {
  readonly project: ResolvedProject
  readonly target: ResolvedTarget
}

/** The projects of these names, in the config's order; all of them if none is named. @throws StkError STK1004 */
export function selectProjects(config: ResolvedConfig, names: readonly string[] = []): readonly ResolvedProject[] {
  for (const name of names) {
    if (!config.projects.some((project) => project.name === name)) {
      throw new StkError('STK1004', { why: `The config has no project "${name}".`, fix: suggestion(name, config.projects.map((project) => project.name)) })
    }
  }
  return names.length === 0 ? config.projects : config.projects.filter((project) => names.includes(project.name))
}

/**
 * The targets of these names in these projects; all of them if none is named. A project without a named target is left
 * out as long as another one has it.
 *
 * @throws StkError STK1006 if no project has a target of that name, or there is none at all.
 */
export function selectTargets(projects: readonly ResolvedProject[], names: readonly string[] = []): readonly ProjectTarget[] {
  const all = projects.flatMap((project) => project.targets.map((target) => ({ project, target })))
  for (const name of names) {
    if (!all.some(({ target }) => target.name === name)) {
      const known = [...new Set(all.map(({ target }) => target.name))]
      throw new StkError('STK1006', {
        why: `${projects.map((project) => `"${project.name}"`).join(', ')} ${projects.length === 1 ? 'has' : 'have'} no target "${name}".`,
        fix: suggestion(name, known),
      })
    }
  }
  if (all.length === 0) {
    throw new StkError('STK1006', {
      why: 'No target is declared, so there is nowhere to release to.',
      fix: "Add one to the config: targets: { tarball: { to: 'file:releases' } }",
    })
  }
  return names.length === 0 ? all : all.filter(({ target }) => names.includes(target.name))
}
