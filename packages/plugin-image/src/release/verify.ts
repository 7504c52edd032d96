import { setTimeout as wait } from 'node:timers/promises'
import type { Release, TargetContext, Verification } from '@santokit/core'
import type { ImageSettings } from '../options.ts'
import { resolveTag } from '../registry/index.ts'
import { readImage } from '../registry/push/read-image.ts'
import { lookForParts } from './parts.ts'
import { openReleases } from './place.ts'
import { takeFound, wasUnchanged } from './release.ts'

/**
 * Proves that the tag names the release, and that all it is made of can be fetched. Then, if the options say so, waits for the
 * deployment to run it.
 */
export async function verifyRelease(release: Release, ctx: TargetContext<ImageSettings>): Promise<Verification> {
  const stored = release.details?.output === undefined ? await verifyStored(release, ctx) : { healthy: true, summary: `written to ${release.details.output}` }
  const { waitForHealth } = ctx.options
  if (!stored.healthy || waitForHealth === undefined || release.details?.output !== undefined) return stored
  return waitUntilServed(release, waitForHealth, ctx)
}

async function verifyStored(release: Release, ctx: TargetContext<ImageSettings>): Promise<Verification> {
  // Read a moment ago by the plan, which is what says that nothing changed.
  if (wasUnchanged(release)) return { healthy: true, summary: 'digest live' }
  const found = takeFound(release)
  if (found !== undefined) return found
  const { repository, live } = await openReleases(ctx)
  const digest = release.details?.image?.split('@')[1]
  const named = await resolveTag(repository, live)
  if (named === undefined || named !== digest) return { healthy: false, summary: `the tag ${live} names ${named ?? 'nothing'}` }
  return lookForParts(repository, live, await readImage(repository, named))
}

/** Asked every second; deployments take many. */
const INTERVAL = 1000

async function waitUntilServed(release: Release, milliseconds: number, { project, signal, progress }: TargetContext<ImageSettings>): Promise<Verification> {
  const address = project.baseUrl === undefined ? undefined : new URL('/health', project.baseUrl)
  if (address === undefined) return { healthy: false, summary: '`waitForHealth` needs the project\'s `baseUrl`' }
  const limit = AbortSignal.timeout(milliseconds)
  let last = 'no answer'
  while (!limit.aborted) {
    progress(`waiting for ${address.href}`)
    try {
      const answer = await fetch(address, { signal: AbortSignal.any([signal, limit]), redirect: 'manual' })
      const { digest } = await answer.json() as { readonly digest?: unknown }
      if (answer.ok && digest === release.digest) return { healthy: true, summary: `digest live, served at ${address.host}` }
      last = answer.ok ? `it serves ${typeof digest === 'string' ? digest.slice(0, 19) : 'something else'}` : `HTTP ${answer.status}`
    } catch (error) {
      signal.throwIfAborted()
      if (!limit.aborted) last = (error as Error).message
    }
    await wait(INTERVAL, undefined, { signal: AbortSignal.any([signal, limit]) }).catch(() => signal.throwIfAborted())
  }
  return { healthy: false, summary: `${address.href} does not serve it after ${Math.round(milliseconds / 1000)} s: ${last}` }
}
