import type { TargetContext } from '@santokit/core'
import type { ImageSettings } from '../options.ts'
import type { Repository } from '../registry/index.ts'
import { openDestination } from '../session.ts'
import type { Scope } from './history.ts'
import { liveTag } from './names.ts'

/** Where an environment's releases are. */
export interface Place {
  readonly repository: Repository
  /** The tag that names what is live. */
  readonly live: string
  readonly scope: Scope
}

/** Opens the place of a context. Nothing is asked yet. */
export async function openReleases(ctx: TargetContext<ImageSettings>): Promise<Place> {
  const { project, target, environment, options } = ctx
  return {
    repository: await openDestination(ctx),
    live: liveTag(ctx),
    scope: { project: project.name, target: target.name, environment, repository: options.repository },
  }
}
