import { expect, test } from 'vitest'
import { MAX_ATTEMPTS, randomSlug, takeFreeSlug } from '../lib/slug.ts'

test('slugs are short, without characters that look alike, and differ', () => {
  const slugs = Array.from({ length: 1000 }, () => randomSlug())
  for (const slug of slugs) expect(slug).toMatch(/^[a-hj-km-np-z2-9]{7}$/)
  expect(new Set(slugs).size).toBe(1000)
})

test('a slug that is taken is drawn again', async () => {
  const drawn = ['one', 'two', 'three']
  const tried: string[] = []
  const slug = await takeFreeSlug(async (candidate) => tried.push(candidate) === 3, () => drawn[tried.length] ?? '')
  expect([slug, tried]).toEqual(['three', ['one', 'two', 'three']])
})

test('there is an end to it', async () => {
  let attempts = 0
  expect(await takeFreeSlug(async () => (attempts += 1) < 0)).toBeUndefined()
  expect(attempts).toBe(MAX_ATTEMPTS)
})
