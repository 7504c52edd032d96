import type { RequiredSecret } from '@santokit/bridge/manifest'
import type { Bundle } from '../artifact/index.ts'
import { placeFlags } from '../config/place.ts'
import type { ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import { isStkError, StkError } from '../diagnostics/index.ts'
import type { SecretValue } from '../secrets/secret-value.ts'
import { findTarget } from './build.ts'
import { runPhase, type LifecycleContext } from './context.ts'
import { listSecrets, neededSecrets } from './platform-secrets.ts'
import { readDeclared } from './read-declared.ts'

/** Values that a release is to set in the same upload, by name. */
export type SecretsToSet = ReadonlyMap<string, SecretValue>

/**
 * Proves that the platform has what the bundle needs, before anything is changed. Where the platform is empty and takes
 * values with a release, it reads them for that release instead.
 *
 * @param send whether every declared value is to go with the release, because a person asked for it.
 * @throws StkError STK3004 for required names that would be absent, STK3011 if values cannot travel with a release there.
 */
export async function secretsPhase(
  project: ResolvedProject, target: ResolvedTarget, bundle: Bundle, ctx: LifecycleContext, send: boolean,
): Promise<SecretsToSet> {
  return runPhase(ctx, { phase: 'secrets', project: project.name, target: target.name }, async () => {
    const hook = { config: ctx.config, project, target: { name: target.name, type: target.type } }
    await ctx.host.callHook('secrets:before', hook)
    const { secrets } = bundle.manifest
    const declared = secrets.map(({ name }) => name)
    const { value, summary } = await proveSecrets(project, target, secrets, ctx, send)
    await ctx.host.callHook('secrets:done', hook, declared)
    return { value, summary, data: { declared, set: [...value.keys()] } }
  })
}

const NONE: SecretsToSet = new Map()

async function proveSecrets(
  project: ResolvedProject, target: ResolvedTarget, declared: readonly RequiredSecret[], ctx: LifecycleContext, send: boolean,
): Promise<{ readonly value: SecretsToSet; readonly summary: string }> {
  if (findTarget(target, ctx).implementation.secrets === undefined) {
    return { value: NONE, summary: declared.length === 0 ? 'none declared' : `${declared.length} declared, for the platform to set` }
  }
  const { listed, atRelease } = await listSecrets(project, target, ctx)
  const secrets = neededSecrets(project, target, declared, ctx)
  if (send && !atRelease) throw notWithARelease(project, target, ctx)
  if (listed === undefined || send) {
    const value = await readForRelease(project, target, secrets, ctx)
    return { value, summary: `${secrets.length} declared, ${value.size} to be set with the release` }
  }
  const present = new Set(listed)
  const missing = secrets.filter(({ name, optional }) => !optional && !present.has(name)).map(({ name }) => name)
  if (missing.length > 0) throw notSet(missing, project, target, ctx)
  return { value: NONE, summary: `${secrets.length} declared, ${secrets.filter(({ name }) => present.has(name)).length} present` }
}

/** A first release has to bring the values along, so what cannot be read here will be absent there. */
async function readForRelease(
  project: ResolvedProject, target: ResolvedTarget, secrets: readonly RequiredSecret[], ctx: LifecycleContext,
): Promise<SecretsToSet> {
  try {
    return await readDeclared(project, secrets, ctx)
  } catch (error) {
    if (!isStkError(error) || error.code !== 'STK3001') throw error
    const { others = [], ...details } = error.details
    const absent = (why: string): string => `${why.replace(/\.$/, '')}, so this release cannot set it on "${target.name}"; nothing was changed.`
    throw new StkError('STK3004', {
      ...details,
      why: absent(details.why),
      others: others.map((other) => (other.code === 'STK3001' ? new StkError('STK3004', { ...other.details, why: absent(other.details.why) }) : other)),
    })
  }
}

function notSet(names: readonly string[], project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): StkError {
  const only = names.map((name) => ` --only ${name}`).join('')
  return new StkError('STK3004', {
    why: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not set on "${target.name}"; nothing was changed.`,
    fix: `stk secrets push ${placeFlags({ project, target, environment: ctx.config.environment })}${only}`,
  })
}

function notWithARelease(project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): StkError {
  return new StkError('STK3011', {
    why: `"${target.name}" (${target.type}) takes no secrets with a release; nothing was changed.`,
    fix: [`stk secrets push ${placeFlags({ project, target, environment: ctx.config.environment })}`, 'Then release without --push-secrets.'],
  })
}
