import type { Manifest } from '@santokit/bridge/manifest'
import type { Bundle } from '../../artifact/index.ts'
import { compareManifests, type ManifestChanges } from '../../compat/index.ts'
import type { ResolvedProject, ResolvedTarget } from '../../config/resolved.ts'
import { isStkError } from '../../diagnostics/index.ts'
import type { Release } from '../../plugin/contract.ts'
import { findTarget } from '../build.ts'
import { targetContext, type LifecycleContext } from '../context.ts'

/** What lies between what is live and what is to be. */
export type Comparison =
  /** Nothing was released yet, so there is no client to harm. */
  | { readonly kind: 'first' }
  /** The same bundle is live. */
  | { readonly kind: 'same' }
  | { readonly kind: 'compared'; readonly changes: ManifestChanges }
  /** The bundle is another one; what of it is, nobody can tell. */
  | { readonly kind: 'unknown'; readonly why: string }

/** Reads back what is live and compares it with a bundle. Never fails for want of a manifest: then it says why. */
export async function compareDeployed(
  live: Release | null, bundle: Bundle, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext,
): Promise<Comparison> {
  if (live === null) return { kind: 'first' }
  if (live.digest === bundle.digest) return { kind: 'same' }
  const found = await readDeployed(live, project, target, ctx)
  return 'why' in found ? { kind: 'unknown', why: found.why } : { kind: 'compared', changes: compareManifests(found, bundle.manifest) }
}

async function readDeployed(live: Release, project: ResolvedProject, target: ResolvedTarget, ctx: LifecycleContext): Promise<Manifest | { readonly why: string }> {
  const { implementation, plugin } = findTarget(target, ctx)
  if (implementation.manifest === undefined) return { why: `targets of type "${target.type}" do not give back what is live` }
  const read = implementation.manifest.bind(implementation)
  try {
    const found: unknown = await ctx.host.attribute(plugin, `target ${target.type}: manifest`, () => read(live, targetContext(ctx, project, target, 'plan')))
    if (found === null || found === undefined) return { why: `the manifest of ${live.id} is no longer on the platform` }
    return await checked(found, live)
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (isStkError(error)) return { why: `the manifest of ${live.id} cannot be read: ${error.details.why}` }
    throw error
  }
}

/** Nothing is believed of it that was not checked: a platform may have been tampered with, or run a bundle of another version. */
async function checked(found: unknown, live: Release): Promise<Manifest | { readonly why: string }> {
  const { parseManifest } = await import('@santokit/bridge/manifest/schema')
  try {
    const manifest = parseManifest(found)
    if (manifest.digest !== live.digest) return { why: `what is stored as ${live.id} is another bundle than was released` }
    // Paths are shown as they are. None that a file can have steers a terminal.
    return Object.keys(manifest.logic).every((path) => /^[\w./-]+$/.test(path)) ? manifest : { why: `the manifest of ${live.id} has logic of impossible names` }
  } catch (error) {
    return { why: `the manifest of ${live.id} is not one that this version reads: ${error instanceof Error ? error.message.split('\n')[0] ?? '' : ''}` }
  }
}
