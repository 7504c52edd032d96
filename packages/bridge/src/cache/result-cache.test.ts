import { expect, test } from 'vitest'
import { ResultCache } from './result-cache.ts'

function setUp(maxBytes = 100_000) {
  let now = 1000
  let fills = 0
  const cache = new ResultCache({ maxBytes, now: () => now })
  return {
    cache,
    fill: async () => `answer ${++fills}`,
    fills: () => fills,
    pass: (ms: number) => { now += ms },
  }
}

const rules = { ttl: 100, staleWhileRevalidate: 50 }

test('an answer is kept for its time', async () => {
  const { cache, fill, pass } = setUp()
  expect(await cache.get('k', { ttl: 100 }, fill)).toMatchObject({ outcome: 'miss', answer: { body: 'answer 1', madeAt: 1000 } })
  pass(99)
  expect(await cache.get('k', { ttl: 100 }, fill)).toMatchObject({ outcome: 'hit', answer: { body: 'answer 1' } })
  pass(1)
  expect(await cache.get('k', { ttl: 100 }, fill)).toMatchObject({ outcome: 'miss', answer: { body: 'answer 2' } })
})

test('many who ask for a missing answer cause one fill', async () => {
  const { cache, fill, fills } = setUp()
  const answers = await Promise.all(Array.from({ length: 50 }, () => cache.get('k', rules, fill)))
  expect(new Set(answers.map(({ answer }) => answer.body))).toEqual(new Set(['answer 1']))
  expect(fills()).toBe(1)
})

test('in its stale time an answer is given at once and renewed once', async () => {
  const { cache, fill, fills, pass } = setUp()
  await cache.get('k', rules, fill)
  pass(120)
  const stale = await Promise.all([cache.get('k', rules, fill), cache.get('k', rules, fill)])
  expect(stale.map(({ outcome, answer }) => [outcome, answer.body])).toEqual([['stale', 'answer 1'], ['stale', 'answer 1']])
  expect(fills()).toBe(2)
  expect(await cache.get('k', rules, fill)).toMatchObject({ outcome: 'hit', answer: { body: 'answer 2' } })
})

test('a failure is told to those who wait, and not kept', async () => {
  const { cache, fill, pass } = setUp()
  const fail = async (): Promise<string> => { throw new Error('down') }
  await expect(cache.get('k', rules, fail)).rejects.toThrow('down')
  expect(await cache.get('k', rules, fill)).toMatchObject({ outcome: 'miss' })
  pass(120)
  expect(await cache.get('k', rules, fail)).toMatchObject({ outcome: 'stale', answer: { body: 'answer 1' } })
  pass(31)
  await expect(cache.get('k', rules, fail)).rejects.toThrow('down')
})

test('past its bound it forgets what was used least recently', async () => {
  const { cache } = setUp(2000)
  const fill = (key: string) => cache.get(key, rules, async () => 'x'.repeat(200))
  await fill('a'); await fill('b'); await fill('c')
  expect((await fill('a')).outcome).toBe('hit')
  expect((await fill('d')).outcome).toBe('miss')
  expect((await fill('a')).outcome).toBe('hit')
  expect((await fill('b')).outcome).toBe('miss')
})

test('an answer larger than the bound is given and not kept', async () => {
  const { cache } = setUp(1000)
  const fill = () => cache.get('k', rules, async () => 'x'.repeat(2000))
  expect((await fill()).outcome).toBe('miss')
  expect((await fill()).outcome).toBe('miss')
})
