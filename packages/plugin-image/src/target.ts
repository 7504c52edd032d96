import { defineTarget, type Target } from '@santokit/core'
import { IMAGE_FLAGS, imageOptions, type ImageSettings } from './options.ts'
import type { ImagePackage } from './package.ts'

/**
 * The target type `image`: OCI images in a registry, with a tag for each release and one that says what is live.
 *
 * Every step is loaded when it is taken: a config that names this target costs `stk --help` nothing.
 */
export const imageTarget: Target<ImageSettings, ImagePackage> = defineTarget({
  type: 'image',
  options: imageOptions,
  flags: IMAGE_FLAGS,
  package: async (bundle, ctx) => (await import('./package.ts')).packageImage(bundle, ctx),
  export: async (pkg, ctx) => (await import('./output/export.ts')).exportImage(pkg, ctx),
  plan: async (pkg, ctx) => (await import('./release/plan.ts')).planRelease(pkg, ctx),
  release: async (plan, pkg, ctx) => (await import('./release/release.ts')).releaseImage(plan, pkg, ctx),
  verify: async (release, ctx) => (await import('./release/verify.ts')).verifyRelease(release, ctx),
  async* releases(ctx) { yield* (await import('./release/list.ts')).listReleases(ctx) },
  manifest: async (of, ctx) => (await import('./release/manifest.ts')).readBundleManifest(of, ctx),
  rollback: async (to, ctx) => (await import('./release/rollback.ts')).rollback(to, ctx),
  promote: async (from, source, ctx) => (await import('./release/promote.ts')).promote(from, source, ctx),
})
