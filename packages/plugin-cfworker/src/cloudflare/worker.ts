import { z } from 'zod'
import { ask, type Api } from './api.ts'
import { ApiRefusal, CODES } from './refusal.ts'

/** One Worker of an account, asked through Cloudflare's API. */
export interface Worker {
  readonly api: Api
  readonly name: string
}

/** Which versions answer, from some moment on. */
export interface Deployment {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** With percentages that add up to 100. */
  readonly versions: readonly { readonly id: string; readonly percentage: number }[]
}

/** An upload: code, settings and secrets. It never changes. */
export interface Version {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly tag: string | undefined
  readonly message: string | undefined
  readonly bindings: readonly Binding[]
}

export interface Binding {
  readonly type: string
  readonly name: string
  /** Of plain text only: nobody is given a secret's. */
  readonly text?: string
}

const percentage = z.object({ version_id: z.string(), percentage: z.number() })
const deployment = z.object({ id: z.string(), created_on: z.string(), versions: z.array(percentage).min(1) })
const annotations = z.object({ 'workers/tag': z.string().optional(), 'workers/message': z.string().optional() }).optional()
const binding = z.object({ type: z.string(), name: z.string(), text: z.string().optional() })
const version = z.object({
  id: z.string(),
  metadata: z.object({ created_on: z.string().optional() }).optional(),
  annotations,
  resources: z.object({ bindings: z.array(binding).default([]) }).optional(),
})

/** @returns newest first, as far back as Cloudflare tells; `undefined` if there is no such Worker. */
export async function listDeployments(worker: Worker): Promise<readonly Deployment[] | undefined> {
  const answer = await orMissing(ask(worker.api, { path: `${pathOf(worker)}/deployments`, what: `the deployments of "${worker.name}"` }, z.object({ deployments: z.array(deployment) })))
  return answer?.deployments.map(deploymentOf)
}

/** @returns `undefined` if it is gone. */
export async function readVersion(worker: Worker, id: string): Promise<Version | undefined> {
  const found = await orMissing(ask(worker.api, { path: `${pathOf(worker)}/versions/${encodeURIComponent(id)}`, what: `version ${id} of "${worker.name}"` }, version))
  if (found === undefined) return undefined
  return {
    id: found.id,
    at: found.metadata?.created_on ?? '',
    tag: found.annotations?.['workers/tag'],
    message: found.annotations?.['workers/message'],
    bindings: found.resources?.bindings ?? [],
  }
}

/**
 * Gives requests to these versions from now on. Never with `force`: where secrets have changed, Cloudflare refuses.
 *
 * @throws ApiRefusal with {@link CODES.secretsChanged} then.
 */
export async function deployVersions(
  worker: Worker, versions: Deployment['versions'], { message, force = false }: { readonly message: string; readonly force?: boolean },
): Promise<string> {
  const made = await ask(worker.api, {
    method: 'POST',
    path: `${pathOf(worker)}/deployments${force ? '?force=true' : ''}`,
    body: {
      strategy: 'percentage',
      versions: versions.map((each) => ({ version_id: each.id, percentage: each.percentage })),
      annotations: { 'workers/message': message },
    },
    what: `a deployment of "${worker.name}"`,
  }, z.object({ id: z.string() }))
  return made.id
}

const modules = z.object({
  main_module: z.string().optional(),
  modules: z.array(z.object({ name: z.string(), content_base64: z.string() })).optional(),
})

/** The code of a version. @returns `undefined` if the version is gone, or Cloudflare gives back no code of it. */
export async function readMainModule({ api, name }: Worker, id: string): Promise<string | undefined> {
  const found = await orMissing(ask(api, {
    path: `workers/workers/${encodeURIComponent(name)}/versions/${encodeURIComponent(id)}?include=modules`, what: `the code of version ${id} of "${name}"`,
  }, modules))
  const main = found?.modules?.find((module) => module.name === found.main_module)
  return main === undefined ? undefined : Buffer.from(main.content_base64, 'base64').toString('utf8')
}

/** What the newest version has, whether it is live or not. `undefined` if there is no such Worker. */
export async function readSettings(worker: Worker): Promise<readonly Binding[] | undefined> {
  const found = await orMissing(ask(worker.api, { path: `${pathOf(worker)}/settings`, what: `the settings of "${worker.name}"` }, z.object({ bindings: z.array(binding).default([]) })))
  return found?.bindings
}

/** A binding as it is sent. Without a text it is kept as it was. */
export interface SentBinding {
  readonly type: string
  readonly name: string
  readonly text?: string
}

/**
 * Makes and deploys a version with other bindings. One that is not among them is gone.
 *
 * @throws ApiRefusal with {@link CODES.latestNotDeployed} if the newest version is not live.
 */
export async function writeSettings(worker: Worker, bindings: readonly SentBinding[], labels: { readonly tag: string | undefined; readonly message: string | undefined }): Promise<void> {
  const body = new FormData()
  // Annotations are not inherited: without them the new version would not say which bundle it is.
  const noted = { ...(labels.tag === undefined ? {} : { 'workers/tag': labels.tag }), ...(labels.message === undefined ? {} : { 'workers/message': labels.message }) }
  body.set('settings', JSON.stringify({ bindings, annotations: noted }))
  await ask(worker.api, { method: 'PATCH', path: `${pathOf(worker)}/settings`, body, what: `new secrets of "${worker.name}"` }, z.unknown())
}

/** The account's part of addresses on workers.dev. `undefined` if it has none yet. */
export async function readSubdomain(api: Api): Promise<string | undefined> {
  const found = await orMissing(ask(api, { path: 'workers/subdomain', what: 'the subdomain of the account' }, z.object({ subdomain: z.string().nullish() })))
  return found?.subdomain ?? undefined
}

/** The Worker that a custom domain leads to. `undefined` if it leads to none. */
export async function readDomain(api: Api, hostname: string): Promise<string | undefined> {
  const found = await orMissing(ask(api, {
    path: `workers/domains?hostname=${encodeURIComponent(hostname)}`, what: `the custom domain ${hostname}`,
  }, z.array(z.object({ hostname: z.string(), service: z.string() }))))
  return found?.find((domain) => domain.hostname === hostname)?.service
}

function pathOf({ name }: Worker): string {
  return `workers/scripts/${encodeURIComponent(name)}`
}

function deploymentOf({ id, created_on, versions }: z.output<typeof deployment>): Deployment {
  return { id, at: created_on, versions: versions.map((each) => ({ id: each.version_id, percentage: each.percentage })) }
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error
    if ([CODES.workerNotFound, CODES.serviceNotFound, CODES.versionNotFound].some((code) => error.has(code)) || error.status === 404) return undefined
    throw error.explain()
  }
}
