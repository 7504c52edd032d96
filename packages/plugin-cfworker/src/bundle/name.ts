import { StkError, type TargetContext } from '@santokit/core'
import { WORKER_NAME, type WorkerSettings } from '../options.ts'

/** The name of a target's Worker. Each environment has one of its own. */
export function nameOf(settings: Pick<WorkerSettings, 'name'>, project: string, environment: string): string {
  return settings.name ?? (environment === 'production' ? project : `${project}-${environment.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')}`)
}

/**
 * The Worker that a command is about: the one of `--name`, else the config's.
 *
 * @throws StkError STK1020 if it cannot be a Worker's name.
 */
export function workerName({ flags, options, project, environment }: Pick<TargetContext<WorkerSettings>, 'flags' | 'options' | 'project' | 'environment'>): string {
  const name = typeof flags.name === 'string' ? flags.name : nameOf(options, project.name, environment)
  if (WORKER_NAME.test(name)) return name
  throw new StkError('STK1020', {
    why: `"${name}" cannot be the name of a Worker.`,
    fix: ['Lower-case letters, digits and dashes, 63 at most.', ...(flags.name === undefined ? ['Give the target a `name` in the config.'] : [])],
  })
}
