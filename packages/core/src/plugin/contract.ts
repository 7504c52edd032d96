import type { Digest, Json, LogicEntry, Manifest, RequiredSecret } from '@santokit/bridge/manifest'
import type { z } from 'zod'
import type { Artifact } from '../artifact/artifact.ts'
import type { Bundle } from '../artifact/bundle.ts'
import type { ResolvedConfig, ResolvedProject } from '../config/resolved.ts'
import type { ConfigEnv, DeepPartial, UserConfig } from '../config/types.ts'
import type { StkError } from '../diagnostics/error.ts'
import type { Report } from '../diagnostics/events.ts'
import type { SchemaEngine } from '../schema/contract.ts'
import type { MaybeSecret } from '../secrets/secret-ref.ts'
import type { SecretValue } from '../secrets/secret-value.ts'

/** What a plugin contributes. Every part is optional but the name. */
export interface Plugin {
  /** Unique in a config; the package name without its prefix: `tarball` for `santokit-plugin-tarball`. */
  readonly name: string
  /** Runs this plugin's hooks before (`pre`) or after (`post`) those of plugins that say nothing. */
  readonly enforce?: 'pre' | 'post'
  /** May return a partial config, merged *below* what the user wrote. */
  config?(config: UserConfig, env: ConfigEnv): DeepPartial<UserConfig> | void | Promise<DeepPartial<UserConfig> | void>
  /** Sees the final config. */
  configResolved?(config: ResolvedConfig): void | Promise<void>
  // `any`: options and packages differ from target to target and are opaque to core; the host restores the pairing.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly targets?: readonly Target<any, any>[]
  readonly secretProviders?: readonly SecretProvider[]
  readonly schemaEngines?: readonly SchemaEngine[]
  /** Further verbs of `stk`, by name. */
  readonly commands?: { readonly [name: string]: PluginCommand }
  readonly hooks?: { readonly [Name in keyof Hooks]?: HookOption<Hooks[Name]> }
}

/**
 * Declares a plugin: `export default definePlugin((options: Options = {}) => ({ name: 'mine' }))`.
 *
 * Returns its argument; it exists for its types.
 */
export function definePlugin<Options extends readonly unknown[]>(create: (...options: Options) => Plugin): (...options: Options) => Plugin {
  return create
}

/** Moments of the lifecycle that a plugin can listen to. Listeners run one after the other. */
export interface Hooks {
  'bundle:before'(context: ProjectHookContext): void | Promise<void>
  /** Once for each logic that was compiled. The entry is frozen. */
  'bundle:logic'(context: ProjectHookContext, logic: { readonly path: string; readonly entry: LogicEntry }): void | Promise<void>
  'bundle:done'(context: ProjectHookContext, bundle: Bundle): void | Promise<void>
  'package:before'(context: TargetHookContext, bundle: Bundle): void | Promise<void>
  'package:done'(context: TargetHookContext, pkg: Artifact): void | Promise<void>
  'secrets:before'(context: TargetHookContext): void | Promise<void>
  'secrets:done'(context: TargetHookContext, names: readonly string[]): void | Promise<void>
  'release:before'(context: TargetHookContext, pkg: Artifact): void | Promise<void>
  /** The last moment to object: throw to stop before anything is changed. */
  'release:planned'(context: TargetHookContext, plan: ReleasePlan): void | Promise<void>
  'release:done'(context: TargetHookContext, release: Release): void | Promise<void>
  /** Something failed. Cannot change that. */
  error(error: StkError): void | Promise<void>
}

/** A listener, or a listener with its place in the order. */
export type HookOption<Listener> = Listener | OrderedHook<Listener>

export interface OrderedHook<Listener> {
  /** Within the plugin's `enforce` group: first, last, or in the order of the plugin list. */
  readonly order?: 'pre' | 'post'
  /** Names of plugins whose listener for this hook must come later. Unknown names are ignored. */
  readonly before?: string | readonly string[]
  /** Names of plugins whose listener for this hook must have run. Unknown names are ignored. */
  readonly after?: string | readonly string[]
  readonly handler: Listener
}

export interface ProjectHookContext {
  readonly config: ResolvedConfig
  readonly project: ResolvedProject
}

export interface TargetHookContext extends ProjectHookContext {
  readonly target: { readonly name: string; readonly type: string }
}

/** What a target's methods are given beside their input. */
export interface TargetContext<Options> {
  readonly project: ResolvedProject
  readonly target: { readonly name: string; readonly type: string }
  readonly options: Options
  readonly environment: string
  /** The repository root, for paths in options. Absolute. */
  readonly root: string
  /** The git revision of the working tree, if it is one and `git` answers; with `-dirty` when it has changes. */
  readonly revision: string | undefined
  /**
   * The only time an artifact may be dated with: `SOURCE_DATE_EPOCH`, else when the revision was committed. ISO 8601, UTC, in
   * whole seconds.
   */
  readonly sourceDate: string | undefined
  /** What the person gave of the target's own {@link Target.flags}, by name. */
  readonly flags: TargetFlags
  /**
   * Whether the person has said yes beforehand, so that a release follows this plan. A target may then begin what takes a
   * round trip, as long as nothing comes of it that anybody can see: a plan that nothing follows leaves nothing behind.
   */
  readonly isDecided: boolean
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal
  /** Says what goes on: `uploading 2 of 3`. */
  progress(message: string): void
  /** Something worth a person's attention that stops nothing. */
  warn(message: string): void
  /**
   * Gives the value of a credential that a target needs to reach its platform: read from where the project's `secrets`
   * say, else from the environment variable of its name.
   *
   * @returns `undefined` for an optional one that is not set.
   * @throws StkError STK3001 when it cannot be resolved.
   */
  credential(value: MaybeSecret): Promise<SecretValue | undefined>
  /**
   * Values that this release sets on the platform in the same upload, by name: what the platform lacks, or the person asked
   * to send. Empty unless the target's sink says `atRelease`, and outside of `plan` and `release`.
   */
  readonly secretsToSet: ReadonlyMap<string, SecretValue>
  /**
   * The name of a secret of the project, or a credential of its targets, whose value stands in `bytes`, as far as this
   * process's environment has it. The bundle has been looked at already; this is for what a target adds.
   */
  secretIn(bytes: Uint8Array): string | undefined
  /** The time, for what is recorded on the platform. Never for an artifact. */
  now(): Date
}

/** What reads a target's options and fills defaults in: a schema of zod, or of the smaller zod/mini. */
export type OptionsSchema<Options> = z.core.$ZodType<Options> & {
  parseAsync(given: unknown): Promise<NoInfer<Options>>
  safeParseAsync(given: unknown): Promise<z.core.util.SafeParseResult<NoInfer<Options>>>
}

/**
 * A platform that a project can be released to.
 *
 * `plan` reads and never writes. `release` observes, then acts: run again after a crash it finishes the work or changes
 * nothing. Whatever a target must remember lives on its platform.
 */
export interface Target<Options, Package extends Artifact = Artifact> {
  /** Written in the config; unique among plugins. */
  readonly type: string
  readonly options: OptionsSchema<Options>
  /**
   * Command-line flags that `stk build`, `stk release` and `stk deploy` take for this target, by name without dashes. They
   * are strict like the verbs' own, and `stk deploy TARGET --help` lists them.
   */
  readonly flags?: { readonly [name: string]: TargetFlag }
  /**
   * Looks, for `stk doctor`, whether this machine has the tools that a release needs. It changes nothing and asks no platform.
   *
   * @returns one line: `wrangler 4.164.0`.
   * @throws StkError that says what is missing, and how to get it.
   */
  check?(ctx: TargetContext<Options>): Promise<string>
  /** Turns a bundle into what the platform takes. Deterministic; touches no network but what it must read. */
  package(bundle: Bundle, ctx: TargetContext<Options>): Promise<Package>
  /** Says what `release` would do. Works before the first release, too. */
  plan(pkg: Package, ctx: TargetContext<Options>): Promise<ReleasePlan>
  /** Makes `pkg` live. @throws StkError STK4003 if the platform is no longer as the plan observed it. */
  release(plan: ReleasePlan, pkg: Package, ctx: TargetContext<Options>): Promise<Release>
  /** Proves that the release is live and whole. */
  verify?(release: Release, ctx: TargetContext<Options>): Promise<Verification>
  /** Read back from the platform, newest first. The first one is live. */
  releases?(ctx: TargetContext<Options>): AsyncIterable<Release>
  /**
   * Reads the manifest of a release back from the platform, so that `stk plan` can say what a new one changes for clients. Core
   * checks that it is whole and hashes to the release's digest, so it may be handed on as it was read, once it is known to be JSON.
   *
   * @returns `null` where the platform no longer has it, or never had.
   */
  manifest?(release: Release, ctx: TargetContext<Options>): Promise<Manifest | null>
  /** Makes an earlier release live again, after checking that its artifact still exists. */
  rollback?(to: Release, ctx: TargetContext<Options>): Promise<Release>
  /**
   * Makes what another environment runs live in this one, as it is: nothing is built. Run again it finishes or changes nothing.
   *
   * @param from a release of the environment that `source` is for.
   */
  promote?(from: Release, source: TargetContext<Options>, ctx: TargetContext<Options>): Promise<Release>
  /**
   * Called by `stk build` once everything is built: writes the package elsewhere if one of the {@link flags} asks for it.
   *
   * @returns one line for a person, or `undefined` if nothing was asked for.
   */
  export?(pkg: Package, ctx: TargetContext<Options>): Promise<string | undefined>
  /** Absent where the platform injects secrets by means of its own. */
  readonly secrets?: SecretSink<Options>
}

/** A command-line flag that a target offers, written `--name` or `--name VALUE`. */
export interface TargetFlag {
  readonly type: 'boolean' | 'string'
  /** What stands for the value in the help, such as `DIR`. */
  readonly value?: string
  /** One line for the help. */
  readonly summary: string
}

/** Flags by name, as they were given: a string, or `true`. */
export type TargetFlags = { readonly [name: string]: string | true | undefined }

/** Declares a target; returns its argument. It exists for its types. */
export function defineTarget<Options, Package extends Artifact = Artifact>(target: Target<Options, Package>): Target<Options, Package> {
  return target
}

export interface ReleasePlan {
  /** What is live now. */
  readonly from: Release | null
  readonly to: Digest
  /** What would be done, in order. Empty: nothing changes. */
  readonly steps: readonly PlannedStep[]
  /** Bytes that would be sent. */
  readonly bytes: number
  /** The platform's version of what was looked at (an ETag, a resourceVersion, a deployment id). `''` for nothing there. */
  readonly observed: string
}

export interface PlannedStep {
  readonly action: 'create' | 'update' | 'upload' | 'skip' | 'delete'
  /** What it is done to, in the platform's words. */
  readonly subject: string
  readonly bytes?: number
}

/** A release as its platform remembers it. */
export interface Release {
  /** The platform's own name for it, such as a tag, a version id or a record's name. */
  readonly id: string
  readonly project: string
  readonly target: string
  readonly environment: string
  /** The bundle's digest. */
  readonly digest: Digest
  readonly revision?: string
  /** The id of the release that was live before. */
  readonly previous?: string
  /** The id of the release whose artifact a rollback made live again. */
  readonly restores?: string
  readonly url?: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** Whatever else a person or a Bridge needs, such as environment variables that pin the release. */
  readonly details?: Readonly<Record<string, string>>
  /** Bytes that were sent, for a release just made. */
  readonly sent?: number
}

export interface Verification {
  readonly healthy: boolean
  /** One line: `digest live`, `502 from /health`. */
  readonly summary: string
  /**
   * What the release itself said, oldest first, where it is not healthy: the end of its log, or what it answered. Lines; the last
   * 50 are shown, without values of secrets, and nothing in them can steer a terminal.
   */
  readonly logs?: readonly string[]
}

/** A platform's secrets, by name. Values go in and never come out. */
export interface SecretSink<Options> {
  /**
   * Whether values can travel in the same upload as a release. `TargetContext.secretsToSet` then holds them where a
   * release is to set some: `plan` lists each as a step `{ action, subject: 'secret NAME' }`, and `release` sends them.
   *
   * @default false
   */
  readonly atRelease?: boolean
  /**
   * The names that are set now. Reads no value.
   *
   * @returns `undefined` where there is nothing yet that could hold a secret, as before a first release. With
   *   {@link atRelease} that release then sets them.
   */
  list(ctx: TargetContext<Options>): Promise<readonly string[] | undefined>
  /**
   * Which of a project's secrets this platform needs: a database that it reaches by means of its own needs no address. The others are
   * neither missed there nor set.
   *
   * @default all of them
   */
  needs?(secrets: readonly RequiredSecret[], ctx: TargetContext<Options>): readonly RequiredSecret[]
  /** Sets these names and leaves all others alone. Run again after a failure it finishes the work. */
  set(values: ReadonlyMap<string, SecretValue>, ctx: TargetContext<Options>): Promise<void>
  /** Removes these names. One that is not there is no failure. */
  remove?(names: readonly string[], ctx: TargetContext<Options>): Promise<void>
}

/**
 * Reads secret values from where a team keeps them.
 *
 * It does one thing: core groups and deduplicates references, remembers answers for the run, watches the time, and puts
 * failures into words. A message never holds a value, nor text that another program printed.
 */
export interface SecretProvider {
  /** The part of a reference before the first `:`, such as `op`. */
  readonly scheme: string
  /**
   * Checks the form of a reference, without asking anybody.
   *
   * @throws StkError STK3002 that does not repeat the reference: a value may have been pasted in its place.
   */
  parseRef(ref: string): void
  /**
   * Says who is signed in and by what means, without reading a value. Called after {@link resolveMany}, and only where it
   * is shown (`stk secrets check`).
   */
  preflight?(ctx: SecretContext): Promise<SecretIdentity | SecretRefusal>
  /**
   * Reads values. References have passed {@link parseRef} and are all different.
   *
   * @returns one result for each reference, in any order; a failed one does not fail the others. To throw is to fail all of
   *   them: an StkError is shown as it is, of anything else only its class.
   */
  resolveMany(refs: readonly string[], ctx: SecretContext): Promise<ReadonlyMap<string, SecretResult>>
  /** Ends what is held open. May be called twice, and without anything having been read. */
  dispose?(): Promise<void>
}

export interface SecretIdentity {
  /** Who: an account, a service account, a role. */
  readonly identity: string
  /** By what means: `op CLI, service account`, `Connect at https://…`. */
  readonly mode: string
  /** What is left of an allowance, in a line: `812 of 1,000 reads left this hour`. */
  readonly quota?: string
}

export type SecretResult = { readonly value: SecretValue } | SecretRefusal

export interface SecretRefusal {
  readonly failure: SecretFailure
  /** Why, in a sentence. */
  readonly why: string
  /** What to do about it. */
  readonly fix?: string
}

export type SecretFailure =
  | 'not-installed' | 'unauthenticated' | 'prompt-dismissed' | 'forbidden' | 'vault-not-found' | 'item-not-found' | 'ambiguous'
  | 'field-not-found' | 'empty' | 'malformed-ref' | 'rate-limited' | 'network' | 'timeout' | 'unknown'

export interface SecretContext {
  /** The repository root, for relative paths. Absolute. */
  readonly root: string
  readonly environment: string
  /** The process environment. A process that a provider starts gets from it what it needs, and no more. */
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Aborted when the person interrupts, or with a `TimeoutError` as its reason when the time is up. Then stop asking, end
   * the processes that were started, and throw `signal.reason`; or, when the time is up, answer what was read and
   * `timeout` for the rest.
   */
  readonly signal: AbortSignal
  /** May a provider ask the person (a prompt, a fingerprint)? If not, it answers `unauthenticated` instead. */
  readonly interactive: boolean
  /** Says what the person has to wait for or do: `waiting for 1Password to be unlocked`. */
  progress(message: string): void
  /** Something worth a person's attention that stops nothing: `120 reads are left this hour`. */
  warn(message: string): void
}

/** Declares a secret provider; returns its argument. */
export function defineSecretProvider(provider: SecretProvider): SecretProvider {
  return provider
}

/** A further verb of `stk`. */
export interface PluginCommand {
  /** One line for `stk --help`. */
  readonly description: string
  run(args: readonly string[], ctx: { readonly config: ResolvedConfig; readonly report: Report; readonly signal: AbortSignal }): Promise<void>
}

export type { Manifest, Json, SchemaEngine }
