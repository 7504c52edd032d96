import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isStkError } from '../diagnostics/index.ts'
import type { Plugin } from './contract.ts'
import { orderListeners, orderPlugins, type Placed } from './order.ts'

const namesOf = (listeners: readonly Placed[]): string[] => orderListeners('bundle:done', listeners).map(({ plugin }) => plugin)

test('plugins go by enforce, and stay as listed within a group', () => {
  const plugins: readonly Plugin[] = [{ name: 'a', enforce: 'post' }, { name: 'b' }, { name: 'c', enforce: 'pre' }, { name: 'd' }, { name: 'e', enforce: 'pre' }]
  expect(orderPlugins(plugins).map(({ name }) => name)).toEqual(['c', 'e', 'b', 'd', 'a'])
})

test('listeners go by enforce, then by order', () => {
  expect(namesOf([
    { plugin: 'none-post', order: 'post' },
    { plugin: 'post-pre', enforce: 'post', order: 'pre' },
    { plugin: 'none' },
    { plugin: 'pre-post', enforce: 'pre', order: 'post' },
    { plugin: 'none-pre', order: 'pre' },
  ])).toEqual(['pre-post', 'none-pre', 'none', 'none-post', 'post-pre'])
})

test('before and after overrule everything else, and move only what they must', () => {
  expect(namesOf([{ plugin: 'a' }, { plugin: 'b' }, { plugin: 'c', before: 'a' }, { plugin: 'd' }])).toEqual(['b', 'c', 'a', 'd'])
  expect(namesOf([{ plugin: 'a', after: ['d', 'c'] }, { plugin: 'b' }, { plugin: 'c' }, { plugin: 'd' }])).toEqual(['b', 'c', 'd', 'a'])
  expect(namesOf([{ plugin: 'late', enforce: 'post', before: 'early' }, { plugin: 'early', enforce: 'pre' }])).toEqual(['late', 'early'])
})

test('names that have no listener are ignored', () => {
  expect(namesOf([{ plugin: 'a', after: 'nobody' }, { plugin: 'b', before: 'nobody' }])).toEqual(['a', 'b'])
})

test('a circle is named', () => {
  const circle = (): unknown => orderListeners('release:done', [
    { plugin: 'free' }, { plugin: 'waits', after: 'a' }, { plugin: 'a', after: 'c' }, { plugin: 'b', after: 'a' }, { plugin: 'c', after: 'b' },
  ])
  expect(circle).toThrow(expect.objectContaining({
    code: 'STK1009',
    exitCode: 2,
    details: expect.objectContaining({
      why: 'The listeners of "release:done" wait for each other: a → b → c → a, where each must run before the next.',
      attribution: { plugin: 'a', hook: 'release:done' },
    }) as unknown,
  }))
  expect(() => orderListeners('error', [{ plugin: 'self', before: 'self' }])).toThrow(/self → self/)
})

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const some = fc.option(fc.subarray(names, { maxLength: 2 }), { nil: undefined })
const place = fc.constantFrom('pre' as const, 'post' as const, undefined)
const listeners = fc.subarray(names).chain((plugins) =>
  fc.tuple(...plugins.map((plugin) => fc.record({ plugin: fc.constant(plugin), enforce: place, order: place, before: some, after: some }))))

test('the order keeps every constraint, or a circle of constraints is reported', () => {
  fc.assert(fc.property(listeners, (given: readonly Placed[]) => {
    const has = new Set(given.map(({ plugin }) => plugin))
    const pairs = given.flatMap(({ plugin, before = [], after = [] }) => [
      ...[before].flat().map((later) => [plugin, later] as const),
      ...[after].flat().map((earlier) => [earlier, plugin] as const),
    ]).filter((pair) => pair.every((name) => has.has(name)))
    try {
      const ordered = namesOf(given)
      expect(ordered.toSorted()).toEqual([...has].toSorted())
      for (const [earlier, later] of pairs) expect(ordered.indexOf(earlier)).toBeLessThan(ordered.indexOf(later))
    } catch (error) {
      if (!isStkError(error)) throw error
      const round = /: (.*),/.exec(error.details.why)?.[1]?.split(' → ') ?? []
      expect(round.length).toBeGreaterThan(1)
      expect(round.at(0)).toBe(round.at(-1))
      for (const [index, earlier] of round.slice(0, -1).entries()) expect(pairs).toContainEqual([earlier, round[index + 1]])
    }
  }), { numRuns: 500 })
})

test('without constraints nothing moves within its place', () => {
  const free = fc.subarray(names).chain((plugins) => fc.tuple(...plugins.map((plugin) => fc.record({ plugin: fc.constant(plugin), enforce: place, order: place }))))
  const rank = (value: string | undefined): number => ['pre', undefined, 'post'].indexOf(value)
  fc.assert(fc.property(free, (given: readonly Placed[]) => {
    expect(orderListeners('error', given)).toEqual(given.toSorted((a, b) => rank(a.enforce) - rank(b.enforce) || rank(a.order) - rank(b.order)))
  }))
})
