import type { ResolvedConfig, ResolvedProject, ResolvedTarget } from '../config/resolved.ts'
import type { Phase, Report } from '../diagnostics/index.ts'
import { isStkError, StkError } from '../diagnostics/index.ts'
import type { TargetContext, TargetFlags } from '../plugin/contract.ts'
import type { PluginHost } from '../plugin/host.ts'
import { declaredSecrets, targetCredentials } from '../secrets/declared.ts'
import { findSecretValue } from '../secrets/find-value.ts'
import { isSecretRef, type MaybeSecret } from '../secrets/secret-ref.ts'
import type { SecretResolver } from '../secrets/resolver.ts'
import { SecretValue } from '../secrets/secret-value.ts'

/** A build that is done again at every save. */
export interface DevelopmentBuild {
  /** Is told of each file that modules are made of, however the build ends. Absolute. */
  readonly onInput: (file: string) => void
  /** Is told of each file that an import may mean and that is not there. Absolute. */
  readonly onMissing: (file: string) => void
}

/** What every phase is given beside its input: the world, passed in. */
export interface LifecycleContext {
  readonly config: ResolvedConfig
  readonly host: PluginHost
  readonly report: Report
  readonly secrets: SecretResolver
  readonly signal: AbortSignal
  /** The git revision that releases are marked with. */
  readonly revision: string | undefined
  /** What artifacts may be dated with. */
  readonly sourceDate: string | undefined
  /** Flags of targets that were given, by name. Each target sees those that it offers. */
  readonly flags: TargetFlags
  /** Packages are bundled once and apart, so that a save is fast. What comes out runs on this machine only. */
  readonly development?: DevelopmentBuild
  /** Whether a release follows without a question: `--yes`. */
  readonly isDecided: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  now(): Date
}

/** Where in the run a phase stands. */
export interface PhasePlace {
  readonly phase: Phase
  readonly project: string
  readonly target?: string
}

/** What a phase gives: its output, and one line for a person. */
export interface PhaseResult<T> {
  readonly value: T
  readonly summary: string
  readonly data?: Readonly<Record<string, unknown>>
}

/**
 * Runs one phase and reports its start, end or failure.
 *
 * @throws StkError with project and target filled in; anything else that was thrown becomes STK9001.
 */
export async function runPhase<T>(
  ctx: Pick<LifecycleContext, 'report' | 'signal' | 'host'>,
  place: PhasePlace,
  work: () => Promise<PhaseResult<T>>,
): Promise<T> {
  const began = performance.now()
  const ms = (): number => performance.now() - began
  ctx.report({ type: 'phase:start', ...place })
  try {
    ctx.signal.throwIfAborted()
    const { value, summary, data } = await work()
    ctx.report({ type: 'phase:done', ...place, ms: ms(), summary, ...(data === undefined ? {} : { data }) })
    return value
  } catch (thrown) {
    const error = explain(thrown, place, ctx.signal)
    ctx.report({ type: 'phase:failed', ...place, ms: ms(), error })
    await ctx.host.callHook('error', error)
    throw error
  }
}

function explain(thrown: unknown, place: PhasePlace, signal: AbortSignal): StkError {
  const where = { project: place.project, ...(place.target === undefined ? {} : { target: place.target }) }
  // What a plugin threw since it was interrupted is no failure of the plugin's.
  if (signal.aborted && (!isStkError(thrown) || thrown.code === 'STK1010')) {
    return new StkError('STK9002', { ...where, why: `Interrupted during ${place.phase}.`, cause: thrown, fix: 'Run it again: every step finishes what was begun, or changes nothing.' })
  }
  if (isStkError(thrown)) return thrown.with(where)
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return new StkError('STK9001', { ...where, why, cause: thrown, fix: 'Run it again with --verbose and report it with the stack.' })
}

/** What a target's methods see of the world. */
export function targetContext(
  ctx: LifecycleContext,
  project: ResolvedProject,
  target: ResolvedTarget,
  phase: Phase,
  secretsToSet: ReadonlyMap<string, SecretValue> = NONE,
): TargetContext<unknown> {
  return {
    project,
    target: { name: target.name, type: target.type },
    options: target.options,
    environment: ctx.config.environment,
    root: ctx.config.root,
    revision: ctx.revision,
    sourceDate: ctx.sourceDate,
    flags: offered(ctx, target),
    isDecided: ctx.isDecided,
    signal: ctx.signal,
    progress: (message) => ctx.report({ type: 'phase:progress', phase, project: project.name, target: target.name, message }),
    warn: (message) => ctx.report({ type: 'note', level: 'warn', message, project: project.name, target: target.name }),
    credential: (value) => credential(ctx, project, value),
    secretsToSet,
    secretIn: (bytes) => findSecretValue(bytes, secretNames(project), ctx.env),
    now: ctx.now,
  }
}

const NONE: ReadonlyMap<string, SecretValue> = new Map()

function secretNames(project: ResolvedProject): readonly string[] {
  return [...declaredSecrets(project), ...targetCredentials(project)].map(({ name }) => name)
}

function offered(ctx: Pick<LifecycleContext, 'flags' | 'host'>, target: ResolvedTarget): TargetFlags {
  const { flags = {} } = ctx.host.target(target.type)?.target ?? {}
  return Object.fromEntries(Object.entries(ctx.flags).filter(([name]) => Object.hasOwn(flags, name)))
}

async function credential(ctx: LifecycleContext, project: ResolvedProject, value: MaybeSecret): Promise<SecretValue | undefined> {
  if (!isSecretRef(value)) return new SecretValue(value)
  const result = (await ctx.secrets.resolve(project, [value.secret])).get(value.secret)
  if (result !== undefined && 'value' in result) return result.value
  if (value.optional === true) return undefined
  throw new StkError('STK3001', {
    why: `${value.secret}: ${result?.why ?? 'it is not set.'}`,
    fix: result?.fix ?? `export ${value.secret}=…, or say where it is kept: projects.${project.name}.secrets.${value.secret}`,
    project: project.name,
  })
}
