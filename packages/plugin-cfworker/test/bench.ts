import { isStkError, type Release, type ReleasePlan, type StkError, type TargetContext } from '@santokit/core'
import { sampleBundle, targetContext } from '@santokit/core/testkit'
import { onTestFinished } from 'vitest'
import { packageWorker, type WorkerPackage } from '../src/bundle/package.ts'
import { workerOptions, type WorkerSettings } from '../src/options.ts'
import { releaseWorker } from '../src/release/release.ts'
import { workerTarget } from '../src/target.ts'
import type { FakeCloudflare } from './cloudflare/cloudflare.ts'
import type { StoredWorker } from './cloudflare/model.ts'
import { quickDeployer } from './quick-deployer.ts'
import { createWorld } from './world.ts'

type Given = Partial<Parameters<typeof targetContext>[0]> & { readonly more?: Readonly<Record<string, unknown>> }

/** An account, and a target that is released to it. */
export interface Bench {
  readonly cloudflare: FakeCloudflare
  /** The Worker `shop`. */
  worker(): StoredWorker
  ctx(given?: Given): TargetContext<WorkerSettings>
  package(seed: string, given?: Given): Promise<WorkerPackage>
  plan(seed: string, given?: Given): Promise<ReleasePlan>
  release(seed: string, given?: Given): Promise<Release>
  releases(given?: Given): Promise<readonly Release[]>
  rollback(to: Release, given?: Given): Promise<Release>
  /** What the target warned of. */
  readonly warnings: string[]
}

/** Packages by what they are made of, none of which is the account: making one takes longer than releasing it. */
const packages = new Map<string, Promise<WorkerPackage>>()

export async function createBench(): Promise<Bench> {
  const world = await createWorld()
  onTestFinished(() => world.cleanup?.())
  const { cloudflare } = world
  const warnings: string[] = []
  const ctx: Bench['ctx'] = ({ more = {}, ...given } = {}) => targetContext({
    type: 'cfworker', credentials: world.credentials, root: world.root, warn: (message) => { warnings.push(message) }, ...given,
    options: workerOptions.parse({ ...world.options as object, ...more }),
  })
  const pack: Bench['package'] = async (seed, given = {}) => {
    const key = JSON.stringify([seed, given.environment, given.more])
    const made = packages.get(key) ?? sampleBundle({ seed }).then((bundle) => packageWorker(bundle, ctx(given)))
    packages.set(key, made)
    return made
  }
  return {
    cloudflare, ctx, warnings,
    package: pack,
    worker() {
      const worker = cloudflare.workers.get('shop')
      if (worker === undefined) throw new Error('there is no Worker')
      return worker
    },
    plan: async (seed, given) => workerTarget.plan(await pack(seed, given), ctx(given)),
    async release(seed, given) {
      const pkg = await pack(seed, given)
      return releaseWorker(await workerTarget.plan(pkg, ctx(given)), pkg, ctx(given), quickDeployer)
    },
    async releases(given) {
      const found: Release[] = []
      for await (const release of workerTarget.releases?.(ctx(given)) ?? []) found.push(release)
      return found
    },
    rollback: async (to, given) => {
      if (workerTarget.rollback === undefined) throw new Error('it can roll back')
      return workerTarget.rollback(to, ctx(given))
    },
  }
}

/** The refusal of what must be refused. */
export async function refusalOf(work: Promise<unknown>): Promise<StkError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  if (isStkError(error)) return error
  throw new Error(`it must be refused with an StkError, not ${String(error)}`)
}
