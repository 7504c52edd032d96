import { isSecretRef, StkError, type ResolvedConfig } from '@santokit/core'
import { nameOf } from './bundle/name.ts'
import type { WorkerSettings } from './options.ts'

/**
 * Holds every target to a Worker of its own: a Worker's secrets belong to one project.
 *
 * @throws StkError STK4205 for each two targets that name the same Worker of the same account.
 */
export function refuseSharedWorkers(config: ResolvedConfig): void {
  const seen = new Map<string, string>()
  const errors: StkError[] = []
  for (const project of config.projects) {
    for (const target of project.targets.filter(({ type }) => type === 'cfworker')) {
      const settings = target.options as WorkerSettings
      const name = nameOf(settings, project.name, config.environment)
      const account = isSecretRef(settings.account) ? `secret ${settings.account.secret}` : settings.account
      const key = JSON.stringify([account, name, settings.apiUrl])
      const path = `projects.${project.name}.targets.${target.name}`
      const other = seen.get(key)
      if (other === undefined) seen.set(key, path)
      else {
        errors.push(new StkError('STK4205', {
          why: `${other} and ${path} are both the Worker "${name}".`,
          fix: 'Give each a `name` of its own.',
          configPath: `${path}.name`, project: project.name, target: target.name,
        }))
      }
    }
  }
  const [first, ...others] = errors
  if (first !== undefined) throw others.length === 0 ? first : first.with({ others })
}
