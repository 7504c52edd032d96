import { VERSION } from '../../version.ts'
import type { ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import { countImpacts } from '../../compat/index.ts'
import { buildProject } from '../build.ts'
import type { LifecycleContext } from '../context.ts'
import { bindRelease } from './bind.ts'
import { writeReleasePlan } from './format.ts'
import { readSchemaStates, type SchemaState } from './schema-state.ts'
import { changesRelease, surveyTarget, type Survey } from './survey.ts'

/** What a release of one project would do, on each of its targets. */
export interface ProjectPlan {
  readonly project: ResolvedProject
  readonly schema: readonly SchemaState[]
  readonly targets: readonly Survey[]
}

/**
 * Builds a project and looks at its targets and databases. Changes nothing.
 *
 * @param attempt runs what may fail for one target without the others.
 */
export async function planProject(
  project: ResolvedProject, targets: readonly ResolvedTarget[], ctx: LifecycleContext,
  attempt: (work: () => Promise<Survey>) => Promise<Survey | undefined>,
): Promise<ProjectPlan> {
  const { bundle, packages } = await buildProject(project, ctx, targets)
  const surveys: Survey[] = []
  for (const { target, pkg } of packages) {
    const survey = await attempt(() => surveyTarget(project, target, { bundle, pkg }, ctx))
    if (survey !== undefined) surveys.push(survey)
  }
  return { project, schema: await readSchemaStates(project, ctx), targets: surveys }
}

/** Whether there is anything to do: release, set a secret, or change a schema. */
export function changesAnything({ schema, targets }: ProjectPlan): boolean {
  return schema.some((state) => state.kind === 'compared' && state.statements > 0) || targets.some((survey) => changesRelease(survey) || missingSecrets(survey).length > 0)
}

/** Names without which a release would stop. */
export function missingSecrets({ secrets }: Survey): readonly string[] {
  return secrets.kind === 'on the platform' ? secrets.missing : []
}

/** Plans as a file for `stk release FILE`. */
export function planFileOf(plans: readonly ProjectPlan[], ctx: LifecycleContext): string {
  const flags = Object.fromEntries(Object.entries(ctx.flags).filter((entry): entry is [string, string | true] => entry[1] !== undefined))
  const releases = plans.flatMap(({ targets }) => targets).map((survey) =>
    bindRelease({ ...survey, secrets: survey.secrets.kind === 'with the release' ? survey.secrets.declared : [] }, ctx.config, ctx.revision))
  return writeReleasePlan({ generator: `santokit ${VERSION}`, environment: ctx.config.environment, flags, releases })
}

/** One target's plan as plain data, for programs. */
export function surveyData(survey: Survey): Readonly<Record<string, unknown>> {
  const { project, target, bundle, pkg, plan, live, comparison, secrets } = survey
  return {
    project: project.name, target: target.name, changes: changesRelease(survey), live, bundle: bundle.digest, package: pkg.digest,
    bytes: plan.bytes, steps: plan.steps, secrets,
    comparison: comparison.kind === 'compared' ? { kind: comparison.kind, counts: countImpacts(comparison.changes.impacts), ...comparison.changes } : comparison,
  }
}
