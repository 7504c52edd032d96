import { placeFlags, StkError, type Release, type TargetContext } from '@santokit/core'
import { isOurs, MARK, readMark, type Mark } from '../bundle/mark.ts'
import { listDeployments, readSubdomain, readVersion, type Deployment, type Version, type Worker } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'
import { routesOf } from '../bundle/wrangler-config.ts'

type Context = TargetContext<WorkerSettings>

/** What Cloudflare has of a Worker. */
export interface LiveWorker {
  /** Newest first: the first one is live. `undefined` if there is no such Worker. */
  readonly deployments: readonly Deployment[] | undefined
  /** The version that was released last, of those that are live. */
  readonly version: Version | undefined
  /** What that version says it is. */
  readonly mark: Mark | undefined
  /** Reads the version of another deployment. Each is asked for once. */
  versionOf(deployment: Deployment): Promise<Version | undefined>
}

/** Asks for the deployments, and for what is live. */
export async function observe(worker: Worker): Promise<LiveWorker> {
  const deployments = await listDeployments(worker)
  const known = new Map<string, Promise<Version | undefined>>()
  const read = async (id: string): Promise<Version | undefined> => {
    const version = known.get(id) ?? readVersion(worker, id)
    known.set(id, version)
    return version
  }
  const versionOf = async ({ versions }: Deployment): Promise<Version | undefined> => {
    const found = await Promise.all(versions.map(({ id }) => read(id)))
    // Of two that share requests, the newer one is being rolled out.
    return found.filter((each) => each !== undefined).sort((a, b) => (a.at < b.at ? 1 : -1))[0]
  }
  const current = deployments?.[0]
  const version = current === undefined ? undefined : await versionOf(current)
  return { deployments, version, mark: version === undefined ? undefined : markOf(version), versionOf }
}

/** What a version says it is; `undefined` if Santokit did not make it. */
export function markOf(version: Version): Mark | undefined {
  return readMark(version.bindings.find(({ name, type }) => name === MARK && type === 'plain_text')?.text)
}

/** The names of a version's secrets. Sorted. */
export function secretNames({ bindings }: Version): readonly string[] {
  return bindings.filter(({ type }) => type === 'secret_text').map(({ name }) => name).sort()
}

/** The percentage of requests that a version gets. */
export function shareOf(deployment: Deployment, version: Pick<Version, 'id'>): number {
  return deployment.versions.find(({ id }) => id === version.id)?.percentage ?? 0
}

/**
 * Lets nobody's Worker be touched but this target's.
 *
 * @throws StkError STK4204 unless it is, or `--adopt` was given.
 */
export function refuseForeign({ deployments, mark }: LiveWorker, worker: Worker, ctx: Context): void {
  if (deployments === undefined || ctx.flags.adopt === true || (mark !== undefined && isOurs(mark, ctx))) return
  const owner = mark === undefined ? 'which Santokit did not make' : `which is ${mark.project} → ${mark.target} (${mark.environment})`
  throw new StkError('STK4204', {
    why: `There is a Worker "${worker.name}" already, ${owner}. Nothing was changed.`,
    fix: ['Give this target a `name` of its own.', `To take it over, with its secrets: stk release ${placeFlags(ctx)} --adopt`],
  })
}

/** Where the Worker answers: the project's base URL, else its address on workers.dev. */
export async function addressOf(worker: Worker, { project, options }: Pick<Context, 'project' | 'options'>): Promise<string | undefined> {
  if (project.baseUrl !== undefined) return project.baseUrl
  if (!(options.workersDev ?? routesOf(options, undefined).length === 0)) return undefined
  const subdomain = await readSubdomain(worker.api)
  return subdomain === undefined ? undefined : `https://${worker.name}.${subdomain}.workers.dev`
}

/** Releases among the deployments, newest first: those whose version is this target's. */
export async function* releasesFrom(live: LiveWorker, url: string | undefined, ctx: Pick<Context, 'project' | 'target' | 'environment'>): AsyncGenerator<Release> {
  const { deployments = [] } = live
  let waiting: Release | undefined
  for (const [index, deployment] of deployments.entries()) {
    const version = await live.versionOf(deployment)
    const mark = version === undefined ? undefined : markOf(version)
    if (version === undefined || mark === undefined || !isOurs(mark, ctx)) continue
    const share = shareOf(deployment, version)
    const revision = version.message === undefined || !/^[0-9a-f]{7,64}(-dirty)?$/.test(version.message) ? undefined : version.message
    const restores = restoredBy(deployments, index, version)
    if (waiting !== undefined) yield { ...waiting, previous: deployment.id }
    waiting = {
      id: deployment.id,
      project: ctx.project.name, target: ctx.target.name, environment: ctx.environment,
      digest: mark.bundle,
      ...(revision === undefined ? {} : { revision }),
      ...(restores === undefined ? {} : { restores }),
      ...(url === undefined ? {} : { url }),
      at: deployment.at,
      details: { version: version.id, ...(share === 100 ? {} : { requests: `${share} %` }) },
    }
  }
  if (waiting !== undefined) yield waiting
}

/** The deployment whose version is live again; `undefined` if it is live for the first time, or went on being live. */
function restoredBy(deployments: readonly Deployment[], index: number, version: Version): string | undefined {
  const has = (deployment: Deployment | undefined): boolean => deployment?.versions.some(({ id }) => id === version.id) === true
  if (has(deployments[index + 1])) return undefined
  return deployments.slice(index + 1).find(has)?.id
}
