import { StkError, type Bundle } from '@santokit/core'
import type { WorkerRoute, WorkerSettings } from '../options.ts'
import { hyperdriveBinding, withoutReplaced } from './hyperdrive.ts'
import { MARK } from './mark.ts'
import { VARIABLE_LIMITS } from './size.ts'

/** The name of the binding through which a Worker knows its version, for `/health`. */
const VERSION_BINDING = 'CF_VERSION_METADATA'

/** What the Bridge needs of the runtime: Node's modules, and to be told when a client leaves. */
const FLAGS = ['nodejs_compat', 'enable_request_signal']

/** What `wrangler.json` says, but for the mark. */
export type WranglerConfig = { readonly [setting: string]: unknown }

/** What is released where: names the Worker for its config. */
export interface ConfigSource {
  readonly name: string
  readonly bundle: Pick<Bundle, 'manifest'>
  readonly settings: WorkerSettings
  /** The project's. */
  readonly baseUrl: string | undefined
}

/**
 * The config that a Worker is uploaded with.
 *
 * @throws StkError STK4202 if two things would have one name, STK4203 if there are more variables than a Worker may have.
 */
export function wranglerConfig({ name, bundle: { manifest }, settings, baseUrl }: ConfigSource): WranglerConfig {
  const { vars, ...others } = settings.wrangler
  const variables = isRecord(vars) ? vars : {}
  const routes = routesOf(settings, baseUrl)
  const hyperdrive = Object.entries(settings.hyperdrive).sort(([a], [b]) => (a < b ? -1 : 1)).map(([alias, id]) => ({ binding: hyperdriveBinding(alias), id }))
  const secrets = withoutReplaced(manifest.secrets, settings.hyperdrive)
  refuseNames([...secrets.map((secret) => secret.name), ...Object.keys(variables), MARK, VERSION_BINDING, ...hyperdrive.map(({ binding }) => binding), ...bindings(others)], manifest.project)
  const count = secrets.length + Object.keys(variables).length + 1
  if (count > VARIABLE_LIMITS.paid) {
    throw new StkError('STK4203', {
      why: `Project "${manifest.project}" has ${count} secrets and variables; a Worker may have ${VARIABLE_LIMITS.paid}, and ${VARIABLE_LIMITS.free} on the free plan.`,
      fix: 'Put several values into one secret, or divide the project.',
    })
  }
  return {
    ...others,
    name,
    main: 'worker.js',
    no_bundle: true,
    compatibility_date: settings.compatibilityDate,
    compatibility_flags: [...new Set([...FLAGS, ...settings.compatibilityFlags])],
    secrets: { required: secrets.filter(({ optional }) => !optional).map((secret) => secret.name) },
    ...(hyperdrive.length === 0 ? {} : { hyperdrive }),
    routes,
    workers_dev: settings.workersDev ?? routes.length === 0,
    preview_urls: settings.previewUrls ?? false,
    observability: typeof settings.observability === 'boolean' ? { enabled: settings.observability } : settings.observability,
    ...(settings.placement === undefined ? {} : { placement: settings.placement === 'smart' ? { mode: 'smart' } : settings.placement }),
    version_metadata: { binding: VERSION_BINDING },
    vars: variables,
  }
}

/** The text of `wrangler.json`, with the mark among its variables. */
export function configText(config: WranglerConfig, mark?: string): string {
  const { vars } = config
  const marked = mark === undefined ? config : { ...config, vars: { ...(isRecord(vars) ? vars : {}), [MARK]: mark } }
  return `${JSON.stringify(sorted(marked), undefined, 2)}\n`
}

/** The options' routes; else everything below the base URL, unless workers.dev answers there by itself. */
export function routesOf({ routes }: Pick<WorkerSettings, 'routes'>, baseUrl: string | undefined): readonly WorkerRoute[] {
  if (routes !== undefined) return routes
  if (baseUrl === undefined) return []
  const { hostname, pathname } = new URL(baseUrl)
  if (hostname.endsWith('.workers.dev') || hostname === 'localhost' || /^[\d.]+$|^\[/.test(hostname)) return []
  return [`${hostname}${pathname.replace(/\/+$/, '')}/*`]
}

function refuseNames(names: readonly string[], project: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new StkError('STK4202', {
    why: `Project "${project}" has two things of the name ${twice} in its Worker, and a Worker has one name for secrets, variables and bindings.`,
    fix: twice === MARK || twice === VERSION_BINDING ? `Santokit itself uses ${twice}: give yours another name.` : 'Give one of them another name.',
  })
}

/** The names of bindings that were passed on: whatever has a `binding`. */
function bindings(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(bindings)
  if (!isRecord(value)) return []
  return [...(typeof value.binding === 'string' ? [value.binding] : []), ...Object.values(value).flatMap(bindings)]
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]))
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
