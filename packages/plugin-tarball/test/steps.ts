import type { Release, ReleasePlan, TargetContext } from '@santokit/core'
import { sampleBundle, type TargetWorld } from '@santokit/core/testkit'
import type { Destination } from '../src/options.ts'
import { tarballTarget } from '../src/target.ts'
import { contextOn } from './worlds.ts'

type Context = TargetContext<Destination>

/** What releasing the sample bundle of `seed` would do. */
export async function plan(world: TargetWorld, seed: string, ctx: Context = contextOn(world)): Promise<ReleasePlan> {
  return tarballTarget.plan(await tarballTarget.package(await sampleBundle({ seed }), ctx), ctx)
}

export async function carryOut(world: TargetWorld, planned: ReleasePlan, seed: string, ctx: Context = contextOn(world)): Promise<Release> {
  return tarballTarget.release(planned, await tarballTarget.package(await sampleBundle({ seed }), ctx), ctx)
}

/** Plans and releases the sample bundle of `seed`. */
export async function release(world: TargetWorld, seed: string, ctx: Context = contextOn(world)): Promise<Release> {
  return carryOut(world, await plan(world, seed, ctx), seed, ctx)
}

/** Newest first. */
export async function list(world: TargetWorld, ctx: Context = contextOn(world)): Promise<readonly Release[]> {
  const found: Release[] = []
  for await (const each of tarballTarget.releases?.(ctx) ?? []) found.push(each)
  return found
}
