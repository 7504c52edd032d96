import type { DescribedError } from './explorer/describe-error.ts'
import type { HookTiming } from '../plugin/host.ts'

/** How one reload of a project went. */
export interface Reload {
  /** When it began. ISO 8601, UTC. */
  readonly at: string
  /** Milliseconds from the save being seen to the new Bridge answering, or to the failure. */
  readonly ms: number
  /** Files that were saved, from the repository root. Empty for the first and for a restart. */
  readonly files: readonly string[]
  readonly steps: readonly Step[]
  /** What plugins took of it, the slowest first. */
  readonly hooks: readonly HookTiming[]
  /** `unchanged`: what was saved gives the bundle that is served already. */
  readonly outcome: 'served' | 'unchanged' | 'failed'
  readonly digest?: string
  /** What is wrong, every problem at once. */
  readonly errors?: readonly DescribedError[]
}

/** One step of a reload, in milliseconds. */
export interface Step {
  readonly name: 'config' | 'databases' | 'bundle' | 'write' | 'start'
  readonly ms: number
}

/** How many reloads of a project are kept. */
export const KEPT = 20

/** What was called between two readings of a host's clock, the slowest first. */
export function timingsSince(before: readonly HookTiming[], after: readonly HookTiming[]): readonly HookTiming[] {
  return after.flatMap((time) => {
    const last = before.find(({ plugin, hook }) => plugin === time.plugin && hook === time.hook)
    const calls = time.calls - (last?.calls ?? 0)
    return calls === 0 ? [] : [{ ...time, calls, ms: time.ms - (last?.ms ?? 0) }]
  }).toSorted((a, b) => b.ms - a.ms)
}
