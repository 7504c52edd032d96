import { resolve } from 'pathe'
import type { RequiredSecret } from '@santokit/bridge/manifest'
import type { ResolvedConfig, ResolvedProject, SecretDeclaration } from '../config/resolved.ts'
import { nearest } from '../diagnostics/index.ts'
import type { SecretResult } from '../plugin/contract.ts'
import { declaredSecrets, targetCredentials } from './declared.ts'
import { DOTENV, parseDotenv } from './dotenv.ts'
import { formFault } from './form.ts'
import { readText } from './providers/read-text.ts'
import type { SecretAccount, SecretResolver } from './resolver.ts'

/**
 * How a secret stands:
 *
 * - `present`: it can be read, and looks like what it is used for
 * - `missing`: it is not where it is said to be kept
 * - `optional-missing`: the same, and nothing minds
 * - `empty`: it is there, with nothing in it
 * - `malformed`: not of its declared type, or a database's URL that is no URL or one of another driver
 * - `unreadable`: nobody knows, since its provider could not be asked (signed out, forbidden, no network, …)
 */
export type SecretStatus = 'present' | 'missing' | 'optional-missing' | 'empty' | 'malformed' | 'unreadable'

/** One name of one project. Never holds a value, or anything made from one. */
export interface SecretCheck extends RequiredSecret, SecretDeclaration {
  readonly status: SecretStatus
  /** Why it is not `present`, in a sentence. */
  readonly why?: string
  readonly fix?: string
}

export interface SecretsReport {
  /** True if nothing is amiss: every name is `present` or `optional-missing`, and `.env` has no strays. */
  readonly ok: boolean
  readonly projects: readonly { readonly project: string; readonly secrets: readonly SecretCheck[] }[]
  /** Who is signed in to the providers that were asked. */
  readonly accounts: readonly SecretAccount[]
  /** Names in `.env` that no project of the config asks for, sorted. */
  readonly strays: readonly StraySecret[]
}

export interface StraySecret {
  readonly name: string
  /** The declared name that was likely meant. */
  readonly nearest?: string
}

/**
 * Proves that every secret of `projects` can be read, and that `.env` holds nothing that no project asks for.
 *
 * @throws StkError STK3002 or STK3003 for references that cannot be understood.
 */
export async function checkSecrets(
  projects: readonly ResolvedProject[],
  ctx: { readonly config: Pick<ResolvedConfig, 'root' | 'projects'>; readonly secrets: SecretResolver; now?(): Date },
): Promise<SecretsReport> {
  const now = ctx.now?.() ?? new Date()
  const checked = []
  // One after the other: a provider that has to ask the person is to ask once.
  for (const project of projects) checked.push({ project: project.name, secrets: await checkProject(project, ctx.secrets, now) })
  const strays = await findStrays(ctx.config)
  const ok = strays.length === 0 && checked.every(({ secrets }) => secrets.every(({ status }) => FINE.has(status)))
  return { ok, projects: checked, accounts: await ctx.secrets.identities(), strays }
}

const FINE: ReadonlySet<SecretStatus> = new Set(['present', 'optional-missing'])

async function checkProject(project: ResolvedProject, resolver: SecretResolver, now: Date): Promise<readonly SecretCheck[]> {
  const needed = mergeByName([...declaredSecrets(project), ...targetCredentials(project)])
  const results = await resolver.resolve(project, needed.map(({ name }) => name))
  return needed.map((secret) => ({
    ...secret, ...project.declarations?.[secret.name], ...judge(secret, results.get(secret.name), project, now),
  }))
}

/** A name may be asked for by the Bridge and by a target. */
function mergeByName(secrets: readonly RequiredSecret[]): readonly RequiredSecret[] {
  const merged = new Map<string, RequiredSecret>()
  for (const secret of secrets) {
    const other = merged.get(secret.name)
    merged.set(secret.name, other === undefined ? secret : {
      name: secret.name, optional: secret.optional && other.optional, usedBy: [...other.usedBy, ...secret.usedBy],
    })
  }
  return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function judge(secret: RequiredSecret, result: SecretResult | undefined, project: ResolvedProject, now: Date): Pick<SecretCheck, 'status' | 'why' | 'fix'> {
  if (result === undefined) return { status: 'unreadable', why: 'It was not looked up.' }
  if ('value' in result) {
    const why = formFault(secret.name, result.value.reveal(), project, now)
    return why === undefined ? { status: 'present' } : { status: 'malformed', why }
  }
  const status = secret.optional && ABSENT[result.failure] !== undefined ? 'optional-missing' : ABSENT[result.failure] ?? 'unreadable'
  return { status, why: result.why, ...(result.fix === undefined ? {} : { fix: result.fix }) }
}

const ABSENT: { readonly [failure: string]: SecretStatus } = { 'item-not-found': 'missing', 'field-not-found': 'missing', 'empty': 'empty' }

/** Settings of the Bridge and of `stk` that people keep beside their secrets. */
const SETTINGS: ReadonlySet<string> = new Set([
  'BUNDLE_MAX_BYTES', 'BUNDLE_PATH', 'BUNDLE_SHA256', 'BUNDLE_URL', 'HOST', 'IMAGE_TAG', 'LOG_LEVEL', 'LOG_PARAMS', 'MANIFEST_PATH', 'MAX_CONNECTIONS',
  'METRICS_HOST', 'METRICS_PORT', 'NODE_ENV', 'PORT', 'REQUEST_TIMEOUT', 'SHUTDOWN_DELAY', 'SHUTDOWN_TIMEOUT',
])

async function findStrays(config: Pick<ResolvedConfig, 'root' | 'projects'>): Promise<readonly StraySecret[]> {
  const file = await readText(resolve(config.root, DOTENV), DOTENV)
  if ('failure' in file) return []
  const expected = new Set(config.projects.flatMap(expectedIn))
  const missing = [...expected]
  return [...parseDotenv(file.text).keys()]
    .filter((name) => !expected.has(name) && !expected.has(name.replace(/_FILE$/, '')) && !SETTINGS.has(name) && !name.startsWith('STK_'))
    .sort()
    .map((name) => {
      const near = nearest(name, missing)
      return near === undefined ? { name } : { name, nearest: near }
    })
}

/** The names that `.env` may hold for a project: what it needs, what its `secrets` name, and what they read from `.env`. */
function expectedIn(project: ResolvedProject): readonly string[] {
  const read = Object.values(project.secrets).flatMap((ref) => {
    const [, path, name] = /^dotenv:(.+)#(\w+)$/.exec(ref) ?? []
    return name !== undefined && path?.replace(/^\.\//, '') === DOTENV ? [name] : []
  })
  return [...declaredSecrets(project), ...targetCredentials(project)].map(({ name }) => name).concat(Object.keys(project.secrets), read)
}
