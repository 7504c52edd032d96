import { setTimeout as wait } from 'node:timers/promises'
import type { Release, TargetContext, Verification } from '@santokit/core'
import { openWorker } from '../cloudflare/open.ts'
import { listDeployments } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'

type Context = TargetContext<WorkerSettings>

/** Milliseconds between two questions. Cloudflare has a release everywhere within seconds. */
const INTERVAL = 500

/** One question may take this long, in milliseconds: a Worker starts within a second. */
const PATIENCE = 10_000

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
  return waitUntilServed(release, `${address}/health`, worker.name, ctx)
}

async function waitUntilServed(release: Release, address: string, worker: string, { options, signal, progress }: Context): Promise<Verification> {
  const { host } = new URL(address)
  const limit = AbortSignal.timeout(options.healthTimeout)
  const until = AbortSignal.any([signal, limit])
  // Where versions share the requests, this asks for the one. Dictionary of strings: RFC 8941, 3.2.
  const headers: Record<string, string> = release.details?.version === undefined ? {} : { 'Cloudflare-Workers-Version-Overrides': `${worker}="${release.details.version}"` }
  let last = 'no answer'
  for (;;) {
    progress(`waiting for ${address}`)
    try {
      const answer = await fetch(address, { signal: AbortSignal.any([until, AbortSignal.timeout(PATIENCE)]), redirect: 'manual', headers })
      const found = answer.ok ? digestIn(await answer.text()) : undefined
      if (found === release.digest) return { healthy: true, summary: `digest live at ${host}` }
      last = !answer.ok ? `HTTP ${answer.status}` : found === undefined ? 'it is no Bridge that answers' : `it serves ${found.slice(0, 19)}`
    } catch (error) {
      signal.throwIfAborted()
      if (!limit.aborted) last = causeOf(error)
    }
    await wait(INTERVAL, undefined, { signal: until }).catch(() => signal.throwIfAborted())
    if (limit.aborted) return { healthy: false, summary: `${address} does not serve it after ${Math.round(options.healthTimeout / 1000)} s: ${last}` }
  }
}

function digestIn(text: string): string | undefined {
  try {
    const { digest } = JSON.parse(text) as { readonly digest?: unknown }
    return typeof digest === 'string' ? digest : undefined
  } catch {
    return undefined
  }
}

function causeOf(error: unknown): string {
  const { name, cause } = error as Error & { readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === 'string' ? cause.code : name === 'TimeoutError' ? 'no answer' : 'the connection broke'
}
