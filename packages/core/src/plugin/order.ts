import { StkError } from '../diagnostics/index.ts'
import type { OrderedHook, Plugin } from './contract.ts'

/** One plugin's listener for one hook, with what it says about its place. */
export interface Placed {
  readonly plugin: string
  readonly enforce?: Plugin['enforce']
  readonly order?: OrderedHook<unknown>['order']
  readonly before?: string | readonly string[]
  readonly after?: string | readonly string[]
}

/**
 * Puts plugins in the order in which they take part: `enforce: 'pre'`, those that say nothing, `enforce: 'post'`; within
 * a group as they are listed.
 */
export function orderPlugins<T extends Pick<Plugin, 'enforce'>>(plugins: readonly T[]): readonly T[] {
  return plugins.toSorted((a, b) => rank(a.enforce) - rank(b.enforce))
}

/**
 * Puts the listeners of one hook in order: by the plugin's `enforce`, then by the hook's `order`, then as listed; `before`
 * and `after` overrule all of these, and move as little as they can.
 *
 * @throws StkError STK1009 naming the circle, if there is one.
 */
export function orderListeners<T extends Placed>(hook: string, listeners: readonly T[]): readonly T[] {
  const waiting = listeners.toSorted((a, b) => rank(a.enforce) - rank(b.enforce) || rank(a.order) - rank(b.order))
  const predecessors = predecessorsOf(waiting)
  const ordered: T[] = []
  while (waiting.length > 0) {
    // Always the first that may go: without constraints nothing moves.
    const next = waiting.findIndex(({ plugin }) => !waiting.some((other) => predecessors.get(plugin)?.has(other.plugin)))
    if (next === -1) throw circle(hook, waiting.map(({ plugin }) => plugin), predecessors)
    ordered.push(...waiting.splice(next, 1))
  }
  return ordered
}

type Predecessors = ReadonlyMap<string, ReadonlySet<string>>

/** Who must run before whom. Names without a listener for this hook are left out. */
function predecessorsOf(listeners: readonly Placed[]): Predecessors {
  const predecessors = new Map(listeners.map(({ plugin }) => [plugin, new Set<string>()]))
  for (const { plugin, before, after } of listeners) {
    for (const later of [before ?? []].flat()) predecessors.get(later)?.add(plugin)
    for (const earlier of [after ?? []].flat()) if (predecessors.has(earlier)) predecessors.get(plugin)?.add(earlier)
  }
  return predecessors
}

/** Walks backwards from any stuck listener until a name comes up again: each of them waits for another stuck one. */
function circle(hook: string, stuck: readonly string[], predecessors: Predecessors): StkError {
  const walked: string[] = []
  let at = stuck[0] ?? ''
  while (!walked.includes(at)) {
    walked.push(at)
    at = stuck.find((other) => predecessors.get(at)?.has(other)) ?? ''
  }
  const round = [...walked.slice(walked.indexOf(at)), at].toReversed()
  return new StkError('STK1009', {
    why: `The listeners of "${hook}" wait for each other: ${round.join(' → ')}, where each must run before the next.`,
    fix: `Take one of these \`before\` or \`after\` away from the hook "${hook}".`,
    attribution: { plugin: at, hook },
  })
}

function rank(place: 'pre' | 'post' | undefined): number {
  return place === 'pre' ? 0 : place === 'post' ? 2 : 1
}
