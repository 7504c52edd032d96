import { waitUntilServed, type Release, type TargetContext, type Verification } from '@santokit/core'
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
  const { project, signal, progress } = ctx
  if (project.baseUrl === undefined) return { healthy: false, summary: '`waitForHealth` needs the project\'s `baseUrl`' }
  return waitUntilServed({ url: new URL(`${project.baseUrl.replace(/\/$/, '')}/health`), digest: release.digest, within: waitForHealth, signal, progress })
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
  return lookForParts(repository, live, await readImage(repository, named, 'if told'))
}
