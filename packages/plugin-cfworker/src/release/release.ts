import { setTimeout as wait } from 'node:timers/promises'
import { StkError, type Release, type ReleasePlan, type TargetContext } from '@santokit/core'
import type { WorkerPackage } from '../bundle/package.ts'
import { openWorker } from '../cloudflare/open.ts'
import { ApiRefusal } from '../cloudflare/refusal.ts'
import { deployVersions, type Worker } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'
import type { OpenDeployer, Upload } from '../wrangler/deployer.ts'
import { addressOf, observe, refuseForeign, releasesFrom, type LiveWorker } from './live.ts'
import { workFor } from './plan.ts'
import { checkValues } from './values.ts'
import { readWish, type Wish } from './wish.ts'

type Context = TargetContext<WorkerSettings>

/**
 * Uploads the Worker with the secrets that are to be set, and makes it live: one upload, all of it or nothing.
 *
 * @throws StkError STK4003 if another deployment is live than the plan saw.
 */
export async function releaseWorker(plan: ReleasePlan, pkg: WorkerPackage, ctx: Context, open: OpenDeployer): Promise<Release> {
  if (plan.to !== pkg.meta.bundle) throw new TypeError(`The plan is for ${plan.to}, and the package is ${pkg.meta.bundle}`)
  ctx.signal.throwIfAborted()
  const worker = await openWorker(ctx)
  const wish = readWish(ctx.flags, worker.name)
  const live = await observe(worker)
  refuseForeign(live, worker, ctx)
  checkValues(ctx.secretsToSet)
  const work = workFor(pkg, live, wish, ctx)
  // Also the second run of a release whose first one was cut off after it was done.
  if (work === 'nothing') return { ...await current(live, worker, ctx), sent: 0 }
  await refuseMoved(plan, live, worker, ctx)
  ctx.signal.throwIfAborted()
  if (work === 'share') {
    ctx.progress('giving it requests')
    return { ...await share(live.version?.id ?? '', live, wish, worker, ctx), sent: 0 }
  }
  const deployer = open(worker, ctx.root)
  const upload: Upload = { files: pkg.files, secrets: ctx.secretsToSet, tag: pkg.meta.bundle, message: ctx.revision }
  const sent = pkg.meta.size.gzip
  ctx.progress('uploading')
  if (wish.kind === 'all') {
    const { version } = await deployer.deploy(upload)
    return { ...await releaseOf(version, worker, ctx), sent }
  }
  const made = await deployer.upload({ ...upload, ...(wish.kind === 'preview' ? { previewAlias: wish.alias } : {}) })
  if (wish.kind === 'preview') return { ...preview(made, wish, pkg, ctx), sent }
  ctx.signal.throwIfAborted()
  ctx.progress('giving it requests')
  return { ...await share(made.version, live, wish, worker, ctx), sent }
}

/** The release that is live. */
async function current(live: LiveWorker, worker: Worker, ctx: Context): Promise<Release> {
  const { value } = await releasesFrom(live, await addressOf(worker, ctx), ctx).next()
  if (value !== undefined) return value
  throw new TypeError(`Nothing of ${ctx.project.name} is live`)
}

async function refuseMoved(plan: ReleasePlan, live: LiveWorker, worker: Worker, ctx: Context): Promise<void> {
  const now = live.deployments?.[0]
  if ((now?.id ?? '') === plan.observed) return
  const { project, target, environment } = ctx
  const by = now === undefined ? 'it is gone' : `${now.id} (${now.at}) is live now`
  throw new StkError('STK4003', {
    why: `${project.name} → ${target.name} (${environment}), the Worker "${worker.name}", has moved: ${by}, and this was planned when ${plan.observed === '' ? 'there was none' : `${plan.observed} was`}. `
      + 'Nothing was changed.',
    fix: 'stk releases shows what happened; then run it again to plan from there.',
  })
}

/** Gives a version its share of requests, and what has most of them the rest. */
async function share(version: string, { deployments }: LiveWorker, wish: Wish, worker: Worker, ctx: Context): Promise<Release> {
  const percentage = wish.kind === 'share' ? wish.percentage : 100
  const rest = (deployments?.[0]?.versions ?? []).filter(({ id }) => id !== version).toSorted((a, b) => b.percentage - a.percentage)[0]
  const versions = percentage === 100 || rest === undefined ? [{ id: version, percentage: 100 }] : [{ id: version, percentage }, { id: rest.id, percentage: 100 - percentage }]
  try {
    await deployVersions(worker, versions, { message: ctx.revision ?? `${percentage} % of requests` })
  } catch (error) {
    throw error instanceof ApiRefusal ? error.explain() : error
  }
  return releaseOf(version, worker, ctx)
}

/** Milliseconds between two looks, and how many. */
const LOOK_AGAIN = 500
const LOOKS = 20

/** The newest deployment of a version, as Cloudflare has it. Lists may lag behind what was just done. */
async function releaseOf(version: string, worker: Worker, ctx: Context): Promise<Release> {
  const url = await addressOf(worker, ctx)
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await wait(LOOK_AGAIN, undefined, { signal: ctx.signal })
    for await (const release of releasesFrom(await observe(worker), url, ctx)) {
      if (release.details?.version === version) return release
    }
  }
  throw new StkError('STK4008', { why: `Cloudflare took version ${version} of "${worker.name}", and does not list it.`, fix: 'stk releases shows what is live.' })
}

function preview(made: { readonly version: string; readonly previewUrl: string | undefined }, { alias }: Extract<Wish, { kind: 'preview' }>, pkg: WorkerPackage, ctx: Context): Release {
  const { project, target, environment, revision } = ctx
  if (made.previewUrl === undefined) ctx.warn('The preview has no address: set previewUrls: true for the target, and release it once.')
  return {
    id: made.version, project: project.name, target: target.name, environment, digest: pkg.meta.bundle,
    ...(revision === undefined ? {} : { revision }),
    ...(made.previewUrl === undefined ? {} : { url: made.previewUrl }),
    at: ctx.now().toISOString(),
    details: { version: made.version, preview: alias },
  }
}
