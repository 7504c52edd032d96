import type { Release, TargetContext } from '@santokit/core'
import { openWorker } from '../cloudflare/open.ts'
import type { WorkerSettings } from '../options.ts'
import { addressOf, observe, releasesFrom } from './live.ts'

/** The deployments that Cloudflare remembers and that are this target's, newest first. */
export async function* listReleases(ctx: TargetContext<WorkerSettings>): AsyncIterable<Release> {
  const worker = await openWorker(ctx)
  const [live, url] = await Promise.all([observe(worker), addressOf(worker, ctx)])
  yield* releasesFrom(live, url, ctx)
}
