import { defineTarget, StkError, type Release, type Target } from '@santokit/core'
import { exampleOptions, type ExampleSettings } from './options.ts'
import { hasMoved, Releases, type Context, type Stored } from './releases.ts'

/** The target type `example`: releases in a folder. */
export const exampleTarget: Target<ExampleSettings> = defineTarget({
  type: 'example',
  options: exampleOptions,

  /** A bundle as the platform takes it. The same bundle gives the same bytes, and no network is touched. */
  async package(bundle) {
    return { digest: bundle.digest, files: bundle.files, meta: null }
  },

  /** Reads, and never writes. `observed` is what `release` compares with what it finds. */
  async plan(pkg, ctx) {
    const releases = new Releases(ctx)
    const live = await releases.live()
    const missing = await releases.missing(pkg)
    const uploads = missing.map(({ path, bytes }) => ({ action: 'upload' as const, subject: path, bytes: bytes.length }))
    return {
      from: live === undefined ? null : releaseOf(live),
      to: pkg.digest,
      steps: live?.digest === pkg.digest ? uploads : [...uploads, { action: 'create', subject: `release in ${ctx.environment}` }],
      bytes: missing.reduce((sum, { bytes }) => sum + bytes.length, 0),
      observed: live?.id ?? '',
    }
  },

  /** Observes again, then acts: content first, the record last. Interrupted anywhere, it is run again and finishes. */
  async release(plan, pkg, ctx) {
    ctx.signal.throwIfAborted()
    const releases = new Releases(ctx)
    const live = await releases.live()
    if (live?.digest !== pkg.digest && (live?.id ?? '') !== plan.observed) throw hasMoved(live, plan.from)
    const missing = await releases.missing(pkg)
    for (const [index, file] of missing.entries()) {
      ctx.progress(`uploading ${index + 1} of ${missing.length}`)
      ctx.signal.throwIfAborted()
      await releases.upload(pkg.digest, file)
    }
    const sent = missing.reduce((sum, { bytes }) => sum + bytes.length, 0)
    if (live?.digest === pkg.digest) return { ...releaseOf(live), sent }
    const contents = Object.fromEntries(pkg.files.map(({ path, digest }) => [path, digest]))
    return { ...releaseOf(await releases.commit({ digest: pkg.digest, contents, revision: ctx.revision }, live)), sent }
  },

  /** Proves that the release is live and whole. */
  async verify(release, ctx) {
    const releases = new Releases(ctx)
    const live = await releases.live()
    if (live?.id !== release.id) return { healthy: false, summary: `${live?.id ?? 'nothing'} is live instead` }
    const fault = await releases.findFault(live)
    return fault === undefined ? { healthy: true, summary: 'digest live' } : { healthy: false, summary: `${fault} is gone or damaged` }
  },

  async *releases(ctx) {
    for (const stored of await new Releases(ctx).list()) yield releaseOf(stored)
  },

  async manifest(release, ctx) {
    return new Releases(ctx).manifest(release)
  },

  /** A new release of what an earlier one was made of, after checking that it is still there. */
  async rollback(to, ctx) {
    const releases = new Releases(ctx)
    const [live] = await releases.list()
    // The second run of a rollback whose first one was cut off after it was done.
    if (live?.digest === to.digest) return releaseOf(live)
    const earlier = await findRelease(releases, to, ctx)
    const fault = await releases.findFault(earlier)
    if (fault !== undefined) {
      throw new StkError('STK4004', {
        why: `${to.id} cannot be made live again: its ${fault} is gone or damaged. Nothing was changed.`,
        fix: 'Check out its revision and release that: stk release',
      })
    }
    const { digest, contents, revision } = earlier
    return releaseOf(await releases.commit({ digest, contents, revision, restores: to.id }, live))
  },
})

/** The platform's own record: what was handed in is only a name. */
async function findRelease(releases: Releases, { id, digest }: Release, ctx: Context): Promise<Stored> {
  const found = (await releases.list()).find((stored) => stored.id === id && stored.digest === digest)
  if (found !== undefined) return found
  throw new StkError('STK4009', { why: `There is no release "${id}" of ${ctx.project.name} in ${ctx.environment}.`, fix: 'stk releases lists them.' })
}

function releaseOf({ contents: _, ...release }: Stored): Release {
  return release
}
