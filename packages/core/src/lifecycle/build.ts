import { join } from 'pathe'
import { freeze, type Artifact, type Bundle } from '../artifact/index.ts'
import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { StkError } from '../diagnostics/index.ts'
import type { Target } from '../plugin/contract.ts'
import { returnedArtifact } from '../plugin/returned.ts'
import { bundleProject } from './bundle-project.ts'
import { runPhase, targetContext, type LifecycleContext } from './context.ts'
import { formatBytes, shortDigest } from './format.ts'
import { writeOutput } from './write-output.ts'

/** A project built: its bundle, and its package for each target. */
export interface BuiltProject {
  readonly project: ResolvedProject
  readonly bundle: Bundle
  readonly packages: readonly BuiltTarget[]
}

export interface BuiltTarget {
  readonly target: ResolvedTarget
  readonly pkg: Artifact
}

/** Bundles a project and packages it for `targets`. Nothing is written but caches. */
export async function buildProject(
  project: ResolvedProject,
  ctx: LifecycleContext,
  targets: readonly ResolvedTarget[] = project.targets,
): Promise<BuiltProject> {
  const bundle = await runPhase(ctx, { phase: 'bundle', project: project.name }, async () => {
    const value = await bundleProject(project, ctx)
    const logics = Object.keys(value.manifest.logic).length
    return { value, summary: `${shortDigest(value.digest)}  ${logics} logic${logics === 1 ? '' : 's'}`, data: { digest: value.digest, logics } }
  })
  const packages: BuiltTarget[] = []
  for (const target of targets) packages.push({ target, pkg: await packageTarget(project, target, bundle, ctx) })
  return { project, bundle, packages }
}

/**
 * Writes what was built to the project's folder in the output folder, or straight into the output folder.
 *
 * @returns the folder. Absolute.
 */
export async function writeBuild(built: BuiltProject, ctx: LifecycleContext, { flat = false } = {}): Promise<string> {
  const folder = flat ? ctx.config.outDir : join(ctx.config.outDir, built.project.name)
  const packages = new Map(built.packages.map(({ target, pkg }) => [target.name, pkg]))
  await writeOutput(folder, ctx.config.root, { bundle: built.bundle, packages }, ctx.signal)
  return folder
}

/** Has a target turn a bundle into what its platform takes. */
async function packageTarget(project: ResolvedProject, target: ResolvedTarget, bundle: Bundle, ctx: LifecycleContext): Promise<Artifact> {
  return runPhase(ctx, { phase: 'package', project: project.name, target: target.name }, async () => {
    const { implementation, plugin } = findTarget(target, ctx)
    const hookContext = { config: ctx.config, project, target: { name: target.name, type: target.type } }
    await ctx.host.callHook('package:before', hookContext, bundle)
    const pkg = freeze(await ctx.host.attribute(plugin, `target ${target.type}: package`, async () =>
      returnedArtifact(await implementation.package(bundle, targetContext(ctx, project, target, 'package')))))
    await ctx.host.callHook('package:done', hookContext, pkg)
    const bytes = pkg.files.reduce((sum, file) => sum + file.bytes.length, 0)
    return { value: pkg, summary: formatBytes(bytes), data: { digest: pkg.digest, bytes, files: pkg.files.length } }
  })
}

/** Has a target write a package elsewhere, if a flag asks for it. */
export async function exportTarget(project: ResolvedProject, { target, pkg }: BuiltTarget, ctx: LifecycleContext): Promise<void> {
  const { implementation, plugin } = findTarget(target, ctx)
  if (implementation.export === undefined || Object.keys(ctx.flags).length === 0) return
  const write = implementation.export.bind(implementation)
  const written = await ctx.host.attribute(plugin, `target ${target.type}: export`, () => write(pkg, targetContext(ctx, project, target, 'package')))
  if (written !== undefined) ctx.report({ type: 'note', level: 'info', message: written, project: project.name, target: target.name })
}

/** The implementation of a target's type, and the plugin that owns it. */
export function findTarget(target: ResolvedTarget, ctx: Pick<LifecycleContext, 'host'>): { readonly implementation: Target<unknown>; readonly plugin: string } {
  const found = ctx.host.target(target.type)
  if (found === undefined) throw new StkError('STK1007', { why: `No plugin offers the target type "${target.type}".` })
  return { implementation: found.target, plugin: found.plugin }
}
