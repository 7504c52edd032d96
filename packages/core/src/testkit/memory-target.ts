import { z } from 'zod'
import { StkError } from '../diagnostics/index.ts'
import { defineTarget, type Release, type Target, type TargetContext } from '../plugin/contract.ts'

/** Options of {@link memoryTarget}. */
export interface MemoryOptions {
  /** Two targets of one place share their releases. */
  readonly place: string
}

/**
 * The smallest target that keeps the contract, type `memory`: releases are gone with the object. For tests of hooks, and to
 * read beside `testTarget`.
 */
export function memoryTarget(): Target<MemoryOptions> {
  const places = new Map<string, readonly Release[]>()
  const keyOf = (ctx: TargetContext<MemoryOptions>): string => JSON.stringify([ctx.options.place, ctx.project.name, ctx.target.name, ctx.environment])
  const listed = (ctx: TargetContext<MemoryOptions>): readonly Release[] => places.get(keyOf(ctx)) ?? []
  const add = (what: Pick<Release, 'digest' | 'restores' | 'revision'>, ctx: TargetContext<MemoryOptions>): Release => {
    ctx.signal.throwIfAborted()
    const [live] = listed(ctx)
    const release: Release = {
      id: `${listed(ctx).length + 1}`, project: ctx.project.name, target: ctx.target.name, environment: ctx.environment, at: ctx.now().toISOString(),
      ...Object.fromEntries(Object.entries(what).filter(([, value]) => value !== undefined)) as typeof what,
      ...(live === undefined ? {} : { previous: live.id }),
    }
    places.set(keyOf(ctx), [release, ...listed(ctx)])
    return release
  }
  return defineTarget<MemoryOptions>({
    type: 'memory',
    options: z.strictObject({ place: z.string().default('') }),
    async package(bundle) {
      return { digest: bundle.digest, files: bundle.files, meta: null }
    },
    async plan(pkg, ctx) {
      const [live] = listed(ctx)
      const isLive = live?.digest === pkg.digest
      const bytes = isLive ? 0 : pkg.files.reduce((sum, file) => sum + file.bytes.length, 0)
      return { from: live ?? null, to: pkg.digest, steps: isLive ? [] : [{ action: 'upload', subject: 'the bundle', bytes }], bytes, observed: live?.id ?? '' }
    },
    async release(plan, pkg, ctx) {
      const [live] = listed(ctx)
      if (live?.digest === pkg.digest) return live
      if ((live?.id ?? '') !== plan.observed) throw new StkError('STK4003', { why: `${live?.id ?? 'Nothing'} is live now, not ${plan.from?.id ?? 'nothing'}.` })
      return add({ digest: pkg.digest, revision: ctx.revision }, ctx)
    },
    async verify(release, ctx) {
      const [live] = listed(ctx)
      return { healthy: live?.id === release.id, summary: `${live?.id ?? 'nothing'} is live` }
    },
    async *releases(ctx) {
      yield* listed(ctx)
    },
    async rollback(to, ctx) {
      const earlier = listed(ctx).find(({ id, digest }) => id === to.id && digest === to.digest)
      if (earlier === undefined) throw new StkError('STK4009', { why: `There is no release "${to.id}".` })
      return add({ digest: to.digest, restores: to.id, revision: earlier.revision }, ctx)
    },
  })
}
