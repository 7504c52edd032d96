import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveProject, type ServedProject } from '../../test/serve.ts'

let links: ServedProject
let ann: string
let bob: string
beforeAll(async () => {
  links = await serveProject('links')
  ;[ann, bob] = await Promise.all([links.token({ sub: 'ann' }), links.token({ sub: 'bob', roles: ['admin'] })])
})
afterAll(() => links?.close())

const create = async (params: Record<string, unknown>, token = ann): Promise<string> =>
  (await links.call('links/create', params, token)).data.slug
const day = (): string => new Date().toISOString().slice(0, 10)

test('a link leads where it was told to, for everybody', async () => {
  const slug = await create({ url: 'https://example.com/a?b=c#d' })
  expect(await links.call('links/resolve', { slug })).toMatchObject({ status: 200, data: { url: 'https://example.com/a?b=c#d' } })
  expect(await links.call('links/resolve', { slug: 'no-such-link' })).toMatchObject({ status: 200, data: null })
})

test('every hit is counted when many come at once', async () => {
  const slug = await create({ url: 'https://example.com/busy' })
  const before = day()
  const answers = await Promise.all(Array.from({ length: 200 }, () => links.call('links/resolve', { slug })))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  const [listed] = (await links.call('links/list', { contains: '/busy' }, ann)).data
  expect(listed).toMatchObject({ slug, hits: 200 })
  const stats = (await links.call('links/stats', { slug }, ann)).data as { day: string; hits: number }[]
  expect(stats.reduce((sum, { hits }) => sum + hits, 0)).toBe(200)
  for (const { day: at } of stats) expect([before, day()]).toContain(at)
})

test('of many who want one slug, one gets it', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) =>
    links.call('links/create', { url: `https://example.com/${n}`, slug: 'wanted' }, n % 2 === 0 ? ann : bob)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
  expect(answers.find(({ status }) => status === 409)?.problem).toMatchObject({ code: 'slug_taken', slug: 'wanted' })
})

test('links made at once all get slugs of their own', async () => {
  const slugs = await Promise.all(Array.from({ length: 50 }, (_, n) => create({ url: `https://example.com/many/${n}` }, bob)))
  expect(new Set(slugs).size).toBe(50)
})

describe('whose link it is', () => {
  test('lists and statistics show the caller\'s own', async () => {
    const slug = await create({ url: 'https://example.com/mine' })
    await links.call('links/resolve', { slug })
    expect((await links.call('links/list', { contains: '/mine' }, ann)).data).toHaveLength(1)
    expect((await links.call('links/list', { contains: '/mine' }, bob)).data).toEqual([])
    expect((await links.call('links/stats', { slug }, ann)).data).toEqual([{ day: expect.any(String), hits: 1 }])
    expect((await links.call('links/stats', { slug }, bob)).data).toEqual([])
  })

  test('only its owner removes a link, and its statistics go with it', async () => {
    const slug = await create({ url: 'https://example.com/gone' })
    await links.call('links/resolve', { slug })
    expect((await links.call('links/remove', { slug }, bob)).data).toBe(0)
    expect((await links.call('links/resolve', { slug })).data).not.toBeNull()
    expect((await links.call('links/remove', { slug }, ann)).data).toBe(1)
    expect((await links.call('links/resolve', { slug })).data).toBeNull()
    // The same slug again begins at nothing.
    expect(await create({ url: 'https://example.com/new', slug })).toBe(slug)
    expect((await links.call('links/stats', { slug }, ann)).data).toEqual([])
  })

  test('making and listing need a token', async () => {
    expect((await links.call('links/create', { url: 'https://example.com' })).status).toBe(401)
    expect((await links.call('links/list')).status).toBe(401)
  })
})

test('what is wrong with a link is said at once', async () => {
  const { status, problem } = await links.call('links/create', { url: 'javascript:alert(1)', slug: 'Not OK!', extra: 1 }, ann)
  expect([status, problem.code]).toEqual([422, 'invalid_params'])
  for (const name of ['url', 'slug']) expect(JSON.stringify(problem)).toContain(`"${name}"`)
})

test('the seed is there: 2 400 links whose hits agree with their days', async () => {
  const token = await links.token({ sub: 'customer-7' })
  const { data } = await links.call('links/list', { limit: 100 }, token)
  expect(data).toHaveLength(60)
  for (const { slug, hits } of data.slice(0, 5)) {
    const stats = (await links.call('links/stats', { slug, days: 366 }, token)).data as { hits: number }[]
    expect(stats.reduce((sum, day) => sum + day.hits, 0)).toBe(hits)
  }
})
