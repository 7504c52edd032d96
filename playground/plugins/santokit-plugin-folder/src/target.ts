import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { defineTarget, StkError, type Release, type Target } from '@santokit/core'
import { folderOptions, type FolderSettings } from './options.ts'
import { hasMoved, Releases, type Context, type Stored } from './releases.ts'

/** The target type `folder`: a folder of releases on a server, with a link to the current one. */
export const folderTarget: Target<FolderSettings> = defineTarget({
  type: 'folder',
  options: folderOptions,

  async package(bundle) {
    return { digest: bundle.digest, files: bundle.files, meta: null }
  },

  async plan(pkg, ctx) {
    const releases = new Releases(ctx)
    const live = await releases.live()
    const from = live === undefined ? null : releaseOf(live)
    if (live?.digest === pkg.digest) {
      const isSettled = (await releases.current()) === live.id
      return { from, to: pkg.digest, steps: isSettled ? [] : [{ action: 'update', subject: 'current' }], bytes: 0, observed: live.id }
    }
    const bytes = sizeOf(pkg.files)
    const number = Number(live?.id ?? 0) + 1
    return {
      from,
      to: pkg.digest,
      steps: [{ action: 'upload', subject: `release ${number}`, bytes }, { action: live === undefined ? 'create' : 'update', subject: 'current' }],
      bytes,
      observed: live?.id ?? '',
    }
  },

  async release(plan, pkg, ctx) {
    ctx.signal.throwIfAborted()
    const releases = new Releases(ctx)
    const live = await releases.live()
    if (live?.digest === pkg.digest) {
      await releases.settle()
      return { ...releaseOf(live), sent: 0 }
    }
    if ((live?.id ?? '') !== plan.observed) throw hasMoved(live, plan.from)
    const contents = Object.fromEntries(pkg.files.map(({ path, digest }) => [path, digest]))
    const made = await releases.commit({ digest: pkg.digest, contents, revision: ctx.revision }, live, async (folder) => {
      ctx.progress(`writing ${pkg.files.length} files`)
      for (const { path, bytes } of pkg.files) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), bytes)
      }
    })
    return { ...releaseOf(made), sent: sizeOf(pkg.files) }
  },

  async verify(release, ctx) {
    const releases = new Releases(ctx)
    const [live, current] = [await releases.live(), await releases.current()]
    if (live?.id !== release.id || current !== release.id) return { healthy: false, summary: `current names ${current ?? 'nothing'}` }
    const fault = await releases.findFault(live)
    return fault === undefined ? { healthy: true, summary: 'digest live' } : { healthy: false, summary: `${fault} is gone or damaged` }
  },

  async *releases(ctx) {
    for (const stored of await new Releases(ctx).list()) yield releaseOf(stored)
  },

  async manifest(release, ctx) {
    return new Releases(ctx).manifest(release)
  },

  async rollback(to, ctx) {
    const releases = new Releases(ctx)
    return again(to, releases, releases, ctx, { restores: to.id })
  },

  async promote(from, source, ctx) {
    return again(from, new Releases(source), new Releases(ctx), ctx, {})
  },
})

/** Makes what an earlier release was made of live here, once all of it is proved to be there. */
async function again({ id, digest }: Release, origin: Releases, here: Releases, ctx: Context, more: Pick<Release, 'restores'>): Promise<Release> {
  const live = await here.live()
  // Also the second run of one that was cut off after it was done.
  if (live?.digest === digest) {
    await here.settle()
    return releaseOf(live)
  }
  const earlier = (await origin.list()).find((stored) => stored.id === id && stored.digest === digest)
  if (earlier === undefined) throw new StkError('STK4009', { why: `There is no release "${id}" of ${ctx.project.name}.`, fix: 'stk releases lists them.' })
  const fault = await origin.findFault(earlier)
  if (fault !== undefined) {
    throw new StkError('STK4004', {
      why: `${id} cannot be made live again: its ${fault} is gone or damaged. Nothing was changed.`,
      fix: 'Check out its revision and release that: stk release',
    })
  }
  const { contents, revision } = earlier
  return releaseOf(await here.commit({ digest, contents, revision, ...more }, live, (folder) => origin.copy(earlier, folder)))
}

function sizeOf(files: readonly { readonly bytes: Uint8Array }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function releaseOf({ contents: _, ...release }: Stored): Release {
  return release
}
