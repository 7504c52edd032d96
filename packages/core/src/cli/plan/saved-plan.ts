import { isStkError, StkError } from '../../diagnostics/index.ts'
import type { OpenedLifecycle } from '../../lifecycle/open.ts'
import type { Approval } from '../../lifecycle/plan/approve.ts'
import type { PreparedRelease } from '../../lifecycle/release.ts'
import type { ProjectTarget } from '../../lifecycle/select.ts'
import type { TargetFlags } from '../../plugin/contract.ts'

/** A plan that was approved, and what it is for. */
export interface SavedPlan {
  readonly pairs: readonly ProjectTarget[]
  readonly flags: TargetFlags
  /** Holds what was prepared against the plan: for each an approval, or why not. */
  judge(prepared: readonly PreparedRelease[], lifecycle: OpenedLifecycle): Promise<readonly (Approval | StkError)[]>
}

/** What beside a plan file would have another say in the release. */
export interface Besides {
  readonly project: readonly string[]
  readonly target?: readonly string[]
  readonly 'push-secrets': boolean
}

/**
 * Reads a plan for `stk release FILE`.
 *
 * @throws StkError STK4010 if it is none, STK4011 if it is for another environment or for what is no longer there, STK1020 beside options
 *   that it speaks for itself about.
 */
export async function openSavedPlan(file: string, besides: Besides, flags: TargetFlags, { config }: OpenedLifecycle): Promise<SavedPlan> {
  const given = [...(besides.project.length > 0 ? ['--project'] : []), ...((besides.target ?? []).length > 0 ? ['--target'] : []),
    ...(besides['push-secrets'] ? ['--push-secrets'] : []), ...Object.keys(flags).map((name) => `--${name}`)]
  if (given.length > 0) throw new StkError('STK1020', { why: `A plan file says itself what is released where; ${given.join(', ')} cannot stand beside it.`, fix: `stk release ${file}` })
  const [{ readFile }, { resolve }, { readReleasePlan }] = await Promise.all([import('node:fs/promises'), import('pathe'), import('../../lifecycle/plan/format.ts')])
  const content = await readFile(resolve(config.root, file), 'utf8').catch((cause: unknown) => {
    throw new StkError('STK4010', { why: `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, fix: 'stk plan --out FILE' })
  })
  const plan = readReleasePlan(content, file)
  if (plan.environment !== config.environment) {
    throw new StkError('STK4011', { why: `It was planned for the environment "${plan.environment}", and this is "${config.environment}". Nothing was changed.`, fix: `Add --env ${plan.environment}.` })
  }
  const pairs = plan.releases.map(({ project: name, target: targetName }): ProjectTarget => {
    const project = config.projects.find((each) => each.name === name)
    const target = project?.targets.find((each) => each.name === targetName)
    if (project !== undefined && target !== undefined) return { project, target }
    throw new StkError('STK4011', { why: `${name} → ${targetName} is no longer in the config. Nothing was changed.`, fix: 'Plan again: stk plan --out FILE' })
  })
  return {
    pairs,
    flags: plan.flags,
    async judge(prepared, lifecycle) {
      const [{ approveRelease }, { bindRelease }, { liveRelease }, { VERSION }] = await Promise.all([
        import('../../lifecycle/plan/approve.ts'), import('../../lifecycle/plan/bind.ts'), import('../../lifecycle/releases.ts'), import('../../version.ts'),
      ])
      return Promise.all(prepared.map(async (each) => {
        const planned = plan.releases.find(({ project, target }) => project === each.project.name && target === each.target.name)
        if (planned === undefined) throw new TypeError(`${each.project.name} → ${each.target.name} was prepared and not planned`)
        const now = bindRelease({ ...each, secrets: [...each.secretsToSet.keys()] }, lifecycle.config, lifecycle.revision)
        try {
          return approveRelease(planned, now, await liveRelease(each.project, each.target, lifecycle), [plan.generator, `santokit ${VERSION}`])
        } catch (error) {
          if (isStkError(error)) return error
          throw error
        }
      }))
    },
  }
}
