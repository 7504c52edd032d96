import { placeFlags, StkError, type PlannedStep, type ReleasePlan, type TargetContext } from '@santokit/core'
import type { WorkerPackage } from '../bundle/package.ts'
import { describeSize } from '../bundle/size.ts'
import { openWorker } from '../cloudflare/open.ts'
import { readDomain, type Worker } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'
import { addressOf, observe, refuseForeign, releasesFrom, secretNames, shareOf, type LiveWorker } from './live.ts'
import { checkValues } from './values.ts'
import { readWish, type Wish } from './wish.ts'

type Context = TargetContext<WorkerSettings>

/** What has to be done to make a package live as it is wished. */
export type Work = 'nothing' | 'upload' | 'share'

/** Reads what is live, and says what a release would do. */
export async function planRelease(pkg: WorkerPackage, ctx: Context): Promise<ReleasePlan> {
  const worker = await openWorker(ctx)
  const wish = readWish(ctx.flags, worker.name)
  const [live, url] = await Promise.all([observe(worker), addressOf(worker, ctx), refuseTakenDomains(worker, ctx)])
  refuseForeign(live, worker, ctx)
  checkValues(ctx.secretsToSet)
  const work = workFor(pkg, live, wish, ctx)
  const from = (await releasesFrom(live, url, ctx).next()).value ?? null
  return {
    from,
    to: pkg.meta.bundle,
    steps: stepsFor(work, pkg, live, wish, worker, ctx),
    bytes: work === 'upload' ? pkg.meta.size.gzip : 0,
    observed: live.deployments?.[0]?.id ?? '',
  }
}

/**
 * What is left to do. An upload of what is there already is left out.
 *
 * @throws StkError STK1020 if a release is to share requests with nothing, STK4007 for a preview of nothing.
 */
export function workFor(pkg: WorkerPackage, { deployments, version, mark }: LiveWorker, wish: Wish, { secretsToSet }: Pick<Context, 'secretsToSet'>): Work {
  const current = deployments?.[0]
  if (wish.kind === 'preview') {
    if (deployments !== undefined) return 'upload'
    throw new StkError('STK4007', { why: `There is no Worker "${pkg.meta.worker}" yet, and a preview is a version of one.`, fix: 'Release it once without --preview.' })
  }
  if (wish.kind === 'share' && current === undefined) {
    throw new StkError('STK1020', { why: `Nothing is live that a release of "${pkg.meta.worker}" could share requests with.`, fix: 'Release it once without --percentage.' })
  }
  if (current === undefined || version === undefined || mark?.content !== pkg.meta.content || secretsToSet.size > 0) return 'upload'
  const share = shareOf(current, version)
  if (wish.kind === 'share' && current.versions.length === 1) return 'nothing'
  return share === (wish.kind === 'share' ? wish.percentage : 100) ? 'nothing' : 'share'
}

function stepsFor(work: Work, pkg: WorkerPackage, { version, deployments }: LiveWorker, wish: Wish, worker: Worker, ctx: Context): readonly PlannedStep[] {
  const present = version === undefined ? [] : secretNames(version)
  const declared = pkg.meta.secrets
  const secrets = [...ctx.secretsToSet.keys()].sort()
  return [
    work === 'upload'
      ? { action: 'upload', subject: `worker.js (${describeSize(pkg.meta.size)})`, bytes: pkg.meta.size.gzip }
      : { action: 'skip', subject: 'worker.js', bytes: 0 },
    ...secrets.map((name): PlannedStep => ({ action: present.includes(name) ? 'update' : 'create', subject: `secret ${name}` })),
    ...present.filter((name) => !secrets.includes(name)).map((name): PlannedStep => ({
      action: 'skip', subject: declared.includes(name) ? `secret ${name}` : `secret ${name}, which the project does not declare`,
    })),
    deploymentStep(work, wish, worker, deployments === undefined),
  ]
}

function deploymentStep(work: Work, wish: Wish, { name }: Worker, isFirst: boolean): PlannedStep {
  if (work === 'nothing') return { action: 'skip', subject: `Worker ${name}` }
  if (wish.kind === 'preview') return { action: 'create', subject: `preview ${wish.alias} of Worker ${name}` }
  const requests = wish.kind === 'share' ? `, ${wish.percentage} % of requests` : work === 'share' ? ', all requests' : ''
  return { action: isFirst ? 'create' : 'update', subject: `Worker ${name}${requests}` }
}

/** wrangler would take a custom domain away from another Worker: without a terminal it answers its own question with yes. */
async function refuseTakenDomains(worker: Worker, ctx: Context): Promise<void> {
  const { options, flags } = ctx
  const domains = (options.routes ?? []).flatMap((route) => (typeof route === 'object' && 'custom_domain' in route ? [route.pattern] : []))
  for (const domain of domains) {
    const owner = await readDomain(worker.api, domain)
    if (owner === undefined || owner === worker.name || flags.adopt === true) continue
    throw new StkError('STK4204', {
      why: `The custom domain ${domain} leads to the Worker "${owner}". Nothing was changed.`,
      fix: ['Take it away from that Worker first.', `Or, to take it over: stk release ${placeFlags(ctx)} --adopt`],
    })
  }
}
