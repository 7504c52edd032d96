import { StkError, type Release, type TargetContext } from '@santokit/core'
import { openWorker } from '../cloudflare/open.ts'
import { ApiRefusal, CODES } from '../cloudflare/refusal.ts'
import { deployVersions, type Version } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'
import { addressOf, markOf, observe, refuseForeign, releasesFrom, secretNames, shareOf } from './live.ts'

/**
 * Makes the version of an earlier release live again. Nothing is uploaded. Cloudflare is asked by its API and never to force it, so
 * that secrets which were changed since are not brought back unasked; `wrangler rollback` would.
 *
 * @throws StkError STK4206 if it would, STK4009 if there is no such release, STK4004 if its version is gone.
 */
export async function rollback(to: Release, ctx: TargetContext<WorkerSettings>): Promise<Release> {
  ctx.signal.throwIfAborted()
  const worker = await openWorker(ctx)
  const live = await observe(worker)
  refuseForeign(live, worker, ctx)
  const url = await addressOf(worker, ctx)
  const [current] = live.deployments ?? []
  const found = live.deployments?.find(({ id }) => id === to.id)
  if (current === undefined || found === undefined) {
    throw new StkError('STK4009', { why: `There is no release "${to.id}" of ${ctx.project.name} in ${ctx.environment}.`, fix: 'stk releases lists them.' })
  }
  const version = await live.versionOf(found)
  if (version === undefined) {
    throw new StkError('STK4004', { why: `${to.id} cannot be made live again: Cloudflare no longer has its version. Nothing was changed.`, fix: 'Check out its revision and release that: stk release' })
  }
  if (markOf(version)?.bundle !== to.digest) {
    throw new StkError('STK4009', { why: `The release "${to.id}" of ${ctx.project.name} is not of ${to.digest}.`, fix: 'stk releases lists them.' })
  }
  // Also the second run of a rollback whose first one was cut off after it was done.
  if (shareOf(current, version) < 100) {
    const restoring = ctx.flags['restore-secrets'] === true
    if (live.version !== undefined && !restoring) refuseOtherNames(version, live.version, to)
    try {
      await deployVersions(worker, [{ id: version.id, percentage: 100 }], { message: `Rollback to ${version.id}`, force: restoring })
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error
      if (error.has(CODES.secretsChanged)) throw otherSecrets(to, 'Secrets were changed since.')
      if (error.has(CODES.versionNotFound) || error.status === 404) {
        throw new StkError('STK4004', { why: `${to.id} cannot be made live again: Cloudflare no longer has its version. Nothing was changed.`, fix: 'Check out its revision and release that: stk release' })
      }
      throw error.explain()
    }
  }
  const { value } = await releasesFrom(await observe(worker), url, ctx).next()
  if (value === undefined) throw new TypeError('Nothing is live after a rollback')
  return { ...value, sent: 0 }
}

/** Names can be compared before anything is asked of Cloudflare; whether values differ it alone knows. */
function refuseOtherNames(then: Version, now: Version, to: Release): void {
  const [before, after] = [secretNames(then), secretNames(now)]
  const gone = after.filter((name) => !before.includes(name))
  const back = before.filter((name) => !after.includes(name))
  if (gone.length === 0 && back.length === 0) return
  throw otherSecrets(to, [
    ...(gone.length === 0 ? [] : [`It has no ${gone.join(', ')}.`]), ...(back.length === 0 ? [] : [`It brings back ${back.join(', ')}.`]),
  ].join(' '))
}

function otherSecrets(to: Release, why: string): StkError {
  return new StkError('STK4206', {
    why: `${to.id} has other secrets than what is live. ${why} Nothing was changed.`,
    accept: { flag: 'restore-secrets', question: `Bring back the secrets of ${to.id}, too?` },
    fix: ['To have its code with the secrets of now, check out its revision and release that.', 'To have its secrets as well: stk rollback --restore-secrets'],
  })
}
