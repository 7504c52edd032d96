import type { Manifest, Release, TargetContext } from '@santokit/core'
import { manifestIn } from '../bundle/entry.ts'
import { openWorker } from '../cloudflare/open.ts'
import { readMainModule } from '../cloudflare/worker.ts'
import type { WorkerSettings } from '../options.ts'
import { listReleases } from './list.ts'

/**
 * Reads the bundle's manifest out of a version's code.
 *
 * @returns `null` if there is no such release any more, or Cloudflare gives no code of it back.
 */
export async function readBundleManifest(of: Release, ctx: TargetContext<WorkerSettings>): Promise<Manifest | null> {
  const version = await versionOf(of, ctx)
  if (version === undefined) return null
  const code = await readMainModule(await openWorker(ctx), version)
  // What it says is core's to check.
  return code === undefined ? null : manifestIn(code) as Manifest | null
}

/** By Cloudflare's own word: what is written elsewhere about a release may be out of date. */
async function versionOf(of: Release, ctx: TargetContext<WorkerSettings>): Promise<string | undefined> {
  for await (const { id, digest, details } of listReleases(ctx)) if (id === of.id && digest === of.digest) return details?.version
  return undefined
}
