import { secret, type MaybeSecret, type TargetFlag } from '@santokit/core'
import { z } from 'zod'

/** What a person writes under `targets.cfworker`. */
export interface WorkerOptions {
  /**
   * The Worker's name: lower-case letters, digits and dashes. One Worker holds one target of one project in one environment.
   * @default the project's name; in other environments than production, followed by `-` and the environment's
   */
  readonly name?: string
  /** The account that it belongs to. @default secret('CLOUDFLARE_ACCOUNT_ID') */
  readonly account?: MaybeSecret
  /** A token with the permission *Workers Scripts: Edit*, and *Workers Routes: Edit* where there are routes. @default secret('CLOUDFLARE_API_TOKEN') */
  readonly token?: MaybeSecret
  /** Which state of the runtime the Worker is made for: `2025-10-01` or later. Fixed, so that a deploy changes nothing by itself. @default '2026-03-01' */
  readonly compatibilityDate?: string
  /** Added to `nodejs_compat` and `enable_request_signal`. */
  readonly compatibilityFlags?: readonly string[]
  /** Hyperdrive configurations by the alias that is reached through them: `{ main: '<id>' }`. */
  readonly hyperdrive?: { readonly [alias: string]: string }
  /**
   * Where requests come from: patterns such as `shop.example.com/*`, or custom domains.
   * @default everything below the project's `baseUrl`, if it is not on workers.dev
   */
  readonly routes?: readonly WorkerRoute[]
  /** Whether the Worker also answers at `<name>.<subdomain>.workers.dev`. @default true if there are no routes */
  readonly workersDev?: boolean
  /** Whether versions have addresses of their own on workers.dev, which `--preview` needs. @default false */
  readonly previewUrls?: boolean
  /** Logs and traces that Cloudflare keeps. @default { enabled: true } */
  readonly observability?: boolean | { readonly [setting: string]: unknown }
  /** Where it runs: `'smart'` is near the databases. @default near the caller */
  readonly placement?: 'smart' | { readonly [setting: string]: unknown }
  /**
   * Where `verify` asks for `/health` until the release answers, or `false` to trust the upload.
   * @default the project's `baseUrl`, else the Worker's address on workers.dev
   */
  readonly health?: string | false
  /** How long `verify` waits for that. @default '1m' */
  readonly healthTimeout?: string | number
  /** Whatever else `wrangler.json` can say. What Santokit writes there itself is refused. */
  readonly wrangler?: { readonly [setting: string]: unknown }
  /** Another address of Cloudflare's API. @default 'https://api.cloudflare.com/client/v4' */
  readonly apiUrl?: string
}

/** A pattern, or a pattern with its zone, or a custom domain. */
export type WorkerRoute =
  | string
  | { readonly pattern: string; readonly zone_name: string }
  | { readonly pattern: string; readonly zone_id: string }
  | { readonly pattern: string; readonly custom_domain: true }

/** {@link WorkerOptions}, checked, with defaults. */
export type WorkerSettings = z.output<typeof workerOptions>

/** The compatibility date of Workers that name none. The first that the Bridge can use is 2025-10-01. */
export const DEFAULT_COMPATIBILITY_DATE = '2026-03-01'

const LEAST_COMPATIBILITY_DATE = '2025-10-01'

/** Settings of `wrangler.json` that are decided by options of their own, or by what Santokit releases. */
export const OWN_SETTINGS: Readonly<Record<string, string>> = {
  name: '`name`', main: '', no_bundle: '', account_id: '`account`', compatibility_date: '`compatibilityDate`',
  compatibility_flags: '`compatibilityFlags`', secrets: '', hyperdrive: '`hyperdrive`', route: '`routes`', routes: '`routes`',
  workers_dev: '`workersDev`', preview_urls: '`previewUrls`', observability: '`observability`', placement: '`placement`',
  version_metadata: '', env: 'an environment of the config', build: '', rules: '', find_additional_modules: '', base_dir: '', minify: '',
  keep_vars: '', site: '', legacy_env: '', $schema: '', upload_source_maps: '', define: '', alias: '', pages_build_output_dir: '',
}

const maybeSecret = z.union([
  z.string().min(1),
  z.strictObject({ secret: z.string().min(1), optional: z.boolean().optional() }),
])

/** Milliseconds, or a number with its unit. */
const duration = z.union([z.number().int().positive(), z.string().regex(/^\d{1,6}(ms|s|m)$/, 'must be a duration such as 90s or 2m')])
  .transform((value) => (typeof value === 'number' ? value : Number.parseInt(value, 10) * (value.endsWith('ms') ? 1 : value.endsWith('s') ? 1000 : 60_000)))

/** A Worker's name. workers.dev makes it a part of a host name, so it has the length of one. */
export const WORKER_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const address = z.string().superRefine((text, ctx) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname))
  if (!isSafe) ctx.addIssue({ code: 'custom', message: 'is not an https address', params: { phrase: true, fix: 'Write https://…; plain http is for this computer only.' } })
}).transform((text) => text.replace(/\/+$/, ''))

const route = z.union([
  z.string().min(1),
  z.strictObject({ pattern: z.string().min(1), zone_name: z.string().min(1) }),
  z.strictObject({ pattern: z.string().min(1), zone_id: z.string().min(1) }),
  z.strictObject({ pattern: z.string().min(1), custom_domain: z.literal(true) }),
])

const settings = z.record(z.string(), z.unknown())

const passedOn = settings.superRefine((written, ctx) => {
  for (const name of Object.keys(written).filter((each) => Object.hasOwn(OWN_SETTINGS, each))) {
    const instead = OWN_SETTINGS[name] ?? ''
    const fix = instead === '' ? 'Take it away.' : `Take it away, and use ${instead}.`
    ctx.addIssue({ code: 'custom', path: [name], message: 'is written by Santokit itself', params: { phrase: true, fix } })
  }
})

/** Reads {@link WorkerOptions}. */
export const workerOptions = z.strictObject({
  name: z.string().regex(WORKER_NAME, 'must be lower-case letters, digits and dashes, 63 at most').optional(),
  account: maybeSecret.default(secret('CLOUDFLARE_ACCOUNT_ID')),
  token: maybeSecret.default(secret('CLOUDFLARE_API_TOKEN')),
  compatibilityDate: z.string().regex(/^\d{4}-\d\d-\d\d$/, 'must be a date such as 2026-03-01')
    .refine((date) => date >= LEAST_COMPATIBILITY_DATE, `must be ${LEAST_COMPATIBILITY_DATE} or later: the Bridge needs what came with it`)
    .default(DEFAULT_COMPATIBILITY_DATE),
  compatibilityFlags: z.array(z.string().min(1)).default([]),
  hyperdrive: z.record(z.string(), z.string().regex(/^[0-9a-f]{32}$/, 'must be the id of a Hyperdrive configuration: 32 hexadecimal digits')).default({}),
  routes: z.array(route).optional(),
  workersDev: z.boolean().optional(),
  previewUrls: z.boolean().optional(),
  observability: z.union([z.boolean(), settings]).default(true),
  placement: z.union([z.literal('smart'), settings]).optional(),
  health: z.union([z.literal(false), address]).optional(),
  healthTimeout: duration.default(60_000),
  wrangler: passedOn.default({}),
  apiUrl: address.default('https://api.cloudflare.com/client/v4'),
})

/** What the command line may say. */
export const WORKER_FLAGS = {
  'name': { type: 'string', value: 'WORKER', summary: 'The Worker, in place of `name` in the config' },
  'percentage': { type: 'string', value: 'N', summary: 'Give the release N percent of requests, and leave the rest to what is live' },
  'preview': { type: 'string', value: 'BRANCH', summary: 'Upload a version with an address of its own, and leave live what is live' },
  'adopt': { type: 'boolean', summary: 'Take over a Worker that Santokit did not make, or made for something else' },
  'restore-secrets': { type: 'boolean', summary: 'Let a rollback bring back the secrets of then' },
} as const satisfies { readonly [name: string]: TargetFlag }
