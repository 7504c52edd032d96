import assert from 'node:assert/strict'
import type { Artifact } from '../artifact/artifact.ts'
import type { Bundle } from '../artifact/bundle.ts'
import type { Release, ReleasePlan, Target, TargetContext } from '../plugin/contract.ts'
import { sampleBundle } from './sample-bundle.ts'
import { targetContext, type TargetContextOptions } from './target-context.ts'

/** A platform to release to: the real one, a server on this computer, or a strict stand-in. */
export interface TargetWorld {
  /** As written in a config. */
  readonly options: unknown
  /** @default the working directory */
  readonly root?: string
  /** Values by secret name, of eight characters or more. None may ever be seen in what the target says. */
  readonly credentials?: Readonly<Record<string, string>>
  cleanup?(): Promise<void>
}

/** One target on one platform, with every step of a release in a word. */
export class TargetBench<Options, Package extends Artifact> {
  readonly messages: string[] = []

  constructor(
    readonly target: Target<Options, Package>,
    readonly world: TargetWorld,
    readonly options: Options,
  ) {}

  context(more: Partial<TargetContextOptions<Options>> = {}): TargetContext<Options> {
    const say = (message: string): void => { this.messages.push(message) }
    return targetContext({
      type: this.target.type, options: this.options, root: this.world.root, credentials: this.world.credentials, progress: say, warn: say, ...more,
    })
  }

  async package(seed: string, bundle?: Bundle): Promise<Package> {
    return this.target.package(bundle ?? await sampleBundle({ seed }), this.context())
  }

  async plan(seed: string, ctx: TargetContext<Options> = this.context()): Promise<ReleasePlan> {
    return this.target.plan(await this.package(seed), ctx)
  }

  async carryOut(plan: ReleasePlan, seed: string, ctx: TargetContext<Options> = this.context()): Promise<Release> {
    return this.target.release(plan, await this.package(seed), ctx)
  }

  async release(seed: string): Promise<Release> {
    return this.carryOut(await this.plan(seed), seed)
  }

  async list(ctx: TargetContext<Options> = this.context()): Promise<readonly Release[]> {
    if (this.target.releases === undefined) return []
    const listed: Release[] = []
    for await (const release of this.target.releases(ctx)) listed.push(release)
    return listed
  }

  /** `undefined` too where the platform cannot list. */
  async live(ctx: TargetContext<Options> = this.context()): Promise<Release | undefined> {
    return (await this.list(ctx))[0]
  }

  async assertLive(release: Release): Promise<void> {
    if (this.target.releases !== undefined) assert.deepEqual(await this.live(), remembered(release), 'another release is live')
    if (this.target.verify !== undefined) {
      const { healthy, summary } = await this.target.verify(release, this.context())
      assert.ok(healthy, `${release.id} is not healthy: ${summary}`)
      assert.match(summary, /\S/)
    }
  }

  /**
   * A context that is aborted when the target makes use of it for the `moment`-th time: reports progress, asks for a
   * credential or for the time. With 0 it is aborted from the start.
   */
  interruptedAt(moment: number): { readonly ctx: TargetContext<Options>; readonly wasInterrupted: () => boolean } {
    const controller = new AbortController()
    let uses = 0
    const use = (): void => { if (++uses === moment) controller.abort() }
    if (moment === 0) controller.abort()
    const ctx = this.context({ signal: controller.signal, progress: use })
    return {
      ctx: {
        ...ctx,
        credential: (value) => (use(), ctx.credential(value)),
        now: () => (use(), ctx.now()),
      },
      wasInterrupted: () => controller.signal.aborted,
    }
  }
}

/** A release as it must be read back: what was sent is known only to the run that sent it. */
export function remembered({ sent: _, ...release }: Release): Release {
  return release
}
