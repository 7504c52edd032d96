import { dirname } from 'pathe'
import { findConfig } from '../config/find.ts'
import { loadConfig } from '../config/index.ts'
import type { Report } from '../diagnostics/index.ts'
import type { Plugin, SecretProvider } from '../plugin/contract.ts'
import type { PluginHost } from '../plugin/host.ts'
import { guardedProvider } from '../secrets/guarded-provider.ts'
import { createSecretResolver } from '../secrets/resolver.ts'
import type { SecretValue } from '../secrets/secret-value.ts'
import type { LifecycleContext } from './context.ts'
import { tellKnownValues } from './known-values.ts'
import { readRevision } from './revision.ts'

export interface OpenOptions {
  /** Where the search for a config file begins. Absolute. */
  readonly cwd: string
  /** The config file, if it is named. */
  readonly file?: string
  readonly environment?: string
  /** The verb that runs. */
  readonly command: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly report: Report
  readonly signal: AbortSignal
  /** May a secret provider ask the person? */
  readonly interactive: boolean
  /** Told of every value that can be known, so that it can be kept out of what is shown. */
  readonly tell?: (value: string | SecretValue) => void
  /** Plugins that need not be listed: those under test. */
  readonly builtins?: readonly Plugin[]
}

export interface OpenedLifecycle extends LifecycleContext {
  /** Ends what providers hold open. */
  dispose(): Promise<void>
}

/** Loads the config and sets up what every phase needs. */
export async function openLifecycle(options: OpenOptions): Promise<OpenedLifecycle> {
  // While the config is loaded: git is as slow as that.
  const revision = PACKAGING.has(options.command) ? readRevision(dirname(findConfig(options.cwd, options.file)), options.env) : { revision: undefined, sourceDate: undefined }
  const { config, host } = await loadConfig({ ...options, isOnly: options.command !== 'dev' })
  const { tell = () => {} } = options
  await tellKnownValues(config, options.env, tell)
  const providers = new Map(host.secretSchemes().map((scheme) => [scheme, attributedProvider(host, scheme)]))
  const secrets = createSecretResolver({
    provider: (scheme) => providers.get(scheme),
    schemes: host.secretSchemes(),
    tell,
    context: {
      root: config.root, environment: config.environment, env: options.env, signal: options.signal, interactive: options.interactive,
      progress: (message) => options.report({ type: 'note', level: 'info', message }),
      warn: (message) => options.report({ type: 'note', level: 'warn', message }),
    },
  })
  return {
    config,
    host,
    secrets,
    report: options.report,
    signal: options.signal,
    env: options.env,
    // Only what is packaged or released carries a revision.
    ...(await revision),
    flags: {},
    isDecided: false,
    now: () => new Date(),
    dispose: () => secrets.dispose(),
  }
}

/** A plugin's provider whose failures and time are put down to the plugin. */
function attributedProvider(host: PluginHost, scheme: string): SecretProvider | undefined {
  const found = host.secretProvider(scheme)
  if (found === undefined) return undefined
  const { plugin } = found
  // Guarded inside, so that an error nobody planned for does not become one that repeats its message.
  const provider = guardedProvider(found.provider)
  const { preflight } = provider
  return {
    ...provider,
    ...(preflight === undefined ? {} : {
      preflight: (context) => host.attribute(plugin, `secrets ${scheme}: preflight`, () => preflight(context)),
    }),
    resolveMany: (refs, context) => host.attribute(plugin, `secrets ${scheme}: resolveMany`, () => provider.resolveMany(refs, context)),
  }
}

const PACKAGING = new Set(['build', 'plan', 'release', 'deploy', 'rollback', 'promote'])
