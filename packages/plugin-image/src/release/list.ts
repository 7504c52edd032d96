import type { Release, TargetContext } from '@santokit/core'
import type { ImageSettings } from '../options.ts'
import { releaseFrom } from './history.ts'
import { observe, releasesFrom } from './live.ts'
import { openReleases } from './place.ts'

/** Releases of an environment, newest first. Two requests. */
export async function* listReleases(ctx: TargetContext<ImageSettings>): AsyncGenerator<Release> {
  const { repository, live, scope } = await openReleases(ctx)
  for (const entry of await releasesFrom(repository, await observe(repository, live, scope), live, scope)) yield releaseFrom(entry, scope)
}
