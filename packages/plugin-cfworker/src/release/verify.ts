import { waitUntilServed, type Release, type TargetContext, type Verification } from '@santokit/core'
import { openWorker } from '../cloudflare/open.ts'
import { listDeployments } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'

type Context = TargetContext<WorkerSettings>

/** Milliseconds between two questions. Cloudflare has a release everywhere within seconds. */
const INTERVAL = 500

/** Proves that the release is what Cloudflare deploys, and waits until `/health` answers with its digest. */
export async function verifyRelease(release: Release, ctx: Context): Promise<Verification> {
  const worker = await openWorker(ctx)
  const isPreview = release.details?.preview !== undefined
  if (!isPreview) {
    const live = (await listDeployments(worker))?.[0]
    if (live?.id !== release.id) return { healthy: false, summary: live === undefined ? 'nothing is live' : `${live.id} is live instead` }
  }
  const { health } = ctx.options
  const address = health === false ? undefined : isPreview ? release.url : health ?? release.url
  if (address === undefined) return { healthy: true, summary: isPreview ? 'version uploaded' : 'version live' }
  // Where versions share the requests, this asks for the one. Dictionary of strings: RFC 8941, 3.2.
  const headers: Record<string, string> = release.details?.version === undefined ? {} : { 'Cloudflare-Workers-Version-Overrides': `${worker.name}="${release.details.version}"` }
  return waitUntilServed({
    url: new URL(`${address}/health`), digest: release.digest, within: ctx.options.healthTimeout, every: INTERVAL, headers, signal: ctx.signal, progress: ctx.progress,
  })
}
