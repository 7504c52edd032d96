import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secret } from '../secrets/secret-ref.ts'
import { mergeLayers } from './merge.ts'

test('objects merge, lists and scalars replace, the first layer wins', () => {
  expect(mergeLayers([{ a: { x: 1 }, list: [1] }, { a: { x: 2, y: 2 }, list: [2, 3] }, { a: { z: 3 }, b: 'b' }])).toEqual({
    a: { x: 1, y: 2, z: 3 }, list: [1], b: 'b',
  })
})

test('a reference to a secret replaces another whole', () => {
  const layers = [{ url: secret('NEW') }, { url: secret('OLD', { optional: true }) }]
  expect(mergeLayers(layers)).toEqual({ url: { secret: 'NEW' } })
})

test('class instances and functions are kept as they are', () => {
  const date = new Date()
  const work = (): void => {}
  const merged = mergeLayers([{ date, work }, { date: { x: 1 }, work: { y: 1 } }])
  expect(merged.date).toBe(date)
  expect(merged.work).toBe(work)
})

test('no layer is changed, and nothing reaches Object.prototype', () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}') as Record<string, unknown>
  const weak = Object.freeze({ a: Object.freeze({ b: 1 }) })
  mergeLayers([hostile, weak])
  mergeLayers([weak, hostile])
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test('merging in one go or in steps is the same', () => {
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.array(fc.integer(), { maxLength: 2 }), fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'))),
  })).node
  const layer = fc.dictionary(fc.constantFrom('a', 'b', 'c'), tree)
  fc.assert(fc.property(layer, layer, layer, (a, b, c) => {
    expect(mergeLayers([a, b, c])).toEqual(mergeLayers([a, mergeLayers([b, c])]))
  }))
})
