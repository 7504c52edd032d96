import { StkError, type Release, type TargetContext } from '@santokit/core'
import type { ImageSettings } from '../options.ts'
import { promoteImage } from '../registry/index.ts'
import { releaseFrom } from './history.ts'
import { observe, releasesFrom } from './live.ts'
import { openReleases } from './place.ts'
import { moveTag, nextEntry, writeHistory } from './record.ts'
import { rootOf } from './rollback.ts'

/**
 * Gives what another environment released this environment's tag: the same digest, nothing built. Within a repository only the
 * tag is written; into another one the image is copied with its documents, mounted where the registry can.
 *
 * @throws StkError STK4009 if there is no such release. STK4003 if another one goes live while the image is copied.
 */
export async function promote(from: Release, source: TargetContext<ImageSettings>, ctx: TargetContext<ImageSettings>): Promise<Release> {
  const [origin, place] = await Promise.all([openReleases(source), openReleases(ctx)])
  const { repository, live, scope } = place
  if (origin.repository.name === repository.name && origin.repository.connection.registry === repository.connection.registry && origin.live === live) {
    throw new StkError('STK4007', { why: `${source.environment} and ${ctx.environment} share the tag ${live}.`, fix: "Keep them apart by `live`, such as '{environment}'." })
  }
  const [there, here] = await Promise.all([
    observe(origin.repository, origin.live, origin.scope).then((observed) => releasesFrom(origin.repository, observed, origin.live, origin.scope)),
    observe(repository, live, scope),
  ])
  const found = there.find(({ id, digest }) => id === from.id && digest === from.digest)
  if (found === undefined) {
    throw new StkError('STK4009', { why: `There is no release "${from.id}" of ${scope.project} in ${source.environment}.`, fix: `stk releases --env ${source.environment} lists them.` })
  }
  const before = await releasesFrom(repository, here, live, scope)
  const [now] = before
  const isRecorded = here.recorded.some(({ image }) => image === found.image)
  if (here.live === found.image && isRecorded && now !== undefined) return { ...releaseFrom(now, scope), sent: 0 }
  const at = ctx.now().toISOString()
  const root = await rootOf(origin.repository, found)
  let sent = 0
  if (origin.repository.name === repository.name && origin.repository.connection.registry === repository.connection.registry) {
    await moveTag(repository, live, root, found.id)
  } else {
    ctx.progress('copying the image')
    const tags = [{ name: found.tag, moves: false }, { name: live, moves: true }]
    const { bytes, isListed } = await promoteImage(origin.repository, found.image, repository, tags, { expected: here.live ?? null })
    if (!isListed) ctx.warn('The registry does not list documents beside an image. They are there by their digests, and the image goes live all the same.')
    sent = bytes
  }
  const entry = nextEntry(
    { bundle: found.digest, root, tag: found.tag, revision: found.revision, at, promotes: `${source.environment} ${found.id}` },
    here.live === found.image ? here.recorded : before,
  )
  if (!await writeHistory(repository, live, scope, [entry, ...(here.live === found.image ? here.recorded : before)])) {
    ctx.warn(`The registry does not take the list of releases. ${entry.id} is live all the same.`)
  }
  return { ...releaseFrom(entry, scope), sent }
}
