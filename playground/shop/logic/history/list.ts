import { defineLogic } from '@santokit/bridge'
import { z } from 'zod'

/** Two databases, one answer: who looked at what is in `cache`, what it is in `main`. */
export default defineLogic({
  description: 'The products the caller looked at last, the latest first.',
  params: z.object({ limit: z.int().min(1).max(50).default(10) }),
  returns: z.array(z.object({ id: z.int(), name: z.string(), price: z.string(), viewedAt: z.string() })),
  async handler({ params, db, auth }) {
    const views = await db.cache.rows<{ product_id: number; viewed_at: string }>(
      'select product_id, viewed_at from views where user_id = ? order by viewed_at desc limit ?',
      [auth.sub, params.limit],
    )
    const products = await db.main.rows<{ id: number; name: string; price: string }>(
      'select id, name, price from products where id = any($1) and active',
      [views.map((view) => view.product_id)],
    )
    const byId = new Map(products.map((product) => [product.id, product]))
    return views.flatMap((view) => {
      const product = byId.get(view.product_id)
      return product === undefined ? [] : [{ ...product, viewedAt: view.viewed_at }]
    })
  },
})
