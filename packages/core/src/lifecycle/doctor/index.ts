import type { ResolvedProject } from '../../config/resolved.ts'
import type { LifecycleContext } from '../context.ts'
import { examineDatabases } from './databases.ts'
import type { Finding } from './finding.ts'
import { examineIssuers } from './issuers.ts'
import { examineSecrets } from './secrets.ts'
import { examineTargets } from './targets.ts'

export { examineMachine } from './machine.ts'
export { examinePackages } from './packages.ts'
export type { Finding, Part } from './finding.ts'

/** Looks at what projects need beside this machine: secrets first, since the rest is reached with them. Changes nothing. */
export async function* examineProjects(projects: readonly ResolvedProject[], ctx: LifecycleContext): AsyncIterable<readonly Finding[]> {
  yield await examineSecrets(projects, ctx)
  yield await examineDatabases(projects, ctx)
  yield await examineIssuers(projects, ctx.signal)
  yield await examineTargets(projects, ctx)
}
