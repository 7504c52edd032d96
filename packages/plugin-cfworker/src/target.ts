import { defineTarget, type Target } from '@santokit/core'
import type { WorkerPackage } from './bundle/package.ts'
import { withoutReplaced } from './bundle/hyperdrive.ts'
import { WORKER_FLAGS, workerOptions, type WorkerSettings } from './options.ts'

/**
 * The target type `cfworker`: a Cloudflare Worker, with a version for each release.
 *
 * Every step is loaded when it is taken: a config that names this target costs `stk --help` nothing.
 */
export const workerTarget: Target<WorkerSettings, WorkerPackage> = defineTarget({
  type: 'cfworker',
  options: workerOptions,
  flags: WORKER_FLAGS,
  check: async ({ root }) => `wrangler ${(await import('./wrangler/find.ts')).findWrangler(root).version}`,
  package: async (bundle, ctx) => (await import('./bundle/package.ts')).packageWorker(bundle, ctx),
  plan: async (pkg, ctx) => (await import('./release/plan.ts')).planRelease(pkg, ctx),
  release: async (plan, pkg, ctx) => {
    const [{ releaseWorker }, { wranglerDeployer }] = await Promise.all([import('./release/release.ts'), import('./wrangler/wrangler.ts')])
    return releaseWorker(plan, pkg, ctx, wranglerDeployer)
  },
  verify: async (release, ctx) => (await import('./release/verify.ts')).verifyRelease(release, ctx),
  async* releases(ctx) { yield* (await import('./release/list.ts')).listReleases(ctx) },
  manifest: async (release, ctx) => (await import('./release/manifest.ts')).readBundleManifest(release, ctx),
  rollback: async (to, ctx) => (await import('./release/rollback.ts')).rollback(to, ctx),
  secrets: {
    atRelease: true,
    needs: (secrets, { options }) => withoutReplaced(secrets, options.hyperdrive),
    list: async (ctx) => (await import('./release/secrets.ts')).listSecrets(ctx),
    set: async (values, ctx) => (await import('./release/secrets.ts')).setSecrets(values, ctx),
    remove: async (names, ctx) => (await import('./release/secrets.ts')).removeSecrets(names, ctx),
  },
})
