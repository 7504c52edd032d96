import type { ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import { findTarget } from '../build.ts'
import { targetContext, type LifecycleContext } from '../context.ts'
import { liveRelease } from '../releases.ts'
import { lookAt, type Finding } from './finding.ts'

/** Looks at every target's platform: whether it is reached, lets us in, and knows what is live, and whether its tools are here. Writes nothing. */
export async function examineTargets(projects: readonly ResolvedProject[], ctx: LifecycleContext): Promise<readonly Finding[]> {
  return Promise.all(projects.flatMap((project) => project.targets.map((target) => targetFinding(project, target, ctx))))
}

async function targetFinding(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<Finding> {
  return lookAt({ part: 'targets', subject: `${project.name} → ${target.name}` }, ctx.signal, async (signal) => {
    const { implementation, plugin } = findTarget(target, ctx)
    const tools = implementation.check === undefined ? undefined
      : await ctx.host.attribute(plugin, `target ${target.type}: check`, async () => implementation.check?.(targetContext({ ...ctx, signal }, project, target, 'plan')))
    const also = tools === undefined ? '' : `  ${tools}`
    if (implementation.releases === undefined) return { state: 'unknown', says: `targets of type "${target.type}" cannot be asked what is live${also}` }
    const live = await liveRelease(project, target, { ...ctx, signal })
    return { state: 'fine', says: `${live === undefined ? 'reached; nothing is released yet' : `live: ${live.id}`}${also}` }
  })
}
