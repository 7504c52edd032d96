import type { ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import { findTarget } from '../build.ts'
import type { LifecycleContext } from '../context.ts'
import { liveRelease } from '../releases.ts'
import { lookAt, type Finding } from './finding.ts'

/** Looks at every target's platform: whether it is reached, lets us in, and knows what is live. Writes nothing. */
export async function examineTargets(projects: readonly ResolvedProject[], ctx: LifecycleContext): Promise<readonly Finding[]> {
  return Promise.all(projects.flatMap((project) => project.targets.map((target) => targetFinding(project, target, ctx))))
}

async function targetFinding(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<Finding> {
  return lookAt({ part: 'targets', subject: `${project.name} → ${target.name}` }, ctx.signal, async (signal) => {
    if (findTarget(target, ctx).implementation.releases === undefined) return { state: 'unknown', says: `targets of type "${target.type}" cannot be asked what is live` }
    const live = await liveRelease(project, target, { ...ctx, signal })
    return { state: 'fine', says: live === undefined ? 'reached; nothing is released yet' : `live: ${live.id}` }
  })
}
