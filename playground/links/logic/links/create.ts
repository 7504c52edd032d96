import { defineLogic, LogicError } from '@santokit/bridge'
import { z } from 'zod'
import { MAX_ATTEMPTS, takeFreeSlug } from '../../lib/slug.ts'

export default defineLogic({
  description: 'Shortens a URL, under a slug of the caller\'s choice or a random one.',
  params: z.object({
    url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).max(2000),
    slug: z.string().regex(/^[a-z0-9-]{3,40}$/, 'must be 3 to 40 of a-z, 0-9 and -').optional(),
  }),
  returns: z.object({ slug: z.string(), url: z.string() }),
  async handler({ params: { url, slug }, db, auth }) {
    const take = async (wanted: string): Promise<boolean> =>
      (await db.main.exec('insert into links (slug, url, owner) values (?, ?, ?) on conflict do nothing', [wanted, url, auth.sub])) === 1

    if (slug !== undefined) {
      if (!(await take(slug))) throw new LogicError(409, 'slug_taken', `"${slug}" is taken.`, { slug })
      return { slug, url }
    }
    const free = await takeFreeSlug(take)
    if (free === undefined) throw new Error(`No free slug in ${MAX_ATTEMPTS} attempts: it is time for longer ones.`)
    return { slug: free, url }
  },
})
