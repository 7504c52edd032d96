import type { RequiredSecret } from '@santokit/bridge/manifest'
import { placeFlags } from '../config/place.ts'
import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { isStkError, StkError, suggestion, throwAll } from '../diagnostics/index.ts'
import type { SecretSink } from '../plugin/contract.ts'
import { declaredSecrets } from '../secrets/declared.ts'
import { findTarget } from './build.ts'
import { targetContext, type LifecycleContext } from './context.ts'
import { readDeclared } from './read-declared.ts'
import type { SecretValue } from '../secrets/secret-value.ts'

/** The secrets of one target: what its project declares, against what its platform has. Names only. */
export interface SecretsDiff {
  readonly project: ResolvedProject
  readonly target: ResolvedTarget
  /** True before there is anything on the platform that could hold a secret: a first release will set them. */
  readonly unreleased: boolean
  /** Sorted. */
  readonly present: readonly string[]
  /** Required, and not there. Sorted. */
  readonly missing: readonly string[]
  /** Not there, and nothing minds. Sorted. */
  readonly optional: readonly string[]
  /** There, and not declared. Sorted. */
  readonly unmanaged: readonly string[]
}

/** What `stk secrets push` would do to one target. */
export interface SecretsPush {
  readonly diff: SecretsDiff
  /** Names that are set for the first time. Sorted. */
  readonly added: readonly string[]
  /** Names that are there and get the value of now: whether it differs, no platform tells. Sorted. */
  readonly overwritten: readonly string[]
  /** Unmanaged names to remove. Sorted; empty unless they were asked for. */
  readonly removed: readonly string[]
  readonly values: ReadonlyMap<string, SecretValue>
}

/**
 * Compares what is declared with what the platform has. Reads no value, here or there.
 *
 * @throws StkError STK3010 if the target has no way to be given secrets.
 */
export async function diffSecrets(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<SecretsDiff> {
  const { listed } = await listSecrets(project, target, ctx)
  const declared = neededSecrets(project, target, declaredSecrets(project), ctx)
  const there = new Set(listed)
  const absent = declared.filter(({ name }) => !there.has(name))
  return {
    project, target,
    unreleased: listed === undefined,
    present: declared.filter(({ name }) => there.has(name)).map(({ name }) => name),
    missing: absent.filter(({ optional }) => !optional).map(({ name }) => name),
    optional: absent.filter(({ optional }) => optional).map(({ name }) => name),
    unmanaged: [...there].filter((name) => !declared.some((secret) => secret.name === name)).sort(),
  }
}

/**
 * Reads the values to set and says what that would change. Changes nothing.
 *
 * @param options.only the names to set; all that are declared if there is none. Those not declared here are left out.
 * @param options.prune whether unmanaged names are to be removed.
 * @throws StkError STK3001 for values that cannot be read and STK3013 for those of a wrong form, all at once; STK3010 without
 *   a sink, STK3011 where nothing can be set before a first release.
 */
export async function preparePush(
  project: ResolvedProject, target: ResolvedTarget, options: { readonly only: readonly string[]; readonly prune: boolean }, ctx: LifecycleContext,
): Promise<SecretsPush> {
  const diff = await diffSecrets(project, target, ctx)
  if (diff.unreleased) {
    throw new StkError('STK3011', {
      why: `Nothing has been released to "${target.name}" yet, so there is nothing that could hold a secret. Its first release sets them.`,
      fix: `stk release ${placeFlags({ project, target, environment: ctx.config.environment })}`,
      project: project.name, target: target.name,
    })
  }
  const wanted = neededSecrets(project, target, declaredSecrets(project), ctx).filter(({ name }) => options.only.length === 0 || options.only.includes(name))
  // What is asked for by its name is wanted, even if the project could do without.
  const required = wanted.map((secret) => (options.only.length === 0 ? secret : { ...secret, optional: false }))
  const values = await readDeclared(project, required, ctx)
  const removed = options.prune ? diff.unmanaged : []
  if (removed.length > 0 && sinkOf(target, ctx).sink.remove === undefined) {
    throw new StkError('STK4007', { why: `Targets of type "${target.type}" cannot remove secrets.`, fix: 'Leave --prune out, and remove them by the means of the platform.' })
  }
  return {
    diff, removed, values,
    added: [...values.keys()].filter((name) => !diff.present.includes(name)),
    overwritten: [...values.keys()].filter((name) => diff.present.includes(name)),
  }
}

/**
 * Sets what was prepared, then removes what was to be removed.
 *
 * @throws StkError STK3014 if the platform has gained or lost one of these names since; nothing was changed then. A failure
 *   on the way says which names the platform has now.
 */
export async function pushSecrets(push: SecretsPush, ctx: LifecycleContext): Promise<void> {
  const { project, target } = push.diff
  const { sink, plugin } = sinkOf(target, ctx)
  const context = targetContext(ctx, project, target, 'secrets')
  const now = await diffSecrets(project, target, ctx)
  refuseIfMoved(push, now)
  try {
    if (push.values.size > 0) {
      await ctx.host.attribute(plugin, `target ${target.type}: secrets.set`, () => sink.set(push.values, context))
    }
    const remove = sink.remove?.bind(sink)
    if (push.removed.length > 0 && remove !== undefined) {
      await ctx.host.attribute(plugin, `target ${target.type}: secrets.remove`, () => remove(push.removed, context))
    }
  } catch (error) {
    throw await howFar(error, push, ctx)
  }
}

/** The names a platform has, and whether its sink takes values with a release. */
export async function listSecrets(
  project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext,
): Promise<{ readonly listed: readonly string[] | undefined; readonly atRelease: boolean }> {
  const { sink, plugin } = sinkOf(target, ctx)
  const listed = await ctx.host.attribute(plugin, `target ${target.type}: secrets.list`, () => sink.list(targetContext(ctx, project, target, 'secrets')))
  return { listed: listed ?? (sink.atRelease === true ? undefined : []), atRelease: sink.atRelease === true }
}

/** Those of a project's secrets that the target's platform needs. */
export function neededSecrets(project: ResolvedProject, target: ResolvedTarget, secrets: readonly RequiredSecret[], ctx: LifecycleContext): readonly RequiredSecret[] {
  const { sink } = sinkOf(target, ctx)
  return sink.needs?.(secrets, targetContext(ctx, project, target, 'secrets')) ?? secrets
}

/** The target's sink. @throws StkError STK3010 with what to do instead, if it has none. */
export function sinkOf(target: ResolvedTarget, ctx: Pick<LifecycleContext, 'host'>): { readonly sink: SecretSink<unknown>; readonly plugin: string } {
  const { implementation, plugin } = findTarget(target, ctx)
  if (implementation.secrets !== undefined) return { sink: implementation.secrets, plugin }
  throw new StkError('STK3010', {
    why: `Target "${target.name}" (${target.type}) cannot be given secrets: whatever runs the Bridge puts them into its environment.`,
    fix: ['stk secrets template --format docker-env', 'stk secrets template --format k8s-secret', 'stk secrets template --format compose'],
    target: target.name,
  })
}

/** Refuses `--only` names that none of these projects declares. @throws StkError STK1020 */
export function checkOnly(only: readonly string[], projects: readonly ResolvedProject[]): void {
  const declared = [...new Set(projects.flatMap((project) => declaredSecrets(project).map(({ name }) => name)))].sort()
  throwAll(only.filter((name) => !declared.includes(name)).map((name) => new StkError('STK1020', {
    why: `--only names a secret that ${projects.map((project) => `"${project.name}"`).join(', ')} ${projects.length === 1 ? 'does' : 'do'} not declare.`,
    fix: suggestion(name, declared),
  })))
}

function refuseIfMoved(push: SecretsPush, now: SecretsDiff): void {
  const there = new Set([...now.present, ...now.unmanaged])
  const moved = [
    ...push.added.filter((name) => there.has(name)), ...[...push.overwritten, ...push.removed].filter((name) => !there.has(name)),
  ].sort()
  if (moved.length === 0) return
  throw new StkError('STK3014', {
    why: `${moved.join(', ')} ${moved.length === 1 ? 'was' : 'were'} set or removed on "${push.diff.target.name}" meanwhile; nothing was changed.`,
    fix: 'Run it again to see how things are now.',
    project: push.diff.project.name, target: push.diff.target.name,
  })
}

/** A failure in the middle, with what the platform has now: some platforms take names one by one. */
async function howFar(error: unknown, push: SecretsPush, ctx: LifecycleContext): Promise<unknown> {
  const { project, target } = push.diff
  const failed = ctx.signal.aborted ? new StkError('STK9002', { why: 'Interrupted while secrets were being set.', cause: error }) : error
  if (!isStkError(failed)) return failed
  const now = await diffSecrets(project, target, { ...ctx, signal: new AbortController().signal }).catch(() => undefined)
  const set = now === undefined ? undefined : push.added.filter((name) => now.present.includes(name))
  const state = set === undefined ? 'Some of them may have been set.'
    : set.length === 0 ? (push.overwritten.length === 0 ? 'None of them was set.' : 'No new name was set; some may have been overwritten.')
      : `Set so far: ${set.join(', ')}.`
  return new StkError(failed.code, { ...failed.details, project: project.name, target: target.name, why: `${failed.details.why} ${state} Run it again to finish.` })
}
